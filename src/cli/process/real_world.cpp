#include "pgupgrade/cli/process/real_world.hpp"

#include <unistd.h>

#include <csignal>
#include <fstream>

#include "pgupgrade/docker/connect.hpp"

namespace pgupgrade::cli {

namespace {
// What the run puts below its root ("/pgupgrade-1a2b3c4d-service/socket/.s.PGSQL.5432") must fit as well.
constexpr std::size_t kLongestRoot = 24;
// Of targets, as far as the jobs of the plan allow.
constexpr int kAtOnce = 8;
}  // namespace

void CampaignProbe::reach(std::string_view place) {
  if (!list_.empty()) std::ofstream(list_, std::ios::app) << place << '\n';
  if (!death_.empty() && place == death_) ::kill(::getpid(), SIGKILL);
  if (!pause_.empty() && place == pause_) ::kill(::getpid(), SIGSTOP);
}

std::filesystem::path socket_root(const Environment& environment) {
  const std::filesystem::path runtime = variable(environment, "XDG_RUNTIME_DIR");
  std::error_code ignored;
  const bool fit = runtime.is_absolute() && runtime.native().size() <= kLongestRoot &&
                   std::filesystem::is_directory(runtime, ignored) &&
                   ::access(runtime.c_str(), W_OK | X_OK) == 0;
  return fit ? runtime : std::filesystem::path("/tmp");
}

RealWorld::RealWorld(const Environment& environment, Clock& clock, const Cancellation& cancellation)
    : endpoint_(docker::find_endpoint(environment)),
      engine_(docker::connect(endpoint_, environment, cancellation)),
      compose_(compose::make_cli(endpoint_, environment, cancellation)),
      connector_(postgres::make_connector(cancellation)),
      probe_(variable(environment, "PGUPGRADE_KILL_AT"), variable(environment, "PGUPGRADE_PAUSE_AT"),
             variable(environment, "PGUPGRADE_PLACES")),
      world_{*engine_,     *compose_, *connector_, clock,
             cancellation, probe_,    environment, socket_root(environment),
             kAtOnce} {}

}  // namespace pgupgrade::cli
