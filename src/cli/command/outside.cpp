#include "cli/command/outside.hpp"

#include <algorithm>
#include <thread>

#include "cli/command/ask_password.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/docker/connect.hpp"

namespace pgupgrade::cli {
namespace fs = std::filesystem;

Outside::Outside(Session& session, const postgres::Endpoint& source, const postgres::Endpoint& target)
    : session_(session),
      connector_(postgres::make_remote_connector(session.cancellation, asks_on_terminal(session))),
      source_(connector_->connect(source)),
      target_(connector_->connect(target)),
      probe_(variable(session.environment, "PGUPGRADE_KILL_AT"),
             variable(session.environment, "PGUPGRADE_PAUSE_AT"),
             variable(session.environment, "PGUPGRADE_PLACES")) {}

std::vector<migrate::ClientPrograms> Outside::programs(const std::string& image) {
  if (!image.empty()) return {migrate::programs_of_image(image, setting({}, "look"))};
  std::vector<fs::path> path;
  for (const std::string& directory : split_list(variable(session_.environment, "PATH"), ":"))
    path.emplace_back(directory);
  return migrate::find_programs(path);
}

migrate::World& Outside::world(const migrate::Plan& plan) {
  const migrate::ClientPrograms& which = plan.programs;
  if (which.image.empty()) {
    programs_ = migrate::programs_on_this_machine(which, session_.cancellation);
  } else {
    migrate::remove_containers(engine(), plan.run_id);
    programs_ = migrate::programs_in_containers(which, setting(directory_of(plan), plan.run_id));
  }
  world_.emplace(migrate::World{.source = *source_,
                                .target = *target_,
                                .programs = *programs_,
                                .clock = session_.clock,
                                .cancellation = session_.cancellation,
                                .probe = probe_});
  return *world_;
}

docker::Engine& Outside::engine() {
  if (!engine_)
    engine_ = docker::connect(docker::find_endpoint(session_.environment), session_.environment,
                              session_.cancellation);
  return *engine_;
}

migrate::ContainerSetting Outside::setting(const fs::path& directory, const std::string& run) {
  return {.engine = engine(),
          .cancellation = session_.cancellation,
          .environment = session_.environment,
          .run = run,
          .directory = directory};
}

int jobs_of(const Session& session) {
  constexpr int kMostJobs = 8;
  const int processors = static_cast<int>(std::thread::hardware_concurrency());
  return session.arguments.jobs > 0 ? session.arguments.jobs : std::clamp(processors, 1, kMostJobs);
}

}  // namespace pgupgrade::cli
