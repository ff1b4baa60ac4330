#include <fmt/format.h>

#include "pgupgrade/base/text.hpp"
#include "upgrade/cluster/conversion.hpp"
#include "upgrade/cluster/extension_members.hpp"
#include "upgrade/cluster/old_cluster.hpp"
#include "upgrade/cluster/shared_files.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr const char* kConverted = "converted";

// The new cluster, made of the copy: the catalogs anew, all rows in the very files of the copy.
class ConvertStep final : public TargetStep {
 public:
  std::string_view name() const override { return "convert"; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [&](const TargetPlan& target) {
      return fmt::format("pg_upgrade --link, {} to {}, {}", target.old_major, target.new_major,
                         plural(static_cast<std::uint64_t>(plan.jobs), "job"));
    });
  }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    convert_copy(context, target);
    WorkServer server(context, target, Side::fresh);
    const auto connection = server.start({});
    context.reach("server-started");
    server.used_by([&] {
      const OldCluster old_cluster = read_old_cluster(context, target);
      prove_shared_files(context, target, *connection, old_cluster);
      complete(context, target, *connection, old_cluster);
    });
    context.record(target, kConverted, "yes");
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    return context.recorded(target, kConverted);
  }

 private:
  // What pg_upgrade leaves out, and the order of text that another C library has.
  static void complete(StepContext& context, const TargetPlan& target, postgres::Server& connection,
                       const OldCluster& old_cluster) {
    std::vector<postgres::RoleSetting> settings;
    for (const auto& [name, value] : old_cluster.all_role_settings)
      settings.push_back({.name = name, .value = value});
    connection.set_settings_for_all_roles(settings);
    if (!target.role_grants.empty()) connection.grant_roles(target.role_grants);
    const auto libc = libc_collations(context, target);
    for (const auto& [name, database] : old_cluster.copied) {
      if (!database.missing.empty()) connection.drop_built_ins(name, database.missing);
      const std::vector<std::string> statements = statements_after_conversion(target, name);
      if (!statements.empty()) connection.execute(name, statements);
      for (const std::string& line : connection.rebuild_indexes(name, libc)) context.note(line);
      context.reach("one-completed");
    }
  }
};

}  // namespace

std::unique_ptr<Step> make_convert_step() {
  return std::make_unique<ConvertStep>();
}

}  // namespace pgupgrade::upgrade
