#include <fmt/format.h>

#include "pgupgrade/base/text.hpp"
#include "upgrade/cluster/take_dump.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr const char* kDumped = "dumped";

// The copy of the old cluster is dumped as the cluster itself would be. What comes from here on is what an
// upgrade's downtime consists of.
class DumpCopyStep final : public TargetStep {
 public:
  std::string_view name() const override { return "dump-copy"; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [&](const TargetPlan& target) {
      return fmt::format("{}, {}", databases_of(target),
                         plural(static_cast<std::uint64_t>(plan.jobs), "job"));
    });
  }

  bool opens_window() const override { return true; }

  Artefacts artefacts(const RunFiles& files, const Plan& plan, const TargetPlan& target) const override {
    return {.files = {files.old_cluster(target.service), files.dump_record(target.service)},
            .volumes = {dump_volume_name(plan.run_id, target.service)}};
  }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    WorkServer server(context, target, Side::old);
    make_dump_volume(context, target);
    const auto connection = server.start(read_only_settings());
    context.reach("server-started");
    take_dump(context, target, TakenBy::rehearsal, server, *connection,
              [&] { return list_configuration(context, target); });
    context.record(target, kDumped, "yes");
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    // One that is there may be of an earlier copy.
    return context.recorded(target, kDumped) && is_dump_taken(context, target);
  }

  void undo_for(StepContext& context, const TargetPlan& target) override {
    context.world.engine.remove_volume(dump_volume_name(context.plan().run_id, target.service));
  }

  std::string detail_of(StepContext&, const TargetPlan& target) override { return databases_of(target); }
};

}  // namespace

std::unique_ptr<Step> make_dump_copy_step() {
  return std::make_unique<DumpCopyStep>();
}

}  // namespace pgupgrade::upgrade
