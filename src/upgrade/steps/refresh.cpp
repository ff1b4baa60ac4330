#include <fmt/format.h>

#include "pgupgrade/base/text.hpp"
#include "upgrade/cluster/remote_work.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

// A restored cluster has no planner statistics: without ANALYZE the first day is slow.
class RefreshStep final : public TargetStep {
 public:
  std::string_view name() const override { return "refresh"; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan,
                       [](const TargetPlan&) { return std::string("ANALYZE, collations, extensions"); });
  }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    WorkServer server(context, target, Side::fresh);
    const auto connection = server.ensure();
    server.used_by([&] { refresh(context, target, server, *connection); });
    context.record(target, "refreshed", "yes");
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    return context.recorded(target, "refreshed");
  }

 private:
  static void refresh(StepContext& context, const TargetPlan& target, const WorkServer& server,
                      postgres::Server& connection) {
    analyze_databases(context, target, server, connection);
    context.reach("analyzed");
    for (const auto& database : target.inventory.databases) {
      if (!database.allow_connections) continue;
      for (const std::string& line : connection.refresh(database.name)) context.note(line);
    }
    for (const std::string& table : connection.tables_without_statistics()) {
      context.warn("W-NO-STATISTICS", fmt::format("table {} has no statistics", printable(table)));
    }
  }
};

}  // namespace

std::unique_ptr<Step> make_refresh_step() {
  return std::make_unique<RefreshStep>();
}

}  // namespace pgupgrade::upgrade
