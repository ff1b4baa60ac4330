// How a client on this machine gets into the server of a running container.
#include "pgupgrade/upgrade/observe/reach_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/docker/exec_psql.hpp"
#include "pgupgrade/planning/data_directory.hpp"
#include "upgrade/clients/passwords.hpp"
#include "upgrade/data/locks.hpp"
#include "upgrade/observe/observe_parts.hpp"
#include "upgrade/sandbox/service_container.hpp"

namespace pgupgrade::upgrade {
namespace {

using Login = docker::ExecPsql::Login;

// The container, and what is declared around it, for the passwords.
struct Found {
  std::string called;
  std::string service;
  std::string start;  // the command that starts it
  compose::Project project;
  std::optional<docker::ContainerInfo> container;
};

Found find_service(const Request& request, World& world) {
  const Site& site = site_of(request);
  Found found{.project = site.load(world, request)};
  const auto targets = site.choose(world, request, found.project).targets;
  if (targets.size() != 1)
    throw Error(ErrorKind::usage, "E-SEVERAL-SERVICES", "cannot use several services: one server is meant",
                "specify one with --service");
  found.service = targets.front();
  found.called =
      fmt::format("service \"{}\" of project {}", printable(found.service), printable(found.project.name));
  found.start = "docker compose up -d " + shell_word(printable(found.service));
  found.container = site.find(world, found.project.name, found.service);
  return found;
}

// Nothing of it is made again, so it may be anybody's.
Found find_container(const Request& request, World& world) {
  Found found{.called = "container " + printable(request.container),
              .service = request.container,
              .start = "docker start " + shell_word(printable(request.container)),
              .project = {},
              .container = world.engine.inspect_container(request.container)};
  if (!found.container)
    throw Error(ErrorKind::usage, "E-NO-CONTAINER",
                fmt::format("could not find a container \"{}\"", printable(request.container)),
                "\"docker ps --all\" lists them");
  found.called = "container " + printable(found.container->name);
  return found;
}

docker::ContainerInfo require_running(const Found& found) {
  if (found.container && found.container->running()) return *found.container;
  throw Error(ErrorKind::refused, "E-NOT-RUNNING",
              fmt::format("{} is not running, so nothing can be rehearsed in its server", found.called),
              fmt::format("start it with \"{}\" and run pgupgrade again", found.start));
}

// A container that shares another's network has no address of its own.
std::string require_address(const Found& found, const docker::ContainerInfo& info) {
  for (const auto& network : info.networks) {
    if (!network.ip_address.empty()) return network.ip_address;
    if (!network.ip6_address.empty()) return network.ip6_address;
  }
  if (info.network_mode == "host") return "127.0.0.1";
  throw Error(ErrorKind::refused, "E-UNREACHABLE",
              fmt::format("cannot reach {}: its container has no address of its own (network {})",
                          found.called, printable(info.network_mode)),
              "name its server with --from postgres://USER@HOST:PORT/DATABASE");
}

Login find_login(const Found& found, World& world, const docker::ContainerInfo& info) {
  try {
    return docker::ExecPsql::find_login(world.engine, info);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::failed) throw;
    throw Error(ErrorKind::refused, "E-NO-SERVER",
                fmt::format("could not reach the server of {}: {}", found.called, error.what()),
                error.hint());
  }
}

std::string require_database(const Found& found, std::vector<std::string> there, const std::string& asked,
                             const std::string& but) {
  const auto listed = [&] {
    std::vector<std::string> names;
    for (const std::string& name : there) names.push_back(printable(name));
    return names.empty() ? "it has none" : "it has " + join(names, ", ");
  };
  if (!asked.empty()) {
    if (std::find(there.begin(), there.end(), asked) != there.end()) return asked;
    throw Error(ErrorKind::usage, "E-UNKNOWN-DATABASE",
                fmt::format("could not find database \"{}\" in {}", printable(asked), found.called),
                listed());
  }
  const bool only_that = there.size() == 1;
  if (!only_that) std::erase_if(there, [&](const auto& name) { return name == "postgres" || name == but; });
  if (there.size() == 1) return there.front();
  throw Error(ErrorKind::usage, "E-USAGE",
              fmt::format("cannot choose between the databases of {}", found.called),
              "pass --database NAME; " + listed());
}

// What the container and the project say. Empty: none is known.
Secret find_password(const Found& found, const Request& request, World& world,
                     const docker::ContainerInfo& info, const postgres::LoginAttempt& attempt) {
  const std::string file = request.password_file ? request.password_file->string() : "";
  std::set<std::string> tried;
  for (const auto& candidate : collect_passwords(world.engine, found.project, found.service, &info, file)) {
    if (!candidate.role.empty() && candidate.role != attempt.role) continue;
    if (!tried.insert(candidate.password.reveal()).second) continue;
    postgres::LoginAttempt one = attempt;
    one.password = candidate.password;
    if (world.connector.login(one).outcome == postgres::LoginOutcome::accepted) return one.password;
  }
  return {};
}

// The tag may have been moved to another image since.
std::string image_of(World& world, const docker::ContainerInfo& info) {
  const auto named = world.engine.inspect_image(info.image_reference);
  return named && named->id == info.image_id ? info.image_reference : info.image_id;
}

}  // namespace

ReachedServer reach_server(const Request& request, const std::string& database, const std::string& but,
                           World& world) {
  const Found found =
      request.container.empty() ? find_service(request, world) : find_container(request, world);
  const docker::ContainerInfo info = require_running(found);
  const std::string address = require_address(found, info);
  refuse_remote_engine(world, info.image_id);
  const Login login = find_login(found, world, info);
  docker::ExecPsql psql(world.engine, info.id, login.role);
  const std::string directory = read_running_server(world, info, login.role).data_directory;
  if (const auto data = planning::mount_of(info.mounts, directory)) refuse_locked_data(world, *data);
  const std::string port = psql.query(login.database, "SELECT current_setting('port')").at(0);
  const std::string chosen = require_database(
      found,
      psql.query(login.database,
                 "SELECT datname::text FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1"),
      database, but);
  ReachedServer reached{.called = found.called,
                        .endpoint = {.name = found.called,
                                     .parameters = {{"host", address},
                                                    {"hostaddr", address},
                                                    {"port", port},
                                                    {"user", login.role},
                                                    {"dbname", chosen}},
                                     .password = {}},
                        .container = info.name,
                        .image = image_of(world, info)};
  reached.endpoint.password = find_password(
      found, request, world, info,
      {.host = address, .port = std::stoi(port), .role = login.role, .database = chosen, .password = {}});
  return reached;
}

}  // namespace pgupgrade::upgrade
