#include "pgupgrade/base/text.hpp"
#include "upgrade/clients/clients.hpp"
#include "upgrade/cluster/remote_work.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr const char* kStarted = "started";

// Clients back as they were, restart policies too. From here on they may write to the new server.
class ThawStep final : public Step {
 public:
  std::string_view name() const override { return "thaw"; }
  std::vector<Point> passes() const override { return {Point::releases_clients}; }

  std::string describe(const Plan& plan) const override {
    std::vector<std::string> names;
    for (const ClientFacts& client : plan.clients) {
      if (client.running) names.push_back(client.container_name);
    }
    return names.empty() ? "nothing to start again" : join(names, ", ");
  }

  void apply(StepContext& context) override {
    // Clients may need what these views hold.
    for (const TargetPlan* target : context.targets()) finish_remote_work(context, *target);
    start_clients(context);
    context.journal.record_data(context.step, kStarted, "yes");
  }

  // Once all were started, one that has ended by itself again is the application's business.
  bool holds(StepContext& context) override {
    return context.journal.datum(context.step, kStarted) == "yes" || clients_as_recorded(context);
  }

  void undo(StepContext& context) override { stop_clients(context); }
};

}  // namespace

std::unique_ptr<Step> make_thaw_step() {
  return std::make_unique<ThawStep>();
}

}  // namespace pgupgrade::upgrade
