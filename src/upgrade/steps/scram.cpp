#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/scram.hpp"
#include "upgrade/clients/passwords.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

std::size_t planned(const TargetPlan& target) {
  return static_cast<std::size_t>(
      std::count_if(target.roles.begin(), target.roles.end(),
                    [](const RolePlan& role) { return role.action == PasswordAction::to_scram; }));
}

// Passwords that the plan found are set again as SCRAM verifiers. The plaintext is looked up anew: it is in
// no file of ours.
class ScramStep final : public TargetStep {
 public:
  std::string_view name() const override { return "scram"; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [](const TargetPlan& target) { return plural(planned(target), "password"); });
  }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    if (planned(target) != 0) convert(context, target);
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    if (planned(target) == 0) return true;
    const auto verifiers = WorkServer(context, target, Side::fresh).ensure()->md5_verifiers();
    return std::none_of(target.roles.begin(), target.roles.end(), [&](const RolePlan& role) {
      return role.action == PasswordAction::to_scram && verifiers.contains(role.role);
    });
  }

  std::string detail_of(StepContext&, const TargetPlan& target) override {
    return plural(planned(target), "password");
  }

 private:
  static void convert(StepContext& context, const TargetPlan& target) {
    const auto candidates = collect_passwords(context, target, target.container_id);
    const auto connection = WorkServer(context, target, Side::fresh).ensure();
    const auto verifiers = connection->md5_verifiers();
    for (const RolePlan& role : target.roles) {
      const auto verifier = verifiers.find(role.role);
      if (role.action != PasswordAction::to_scram || verifier == verifiers.end()) continue;
      const auto found = postgres::find_password(role.role, verifier->second.reveal(), candidates);
      if (!found) {
        throw Error(ErrorKind::refused, "E-MD5-UNKNOWN",
                    fmt::format("could not convert the password of role \"{}\": it is no longer in {}",
                                printable(role.role), role.origin),
                    "give it back where it was, then: pgupgrade resume");
      }
      connection->set_scram_password(role.role, found->password);
      context.reach("one-converted");
    }
  }
};

}  // namespace

std::unique_ptr<Step> make_scram_step() {
  return std::make_unique<ScramStep>();
}

}  // namespace pgupgrade::upgrade
