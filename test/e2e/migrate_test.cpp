// Databases copied from one server to another: over TLS, as a role that is no superuser, killed anywhere.
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <sstream>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/base/unique_fd.hpp"
#include "support/catch.hpp"
#include "support/paths.hpp"
#include "support/project.hpp"
#include "support/temporary_directory.hpp"

namespace pgupgrade::test {
namespace {

constexpr const char* kSuperPassword = "super-s3cret";
constexpr const char* kPassword = "app:s3\\cret";

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

// A certificate for localhost, and the authority that has signed it.
class Certificates {
 public:
  Certificates() {
    std::filesystem::permissions(directory_.path(), std::filesystem::perms::all);
    const ProcessOptions here{.working_directory = directory_.path()};
    const auto openssl = [&](Words words) {
      words.insert(words.begin(), "openssl");
      must_run(words, here);
    };
    openssl({"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test", "-keyout",
             "ca.key", "-out", "ca.crt"});
    openssl({"req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "server.key",
             "-out", "server.csr"});
    directory_.write("names", "subjectAltName=DNS:localhost");
    openssl({"x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
             "-days", "2", "-extfile", "names", "-out", "server.crt"});
    openssl({"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=other", "-keyout",
             "other.key", "-out", "other.crt"});
    constexpr int kPostgres = 999;  // of the images
    if (::chown((directory_ / "server.key").c_str(), kPostgres, kPostgres) != 0)
      throw std::runtime_error("could not give the key to the server");
  }
  const std::filesystem::path& directory() const { return directory_.path(); }
  std::string authority() const { return (directory_ / "ca.crt").native(); }
  std::string other_authority() const { return (directory_ / "other.crt").native(); }

 private:
  TemporaryDirectory directory_;
};

// A server on a port of this machine that lets nobody in without TLS and a password.
class NetworkServer {
 public:
  NetworkServer(int major, const Certificates& certificates)
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
  ~NetworkServer() {
    try {
      run_process({"docker", "rm", "--force", "--volumes", name_}, {});
    } catch (const std::exception&) {
      // There is nobody left to tell.
    }
  }
  NetworkServer(const NetworkServer&) = delete;
  NetworkServer& operator=(const NetworkServer&) = delete;

  int port() const { return port_; }
  // As the superuser, in the container.
  std::string sql(const std::string& database, const std::string& text,
                  const std::string& role = "postgres") const {
    return std::string(
        trim(must_run({"docker", "exec", name_, "psql", "--no-psqlrc", "--quiet", "--no-align",
                       "--tuples-only", "--set=ON_ERROR_STOP=1", "--port", std::to_string(port_),
                       "--username=" + role, "--dbname=" + database, "--command=" + text})));
  }
  // All that a refused or interrupted migration might have changed.
  std::string databases() const {
    return sql("postgres",
               "SELECT string_agg(datname || coalesce(' ' || shobj_description(oid, 'pg_database'), ''), ', "
               "' ORDER BY "
               "datname COLLATE \"C\") FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'");
  }

 private:
  std::string name_;
  int port_;
};

// Two servers, a directory with the passwords of both, and pgupgrade run in it.
class Pair {
 public:
  Pair(int source, int target)
      : source_(source, certificates_), target_(target, certificates_), major_(target) {
    std::string line;
    for (const char* c = kPassword; *c != '\0'; ++c) {
      if (*c == ':' || *c == '\\') line += '\\';
      line += *c;
    }
    passwords_ = "localhost:*:*:app:" + line + "\n";
    write_passwords(passwords_);
  }
  const std::string& passwords() const { return passwords_; }

  const NetworkServer& source() const { return source_; }
  const NetworkServer& target() const { return target_; }
  const Certificates& certificates() const { return certificates_; }
  std::filesystem::path directory() const { return directory_.path(); }

  void write_passwords(const std::string& text) const {
    std::filesystem::permissions(directory_.write("passfile", text),
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  std::string uri(const NetworkServer& server, const std::string& database) const {
    return fmt::format("postgres://app@localhost:{}/{}?sslmode=verify-full&sslrootcert={}", server.port(),
                       database, certificates_.authority());
  }
  Words migrate(const Words& more) const {
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
  ProcessResult run(Words words, Variables variables = {}) const {
    words.insert(words.begin(), program().native());
    variables["PGPASSFILE"] = (directory_ / "passfile").native();
    return run_process(words, {.working_directory = directory_.path(),
                               .extra_environment = std::move(variables),
                               .timeout = std::chrono::minutes(5)});
  }
  void must(const Words& words, const Variables& variables = {}) const {
    const ProcessResult result = run(words, variables);
    INFO(join(words, " ") << ": " << output_of(result));
    REQUIRE(result.exit_code == 0);
    REQUIRE(result.signal_number == 0);
  }
  // Containers of its runs that are on the engine.
  std::string containers() const {
    std::string found;
    std::error_code ignored;
    for (const auto& run : std::filesystem::directory_iterator(directory_ / ".pgupgrade", ignored))
      found += must_run({"docker", "ps", "--all", "--quiet", "--filter",
                         "label=pgupgrade.run=" + run.path().filename().native()});
    return found;
  }
  void forget_runs() const { std::filesystem::remove_all(directory_ / ".pgupgrade"); }

 private:
  Certificates certificates_;
  NetworkServer source_;
  NetworkServer target_;
  int major_;
  std::string passwords_;
  TemporaryDirectory directory_;
};

// What a role without any right beside its own database can have made.
constexpr const char* kShop =
    "CREATE SCHEMA sales; CREATE TYPE sales.state AS ENUM ('new', 'paid'); "
    "CREATE TABLE sales.orders (id bigserial PRIMARY KEY, state sales.state DEFAULT 'new', amount "
    "numeric(10,2), note "
    "text, \"At\" timestamptz DEFAULT now()); "
    "INSERT INTO sales.orders (state, amount, note) SELECT CASE WHEN i % 3 = 0 THEN 'paid' ELSE 'new' "
    "END::sales.state, "
    "i * 1.1, repeat(md5(i::text), 3) FROM generate_series(1, 20000) i; "
    "CREATE TABLE items (order_id bigint REFERENCES sales.orders, n int, price money, PRIMARY KEY (order_id, "
    "n)); "
    "INSERT INTO items SELECT id, 1, amount::text::money FROM sales.orders; "
    "CREATE VIEW by_state AS SELECT state, count(*) FROM sales.orders GROUP BY 1; "
    "CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS c FROM items; "
    "CREATE TABLE parts (id int, k text) PARTITION BY LIST (k); CREATE TABLE parts_a PARTITION OF parts FOR "
    "VALUES IN "
    "('a'); INSERT INTO parts SELECT i, 'a' FROM generate_series(1, 100) i; CREATE INDEX ON parts (id); "
    "CREATE TABLE \"odd \"\"name\" (id int GENERATED ALWAYS AS IDENTITY, twice int GENERATED ALWAYS AS (2 * "
    "2) STORED); "
    "INSERT INTO \"odd \"\"name\" DEFAULT VALUES; "
    "CREATE FUNCTION total() RETURNS numeric LANGUAGE sql STABLE AS 'SELECT sum(amount) FROM sales.orders'; "
    "SELECT lo_from_bytea(0, '\\x0102030000')";

void make_databases(const NetworkServer& source) {
  for (const char* name : {"blog", "shop", "\"W:ei'rd\""})
    source.sql("postgres", fmt::format("CREATE DATABASE {} OWNER app", name));
  source.sql("postgres", "COMMENT ON DATABASE shop IS 'the shop'");
  source.sql("postgres", "ALTER DATABASE shop SET search_path = sales, public");
  source.sql("shop", "CREATE EXTENSION pg_trgm; COMMENT ON EXTENSION pg_trgm IS 'ours'");
  source.sql("shop", kShop, "app");
  source.sql("blog", "CREATE TABLE posts (id int PRIMARY KEY); INSERT INTO posts VALUES (1), (2)", "app");
  source.sql("W:ei'rd", "CREATE TABLE t (a int); INSERT INTO t VALUES (7)", "app");
}

// No file that a run has left may hold a password.
std::string files_with_secrets(const std::filesystem::path& directory) {
  std::string found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory))
    if (entry.is_regular_file() && read_file(entry.path()).find("s3\\cret") != std::string::npos &&
        entry.path().filename() != "passfile")
      found += entry.path().native() + " ";
  return found;
}

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  return split_lines(read_file(file));
}

}  // namespace

TEST_CASE(
    "databases go from 13 to 17 over TLS as a role that is no superuser, killed between two and resumed") {
  const Pair pair(13, 17);
  make_databases(pair.source());
  const Words command = pair.migrate({"--database", "shop", "blog", "W:ei'rd"});
  const ProcessResult killed = pair.run(command, {{"PGUPGRADE_KILL_AT", "copy-3:started"}});
  INFO(output_of(killed));
  REQUIRE(killed.signal_number == SIGKILL);
  CHECK(pair.target().sql("blog", "SELECT count(*) FROM posts", "app") == "2");
  const ProcessResult status = pair.run({"status"});
  INFO(output_of(status));
  CHECK(status.standard_output.find("not finished") != std::string::npos);

  pair.must({"resume"});
  CHECK(pair.target().databases() == "W:ei'rd, blog, shop the shop");
  CHECK(pair.target().sql("shop", "SELECT total()", "app") ==
        pair.source().sql("shop", "SELECT sales.total()", "app"));
  CHECK(pair.target().sql("postgres",
                          "SELECT string_agg(DISTINCT pg_get_userbyid(datdba), ',') FROM pg_database WHERE "
                          "datname IN ('shop', 'blog')") == "app");
  CHECK(pair.target().sql("W:ei'rd", "SELECT a FROM t", "app") == "7");
  CHECK(files_with_secrets(pair.directory()).empty());
  CHECK(pair.containers().empty());
  pair.must({"resume"});  // says the same again

  const Words compare = {"compare", pair.uri(pair.source(), "shop"), pair.uri(pair.target(), "shop")};
  // From 15 on the schema public is somebody else's from the beginning, and nothing else differs.
  const ProcessResult same = pair.run(compare);
  INFO(output_of(same));
  CHECK(same.exit_code == 6);
  for (const std::string& line : split_lines(same.standard_output))
    CHECK_THAT(line, ContainsSubstring("schema public: "));
  pair.target().sql("shop", "UPDATE sales.orders SET note = note || ' ' WHERE id = 77", "app");
  const ProcessResult changed = pair.run(compare);
  INFO(output_of(changed));
  CHECK(changed.exit_code == 6);
  CHECK(changed.standard_output.find("sales.orders has 20000 rows as expected, but other contents") !=
        std::string::npos);
  CHECK(pair.run({"rollback"}).exit_code == 3);
  pair.must({"rollback", "--discard-new-writes"});
  CHECK(pair.target().databases().empty());
}

// Longer than a test may be: scripts/campaign migrate runs it.
TEST_CASE("a migration survives its death at every place", "[.migrate]") {
  const Pair pair(13, 17);
  make_databases(pair.source());
  const Words command = pair.migrate({"--database", "blog"});
  const std::filesystem::path places = pair.directory() / "places";
  pair.must(command, {{"PGUPGRADE_PLACES", places.native()}});
  const std::vector<std::string> names = lines_of(places);
  REQUIRE(names.size() >= 8);
  for (const std::string& place : names) {
    INFO(place);
    pair.target().sql("postgres", "DROP DATABASE blog");
    pair.forget_runs();
    REQUIRE(pair.run(command, {{"PGUPGRADE_KILL_AT", place}}).signal_number == SIGKILL);
    pair.must({"resume"});
    CHECK(pair.target().sql("blog", "SELECT count(*) FROM posts", "app") == "2");
    CHECK(pair.target().databases() == "blog");
    CHECK(pair.containers().empty());
  }
}

TEST_CASE("what speaks against a migration is told and nothing is touched") {
  const Pair pair(15, 17);
  pair.source().sql("postgres", "CREATE DATABASE shop OWNER app");
  pair.source().sql("shop", "CREATE TABLE t (a int)", "app");
  pair.target().sql("postgres", "CREATE DATABASE taken OWNER app");
  pair.target().sql("taken", "CREATE VIEW v AS SELECT 1 AS one", "app");
  const std::string before = pair.source().databases() + " | " + pair.target().databases();
  const auto refused = [&](const Words& words, int exit_code, const std::string& code) {
    const ProcessResult result = pair.run(words);
    INFO(join(words, " ") << ": " << output_of(result));
    CHECK(result.exit_code == exit_code);
    CHECK(result.standard_error.find("error[" + code + "]") != std::string::npos);
    CHECK(result.standard_error.find("s3") == std::string::npos);
    CHECK(pair.source().databases() + " | " + pair.target().databases() == before);
    CHECK_FALSE(std::filesystem::exists(pair.directory() / ".pgupgrade"));
  };
  const auto instead = [&](const std::string& option, const std::string& value, const Words& more) {
    Words words = pair.migrate(more);
    *(std::find(words.begin(), words.end(), option) + 1) = value;
    return words;
  };
  const std::string source = pair.uri(pair.source(), "shop");
  refused(pair.migrate({"--database", "nowhere"}), 2, "E-UNKNOWN-DATABASE");
  refused(instead("--from", pair.uri(pair.source(), "nowhere"), {}), 2, "E-UNKNOWN-DATABASE");
  refused(pair.migrate({"--database", "shop", "--into", "taken"}), 3, "E-TARGET-NOT-EMPTY");
  refused(instead("--target", fmt::format("postgres://app@localhost:{}/postgres", free_port()),
                  {"--database", "shop"}),
          3, "E-UNREACHABLE");
  std::string untrusted = source;
  untrusted.replace(untrusted.find(pair.certificates().authority()), pair.certificates().authority().size(),
                    pair.certificates().other_authority());
  refused(instead("--from", untrusted, {}), 3, "E-TLS");
  refused(instead("--from", "postgres://app:s3cret@localhost/shop", {}), 2, "E-CONNECTION");
  const std::string nobody = fmt::format("postgres://nobody@localhost:{}/shop", pair.source().port());
  refused(instead("--from", nobody, {}), 3, "E-PASSWORD-MISSING");
  pair.source().sql("postgres", "CREATE ROLE nobody LOGIN PASSWORD 'x'");
  pair.write_passwords(pair.passwords() + "localhost:*:*:nobody:wrong\n");
  refused(instead("--from", nobody, {}), 3, "E-AUTH");
  pair.write_passwords(pair.passwords() + "localhost:*:*:nobody:x\n");
  refused(instead("--from", nobody, {}), 3, "E-NO-READ");
  refused(instead("--image", "pgupgrade-fixture/postgres:13", {"--database", "shop"}), 3,
          "E-CLIENT-PROGRAMS");
  pair.target().sql("postgres", "ALTER ROLE app CONNECTION LIMIT 3");
  refused(pair.migrate({"--database", "shop"}), 3, "E-CONNECTIONS");
  pair.target().sql("postgres", "ALTER ROLE app CONNECTION LIMIT -1 NOCREATEDB");
  refused(pair.migrate({"--database", "shop"}), 3, "E-NO-CREATE");
  pair.target().sql("postgres", "ALTER ROLE app CREATEDB");
  pair.source().sql("postgres", "CREATE ROLE boss");
  pair.source().sql(
      "shop", "CREATE TABLE other (a int); GRANT SELECT ON other TO app; ALTER TABLE other OWNER TO boss");
  refused(pair.migrate({"--database", "shop"}), 3, "E-ROLE-MISSING");
}

TEST_CASE("dump files of each format, another name, and roles that are carried over or left out") {
  const Pair pair(15, 17);
  const NetworkServer& source = pair.source();
  source.sql("postgres", "CREATE DATABASE shop OWNER app");
  source.sql("postgres", "CREATE ROLE boss LOGIN PASSWORD 'boss-s3cret'");
  source.sql("postgres", "CREATE ROLE reader");
  source.sql("postgres", "GRANT reader TO boss");
  source.sql("shop", kShop, "app");
  source.sql(
      "shop",
      "CREATE TABLE bosses (a int); INSERT INTO bosses VALUES (1); ALTER TABLE bosses OWNER TO boss; GRANT "
      "SELECT ON bosses TO app, reader");
  for (const std::string form : {"custom", "directory", "tar"}) {
    INFO(form);
    pair.must(pair.migrate({"--database", "shop", "--into", "shop_" + form, "--format", form, "--no-owner"}));
    CHECK(pair.target().sql("shop_" + form, "SELECT count(*) FROM sales.orders", "app") == "20000");
    CHECK(pair.target().sql("shop_" + form, "SELECT tableowner FROM pg_tables WHERE tablename = 'bosses'") ==
          "app");
  }
  CHECK(pair.target().databases() == "shop_custom, shop_directory, shop_tar");

  // Between superusers with everything.
  Words all = pair.migrate({"--all", "--roles"});
  for (std::string& word : all) {
    const std::size_t at = word.find("//app@");
    if (at != std::string::npos) word.replace(at, 6, "//postgres@");
  }
  pair.write_passwords(fmt::format("localhost:*:*:postgres:{}\n", kSuperPassword));
  const ProcessResult whole = pair.run(all);
  INFO(output_of(whole));
  // The target's own database "postgres" is there and empty, as the source's is.
  REQUIRE(whole.exit_code == 0);
  CHECK(pair.target().sql("shop", "SELECT tableowner FROM pg_tables WHERE tablename = 'bosses'") == "boss");
  CHECK(pair.target().sql("postgres", "SELECT rolpassword FROM pg_authid WHERE rolname = 'boss'") ==
        source.sql("postgres", "SELECT rolpassword FROM pg_authid WHERE rolname = 'boss'"));
  CHECK(pair.target().sql("postgres", "SELECT pg_has_role('boss', 'reader', 'MEMBER')") == "t");
}

}  // namespace pgupgrade::test
