#include "support/server_pair.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/base/unique_fd.hpp"
#include "support/paths.hpp"

namespace pgupgrade::test {
namespace {

constexpr const char* kPassword = "app:s3\\cret";

}  // namespace

int free_port() {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  socklen_t length = sizeof(address);
  if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0)
    throw std::runtime_error("could not find a free port");
  return ntohs(address.sin_port);
}

Certificates::Certificates() {
  std::filesystem::permissions(directory_.path(), std::filesystem::perms::all);
  const ProcessOptions here{.working_directory = directory_.path()};
  const auto openssl = [&](Words words) {
    words.insert(words.begin(), "openssl");
    must_run(words, here);
  };
  openssl({"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test", "-keyout",
           "ca.key", "-out", "ca.crt"});
  openssl({"req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "server.key", "-out",
           "server.csr"});
  directory_.write("names", "subjectAltName=DNS:localhost");
  openssl({"x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
           "-days", "2", "-extfile", "names", "-out", "server.crt"});
  openssl({"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=other", "-keyout",
           "other.key", "-out", "other.crt"});
  constexpr int kPostgres = 999;  // of the images
  if (::chown((directory_ / "server.key").c_str(), kPostgres, kPostgres) != 0)
    throw std::runtime_error("could not give the key to the server");
}

NetworkServer::NetworkServer(int major, const Certificates& certificates)
    : name_(fmt::format("e2e-migrate-{}-{}-{}", major, ::getpid(), free_port())), port_(free_port()) {
  must_run({"docker",
            "run",
            "--detach",
            "--name",
            name_,
            "--network",
            "host",
            "--volume",
            certificates.directory().native() + ":/tls:ro",
            "--env",
            std::string("POSTGRES_PASSWORD=") + kSuperPassword,
            "--env",
            "POSTGRES_INITDB_ARGS=--auth-host=scram-sha-256",
            fmt::format("pgupgrade-fixture/postgres:{}", major),
            "-c",
            fmt::format("port={}", port_),
            "-c",
            "fsync=off",
            "-c",
            "ssl=on",
            "-c",
            "ssl_cert_file=/tls/server.crt",
            "-c",
            "ssl_key_file=/tls/server.key"});
  wait_until("the server in " + name_, [&] {
    const auto log = run_process({"docker", "logs", name_}, {});
    return (log.standard_output + log.standard_error).find("init process complete") != std::string::npos &&
           run_process({"docker", "exec", name_, "pg_isready", "-q", "-p", std::to_string(port_)}, {})
               .succeeded();
  });
  sql("postgres", "CREATE ROLE app LOGIN CREATEDB PASSWORD 'app:s3\\cret'");
}

NetworkServer::~NetworkServer() {
  try {
    run_process({"docker", "rm", "--force", "--volumes", name_}, {});
  } catch (const std::exception&) {
    // There is nobody left to tell.
  }
}

std::string NetworkServer::sql(const std::string& database, const std::string& text,
                               const std::string& role) const {
  return std::string(trim(must_run({"docker", "exec", name_, "psql", "--no-psqlrc", "--quiet", "--no-align",
                                    "--tuples-only", "--set=ON_ERROR_STOP=1", "--port", std::to_string(port_),
                                    "--username=" + role, "--dbname=" + database, "--command=" + text})));
}

std::string NetworkServer::databases() const {
  return sql("postgres",
             "SELECT string_agg(datname || coalesce(' ' || shobj_description(oid, 'pg_database'), ''), ', "
             "' ORDER BY "
             "datname COLLATE \"C\") FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'");
}

ServerPair::ServerPair(int source, int target)
    : source_(source, certificates_), target_(target, certificates_), major_(target) {
  std::string line;
  for (const char* c = kPassword; *c != '\0'; ++c) {
    if (*c == ':' || *c == '\\') line += '\\';
    line += *c;
  }
  passwords_ = "localhost:*:*:app:" + line + "\n";
  write_passwords(passwords_);
}

void ServerPair::write_passwords(const std::string& text) const {
  std::filesystem::permissions(directory_.write("passfile", text),
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

std::string ServerPair::uri(const NetworkServer& server, const std::string& database) const {
  return fmt::format("postgres://app@localhost:{}/{}?sslmode=verify-full&sslrootcert={}", server.port(),
                     database, certificates_.authority());
}

Words ServerPair::migrate(const Words& more) const {
  Words words = {"migrate",
                 "--from",
                 uri(source_, "postgres"),
                 "--target",
                 uri(target_, "postgres"),
                 "--image",
                 fmt::format("pgupgrade-fixture/postgres:{}", major_),
                 "--yes",
                 "--jobs",
                 "2"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

ProcessResult ServerPair::run(Words words, Variables variables) const {
  words.insert(words.begin(), program().native());
  variables["PGPASSFILE"] = (directory_ / "passfile").native();
  return run_process(words, {.working_directory = directory_.path(),
                             .extra_environment = std::move(variables),
                             .timeout = std::chrono::minutes(5)});
}

void ServerPair::must(const Words& words, const Variables& variables) const {
  const ProcessResult result = run(words, variables);
  if (result.succeeded()) return;
  throw std::runtime_error(join(words, " ") + ": " + output_of(result));
}

std::string ServerPair::containers() const {
  std::string found;
  std::error_code ignored;
  for (const auto& run : std::filesystem::directory_iterator(directory_ / ".pgupgrade", ignored))
    found += must_run({"docker", "ps", "--all", "--quiet", "--filter",
                       "label=pgupgrade.run=" + run.path().filename().native()});
  return found;
}

}  // namespace pgupgrade::test
