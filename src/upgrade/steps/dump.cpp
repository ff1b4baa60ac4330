#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "upgrade/back/put_back.hpp"
#include "upgrade/cluster/dump_files.hpp"
#include "upgrade/cluster/extension_members.hpp"
#include "upgrade/cluster/take_dump.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/data/aside.hpp"
#include "upgrade/data/backup_check.hpp"
#include "upgrade/data/copy_old.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/data/unlogged_files.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

// The old server runs once more, alone and read-only, and the new version's programs take out all that it
// holds, together with a fingerprint that the new cluster will be held against.
class DumpStep final : public TargetStep {
 public:
  std::string_view name() const override { return "dump"; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [&](const TargetPlan& target) {
      return fmt::format("{}{}, {}", has_copy(target) ? "a copy of the data; of it " : "",
                         databases_of(target), plural(static_cast<std::uint64_t>(plan.jobs), "job"));
    });
  }

  Artefacts artefacts(const RunFiles& files, const Plan& plan, const TargetPlan& target) const override {
    return {.files = {files.old_cluster(target.service), files.dump_record(target.service)},
            .volumes = {dump_volume_name(plan.run_id, target.service)}};
  }

  void apply_to(StepContext& context, const TargetPlan& target) override { dump(context, target); }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    if (has_aside(target) && context.known(target).copied_checkpoint.empty()) return false;
    return is_dump_taken(context, target);
  }

  // The old server has written to its data directory by running. What it was before is in the backup; where
  // there is none, it was given nothing to write, or another one has run on a copy.
  void undo_for(StepContext& context, const TargetPlan& target) override {
    if (has_aside(target))
      refuse_lost_data(context, target);
    else if (!put_back_old_data(context, target) && has_members_out(context, target))
      tell_of_members_out(context, target);
    context.world.engine.remove_volume(dump_volume_name(context.plan().run_id, target.service));
  }

  std::string detail_of(StepContext&, const TargetPlan& target) override { return databases_of(target); }

 private:
  // By an older state file a run would come here again after it has emptied the volume, and remove the dump
  // that the new cluster is made of.
  static void refuse_other_data(StepContext& context, const TargetPlan& target) {
    const int version =
        data_version(context, target, target.old_image_id, target.data_mount, target.old_pgdata);
    if (version == target.old_major) return;
    throw Error(
        ErrorKind::refused, "E-STATE-OLD",
        fmt::format("could not dump service \"{}\": {} holds {}, so the run has come further than its "
                    "state file {} says",
                    target.service, data_name(target.data_mount),
                    version == 0 ? "no cluster" : fmt::format("PostgreSQL {}", version),
                    context.journal.files().state().string()),
        "put the newest state file back into its place, or: pgupgrade rollback");
  }

  static void dump(StepContext& context, const TargetPlan& target) {
    WorkServer server(context, target, Side::old);
    server.discard();
    if (context.known(target).old_data != OldData::returning) refuse_other_data(context, target);
    refuse_old_server_that_ran_again(context, target);
    if (has_copy(target)) return dump_copy(context, target, server);
    if (has_aside(target)) return dump_only_copy(context, target, server);
    if (context.is_repeated(target)) put_back_unclean_data(context, target);
    make_dump_volume(context, target);
    const auto connection = server.start(read_only_settings());
    context.reach("server-started");
    take_dump(context, target, TakenBy::dump, server, *connection,
              [&] { return read_manifest(context, target).entries; });
  }

  // The old data is not touched. What a server of an earlier attempt has left in the copy does not count.
  static void dump_copy(StepContext& context, const TargetPlan& target, WorkServer& server) {
    learn_checkpoint(context, target);
    copy_old_data(context, target);
    context.reach("copied");
    make_dump_volume(context, target);
    const auto connection = server.start(read_only_settings());
    context.reach("server-started");
    take_dump(context, target, TakenBy::dump, server, *connection,
              [&] { return list_configuration(context, target); });
    remove_copy(context, target);
    context.reach("copy-removed");
  }

  // There is no backup: nothing that the server does here, or leaves undone when it is killed, may cost
  // anything of the user's.
  static void dump_only_copy(StepContext& context, const TargetPlan& target, WorkServer& server) {
    refuse_unlogged_files(context, target);
    if (context.is_repeated(target)) tell_of_unclean_data(context, target);
    context.learn(target, [](TargetState& state) { state.copied_checkpoint.clear(); });
    make_dump_volume(context, target);
    const auto connection = server.start(read_only_settings());
    context.reach("server-started");
    take_dump(context, target, TakenBy::dump, server, *connection,
              [&] { return list_configuration(context, target); });
    learn_checkpoint(context, target);
  }

  // By which it is known until the exchange that nothing has been written since.
  static void learn_checkpoint(StepContext& context, const TargetPlan& target) {
    const auto old = control_data(context, target, target.old_image_id, target.data_mount, target.old_pgdata);
    if (old.state != "shut down")
      throw Error(ErrorKind::refused, "E-DRIFT",
                  fmt::format("could not dump service \"{}\": the cluster of {} is not shut down (\"{}\")",
                              target.service, data_name(target.data_mount), printable(old.state)),
                  "run `pgupgrade rollback`, then start over");
    context.learn(target, [&](TargetState& state) { state.copied_checkpoint = old.checkpoint; });
  }

  // By their files, before a server runs that could be killed: its recovery would empty them.
  static void refuse_unlogged_files(StepContext& context, const TargetPlan& target) {
    const auto files = unlogged_files(context, target);
    if (files.empty()) return;
    throw Error(
        ErrorKind::refused, "E-ASIDE",
        fmt::format("could not dump service \"{}\": it has unlogged tables (files {}), and there is no other "
                    "copy of their rows",
                    target.service, printable(join(files, ", "), 500)),
        "run `pgupgrade rollback`, then start over: a copy will be dumped");
  }

  static void tell_of_unclean_data(StepContext& context, const TargetPlan& target) {
    if (cluster_state(context, target, target.old_image_id, target.data_mount, target.old_pgdata) ==
        "shut down")
      return;
    context.warn(
        "W-NOT-SHUT-DOWN",
        fmt::format("the old server of service {} was not shut down cleanly while its dump was taken; "
                    "it recovers what it has written, which is nothing of yours",
                    target.service));
  }

  // Before the verified dump of it goes.
  static void refuse_lost_data(StepContext& context, const TargetPlan& target) {
    if (context.known(target).dump_sha256.empty() || is_old_data_there(context, target)) return;
    const std::string volume = dump_volume_name(context.plan().run_id, target.service);
    throw Error(ErrorKind::failed, "E-DATA-GONE",
                fmt::format("could not find the old data of {}: there is no cluster of PostgreSQL {}",
                            data_name(target.data_mount), target.old_major),
                fmt::format("pgupgrade did not remove it; its dump stays in volume {}", volume));
  }
};

}  // namespace

std::unique_ptr<Step> make_dump_step() {
  return std::make_unique<DumpStep>();
}

}  // namespace pgupgrade::upgrade
