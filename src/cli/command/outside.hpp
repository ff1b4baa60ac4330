#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command/session.hpp"
#include "pgupgrade/cli/process/real_world.hpp"
#include "pgupgrade/cli/view/run_log.hpp"
#include "pgupgrade/migrate/container_programs.hpp"
#include "pgupgrade/migrate/migrate.hpp"

// What commands between servers work with, and in.
namespace pgupgrade::cli {

// The servers, and the engine where the programs run in containers.
class Outside {
 public:
  Outside(Session& session, const postgres::Endpoint& source, const postgres::Endpoint& target);

  postgres::RemoteServer& source() { return *source_; }
  postgres::RemoteServer& target() { return *target_; }

  // Of the image, or those of this machine.
  std::vector<migrate::ClientPrograms> programs(const std::string& image);
  migrate::World& world(const migrate::Plan& plan);

 private:
  docker::Engine& engine();
  migrate::ContainerSetting setting(const std::filesystem::path& directory, const std::string& run);

  Session& session_;
  std::unique_ptr<postgres::RemoteConnector> connector_;
  std::unique_ptr<postgres::RemoteServer> source_;
  std::unique_ptr<postgres::RemoteServer> target_;
  CampaignProbe probe_;
  std::unique_ptr<docker::Engine> engine_;
  std::unique_ptr<migrate::Programs> programs_;
  std::optional<migrate::World> world_;
};

// Does it with what is shown and what is logged beside the state file.
template <typename Action>
auto logged(Session& session, const Action& action) {
  RunLog log(session.state_file.parent_path() / "run.log");
  log.line(Severity::note, "pgupgrade " PGUPGRADE_VERSION);
  Screen screen(session);
  BothObservers listener(log, screen.view());
  try {
    return action(listener);
  } catch (const std::exception& exception) {
    const Error error = as_error(exception);
    log.line(Severity::error, fmt::format("{}: {}", error.code(), error.what()));
    throw;
  }
}

// Flag, else one for each processor, up to eight.
int jobs_of(const Session& session);

}  // namespace pgupgrade::cli
