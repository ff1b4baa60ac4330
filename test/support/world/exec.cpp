// Short commands inside running containers: pg_isready, and psql for the few statements of a run.
#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "support/world/cluster.hpp"
#include "support/world/programs.hpp"

namespace pgupgrade::test {
namespace {

constexpr const char* kStarting = "FATAL:  the database system is starting up\n";

std::string option(const std::vector<std::string>& argv, const std::string& name) {
  for (const std::string& argument : argv) {
    if (argument.starts_with(name + "=")) return argument.substr(name.size() + 1);
  }
  return {};
}

int version_num(const SimulatedImage& image) {
  return image.major * 10000 + std::stoi(image.version.substr(image.version.find('.') + 1));
}

docker::ExecResult answer(const std::string& row) {
  return {.exit_code = 0, .standard_output = row + "\npgupgrade: end of the answer\n", .standard_error = {}};
}

docker::ExecResult is_ready(SimulatedEngine& engine, const SimulatedContainer& container,
                            const std::vector<std::string>& argv) {
  const bool elsewhere = !engine.server_host.empty() && argv.back() != "--host=" + engine.server_host;
  if (!container.server || elsewhere)
    return {.exit_code = 2, .standard_output = {}, .standard_error = "no response"};
  if (engine.recovers(container)) return {.exit_code = 1, .standard_output = {}, .standard_error = kStarting};
  return {};
}

docker::ExecResult run_psql(SimulatedEngine& engine, SimulatedContainer& container,
                            const std::vector<std::string>& argv) {
  if (!container.server) return {.exit_code = 2, .standard_output = {}, .standard_error = "no response"};
  if (engine.recovers(container)) return {.exit_code = 2, .standard_output = {}, .standard_error = kStarting};
  const auto place = engine.resolve(container, container.server->data);
  const auto cluster = read_cluster(*place.tree, place.path);
  const std::string role = option(argv, "--username");
  const std::string sql = option(argv, "--command");
  if (!cluster || !cluster->roles.contains(role)) {
    return {.exit_code = 2, .standard_output = {}, .standard_error = "FATAL:  role does not exist\n"};
  }
  if (sql.find("server_version_num") != std::string::npos) {
    return answer(fmt::format("{} {}", version_num(engine.image_of(container)), container.server->data));
  }
  if (sql.find("WHERE oid = 10") != std::string::npos) return answer(cluster->superuser);
  if (sql.find("is_superuser") != std::string::npos) return answer(role == cluster->superuser ? "on" : "off");
  return {.exit_code = 1, .standard_output = {}, .standard_error = "ERROR:  not simulated: " + sql + "\n"};
}

}  // namespace

docker::ExecResult SimulatedEngine::exec(const std::string& name, const std::vector<std::string>& argv,
                                         const std::string&) {
  SimulatedContainer& container = at(name);
  settle(container);
  if (!container.info.running())
    throw Error(ErrorKind::failed, "E-ENGINE-CONFLICT", name + " is not running");
  if (argv.front() == "pg_isready") return is_ready(*this, container, argv);
  if (argv.size() > 2 && argv[2].find("exec psql") != std::string::npos)
    return run_psql(*this, container, argv);
  if (argv.size() > 2 && argv[2].find("postmaster.pid") != std::string::npos) {
    if (!container.server) return {.exit_code = 1, .standard_output = {}, .standard_error = {}};
    container.stopping = true;
    container.ends_at = clock_.monotonic() + std::chrono::milliseconds(1);
    return {};
  }
  const Outcome outcome = run_program(*this, container, argv);
  return {.exit_code = outcome.exit_code.value_or(0),
          .standard_output = outcome.out,
          .standard_error = outcome.err};
}

}  // namespace pgupgrade::test
