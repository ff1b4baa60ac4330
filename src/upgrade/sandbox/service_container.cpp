#include "upgrade/sandbox/service_container.hpp"

#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/docker/exec_psql.hpp"
#include "upgrade/run/site.hpp"

namespace pgupgrade::upgrade {

std::optional<docker::ContainerInfo> find_by_name(World& world, const std::string& name) {
  auto info = world.engine.inspect_container(name);
  if (info && info->name != name) info.reset();
  return info;
}

std::optional<docker::ContainerInfo> find_compose_container(World& world, const std::string& project,
                                                            const std::string& service) {
  std::optional<docker::ContainerInfo> newest;
  const auto found = world.engine.list_containers({.labels = {{"com.docker.compose.project", project},
                                                              {"com.docker.compose.service", service},
                                                              {"com.docker.compose.oneoff", "False"}}});
  for (const auto& container : found) {
    auto info = world.engine.inspect_container(container.id);
    if (!info) continue;
    if (!newest || (info->running() && !newest->running()) ||
        (info->running() == newest->running() && info->started_at > newest->started_at)) {
      newest = std::move(info);
    }
  }
  return newest;
}

std::optional<docker::ContainerInfo> find_service_container(World& world, const Plan& plan,
                                                            const std::string& service) {
  return site_of(plan).find(world, plan.project, service);
}

std::optional<docker::ContainerInfo> find_new_container(World& world, const Plan& plan,
                                                        const TargetPlan& target) {
  auto container = find_service_container(world, plan, target.service);
  if (container && container->id == target.container_id) container.reset();
  return container;
}

bool accepts_connections(World& world, const std::string& container) {
  constexpr int kNoResponse = 2;  // pg_isready's; 1 is a server that still refuses
  for (const char* host : {"", "--host=/tmp", "--host=localhost"}) {
    std::vector<std::string> argv = {"pg_isready", "--quiet"};
    if (*host != '\0') argv.emplace_back(host);
    const int code = world.engine.exec(container, argv, "").exit_code;
    if (code != kNoResponse) return code == 0;
  }
  return false;
}

RunningServer read_running_server(World& world, const docker::ContainerInfo& container,
                                  const std::string& superuser) {
  docker::ExecPsql psql(world.engine, container.id, superuser);
  const auto rows =
      psql.query("template1",
                 "SELECT current_setting('server_version_num') || ' ' || current_setting('data_directory')");
  if (rows.size() != 1 || rows[0].find(' ') == std::string::npos) {
    throw Error(ErrorKind::failed, "E-SQL",
                fmt::format("could not read the version of the server in container {}", container.name));
  }
  const auto space = rows[0].find(' ');
  return {.version_num = std::stoi(rows[0].substr(0, space)), .data_directory = rows[0].substr(space + 1)};
}

}  // namespace pgupgrade::upgrade
