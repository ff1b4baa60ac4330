#include "support/fixture_server.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "support/project.hpp"

namespace pgupgrade::test {
namespace {

const Cancellation& never() {
  static const Cancellation kNever;
  return kNever;
}

void let_all_in(const std::filesystem::path& directory) {
  std::filesystem::permissions(directory, std::filesystem::perms::all);
}

}  // namespace

FixtureServer::FixtureServer(int major) : container_(fmt::format("e2e-catalog-{}-{}", major, ::getpid())) {
  let_all_in(socket_.path());
  must_run({"docker", "run", "--detach", "--name", container_, "--network", "none", "--volume",
            socket_.path().native() + ":/var/run/postgresql", "--env", "POSTGRES_HOST_AUTH_METHOD=trust",
            fmt::format("pgupgrade-fixture/postgres:{}", major), "-c", "fsync=off", "-c",
            "max_locks_per_transaction=512"});
  // The image's first server, which makes the database, accepts no connections but the script's own.
  wait_until("the server in " + container_, [&] {
    const auto log = run_process({"docker", "logs", container_}, {});
    const std::string all = log.standard_output + log.standard_error;
    return all.find("init process complete") != std::string::npos;
  });
  postgres::connect_with_patience(endpoint(), {"postgres"}, never(), std::chrono::seconds(60), {});
}

FixtureServer::~FixtureServer() {
  try {
    run_process({"docker", "rm", "--force", "--volumes", container_}, {});
  } catch (const std::exception&) {
    // There is nobody left to tell.
  }
}

std::unique_ptr<postgres::Session> FixtureServer::session(const std::string& database) const {
  return std::make_unique<postgres::Session>(endpoint(), database, never());
}

void FixtureServer::script(const std::string& database, const std::string& text) const {
  socket_.write("script.sql", text);
  must_run({"docker", "exec", container_, "psql", "--no-psqlrc", "--quiet", "--output=/dev/null",
            "--set=ON_ERROR_STOP=1", "--username=postgres", "--dbname=" + database,
            "--file=/var/run/postgresql/script.sql"});
}

postgres::AskSql ask_in(postgres::Session& session) {
  return [&session](const std::string& sql) { return session.column(sql, "read the catalogs"); };
}

}  // namespace pgupgrade::test
