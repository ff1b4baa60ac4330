#include "upgrade/cluster/live_copy.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/base/wait.hpp"
#include "pgupgrade/postgres/physical.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/data/aside.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/sandbox/work.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr std::chrono::milliseconds kTick{500};
constexpr std::int64_t kAlmost = 16LL << 20;  // a WAL segment: what a moment brings
constexpr std::chrono::seconds kUnheard{30};  // without any news of WAL
constexpr std::chrono::seconds kCompletion{30};
constexpr const char* kCopied = "copied";

// $1: the directory, $2: the command that makes a temporary slot, $3: how psql connects for it; what follows
// is pg_basebackup's command line. The slot keeps what the standby needs first, until that has a slot of its
// own: it may have much to replay before it asks. Nobody waits for ever: if this program is gone, the slot
// goes as well.
constexpr const char* kCopyScript = R"sh(
set -u
copy=$1 slot=$2 conninfo=$3
shift 3
find "$copy" -mindepth 1 -delete || exit
"$@" || exit
psql --no-psqlrc --no-password --quiet --dbname="$conninfo" --command="$slot" --command='\! sleep 86400' &
pg_verifybackup --quiet "$copy" || exit
: >"$copy/standby.signal" || exit
echo copied
sleep 900
)sh";

// A container can only join the network of one that runs.
std::string network_of_old_server(StepContext& context, const TargetPlan& target) {
  const auto info = context.world.engine.inspect_container(target.container_id);
  return info && info->running() ? "container:" + info->id : "";
}

WorkSpec copy_work(StepContext& context, const TargetPlan& target) {
  const postgres::Primary primary = postgres::primary_of(target.inventory);
  const std::string slot = fmt::format("CREATE_REPLICATION_SLOT pgupgrade_{} TEMPORARY PHYSICAL RESERVE_WAL",
                                       context.plan().run_id);
  std::vector<std::string> argv = {
      "sh",
      "-c",
      kCopyScript,
      "sh",
      copy_in_aside(),
      slot,
      postgres::primary_conninfo(primary) + " dbname=replication replication=true"};
  const auto backup = postgres::base_backup(primary, copy_in_aside());
  argv.insert(argv.end(), backup.begin(), backup.end());
  WorkSpec spec = aside_work(context, target, "copy", target.old_image_id, std::move(argv));
  spec.user = old_owner(context, target);
  spec.environment = {{"LC_ALL", "C"}, {"PGPASSFILE", "/nonexistent"}};
  spec.network = network_of_old_server(context, target);
  return spec;
}

[[noreturn]] void fail_copy(const TargetPlan& target, const std::string& log) {
  const std::string words = last_words(log);
  throw Error(ErrorKind::failed, "E-COPY",
              fmt::format("could not copy the running server of service \"{}\"{}", target.service,
                          words.empty() ? "" : ": " + words));
}

void copy_data(StepContext& context, const TargetPlan& target, const std::string& container) {
  std::optional<int> code;
  for (;;) {
    code = context.world.engine.wait_container(container, kTick);
    const std::string log = log_of(context.world, container);
    if (log.find(std::string(kCopied) + "\n") != std::string::npos) return;
    if (code) fail_copy(target, log);
    context.world.cancellation.throw_if_requested();
    const auto progress = postgres::copy_progress(log);
    context.progress("copy of " + target.service, progress.done_bytes, progress.total_bytes,
                     Progress::Unit::bytes);
  }
}

}  // namespace

void make_copy(StepContext& context, const TargetPlan& target) {
  WorkServer(context, target, Side::old).discard();
  const WorkSpec spec = copy_work(context, target);
  const std::string container = create_work(context.world, spec);
  context.world.engine.start_container(container);
  try {
    copy_data(context, target, container);
    context.reach("copied");
    wait_until_following(context, target);
  } catch (const Error&) {
    remove_work(context.world, spec);
    throw;
  }
  remove_work(context.world, spec);
}

namespace {

std::vector<SettingFacts> settings_of_standby(const TargetPlan& target) {
  auto settings = postgres::standby_settings(postgres::primary_of(target.inventory), target.old_major);
  settings.push_back({.name = "autovacuum", .value = "off", .origin = SettingFacts::Origin::command_line});
  return settings;
}

}  // namespace

std::unique_ptr<postgres::Server> standby(StepContext& context, const TargetPlan& target) {
  WorkServer server(context, target, Side::old);
  if (server.is_running()) return server.ensure();
  return server.start(settings_of_standby(target), network_of_old_server(context, target));
}

std::unique_ptr<postgres::Server> cut_loose(StepContext& context, const TargetPlan& target) {
  WorkServer server(context, target, Side::old);
  server.discard();
  auto connection = server.start(settings_of_standby(target));
  if (connection->standby_state().in_recovery) connection->promote();
  return connection;
}

void wait_until_following(StepContext& context, const TargetPlan& target) {
  const auto connection = standby(context, target);
  auto heard = context.world.clock.monotonic();
  postgres::StandbyState state;
  const bool follows =
      wait_until(context.world.clock, context.world.cancellation, {.most = std::chrono::hours(24)}, [&] {
        const std::string replayed = state.replayed;
        state = connection->standby_state();
        const auto now = context.world.clock.monotonic();
        if (state.streaming || state.replayed != replayed) heard = now;
        context.progress("standby of " + target.service, 0, state.behind_bytes, Progress::Unit::bytes);
        return (state.streaming && state.behind_bytes <= kAlmost) || now - heard > kUnheard;
      });
  if (follows && state.streaming) return;
  throw Error(ErrorKind::failed, "E-STANDBY-LOST",
              fmt::format("the copy of service \"{}\" does not follow its server{}", target.service,
                          log_end(context.world, WorkServer(context, target, Side::old).name())),
              "run `pgupgrade rollback`, then start over");
}

std::string describe_standby(World& world, const Plan& plan, const TargetPlan& target) {
  const std::string copy = fmt::format("the copy of service {}", printable(target.service));
  try {
    const auto connection = find_work_server(world, plan, target, Side::old);
    if (connection == nullptr) return copy + " does not run; resume starts it again";
    const postgres::StandbyState state = connection->standby_state();
    if (!state.streaming) return copy + " does not reach its server; resume sees to it";
    return fmt::format(
        "{} follows its server, {} behind", copy,
        human_bytes(static_cast<std::uint64_t>(std::max<std::int64_t>(state.behind_bytes, 0))));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    return fmt::format("{} cannot be asked: {}", copy, error.what());
  }
}

ControlData prove_complete(StepContext& context, const TargetPlan& target) {
  const ControlData old =
      control_data(context, target, target.old_image_id, target.data_mount, target.old_pgdata);
  const auto connection = standby(context, target);
  const bool complete = old.state == "shut down" &&
                        wait_until(context.world.clock, context.world.cancellation,
                                   {.most = kCompletion, .between_looks = std::chrono::milliseconds(50)},
                                   [&] { return connection->has_replayed(old.checkpoint); });
  if (complete) return old;
  throw Error(ErrorKind::failed, "E-STANDBY-BEHIND",
              fmt::format("the copy of service \"{}\" has not received all that its server wrote, up to {}",
                          target.service, old.checkpoint),
              "run `pgupgrade rollback`: nothing is lost, the old server starts again; then start over");
}

}  // namespace pgupgrade::upgrade
