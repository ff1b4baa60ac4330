// A rehearsal, as planning knows it: a dump of a copy, both beside the running server.
#include <array>

#include "pgupgrade/planning/estimates.hpp"
#include "planning/strategy_rules.hpp"

namespace pgupgrade::planning {
namespace {

constexpr auto kChecks =
    std::to_array<Check>({check_rehearsed_version, check_warm_server, check_warm_storage});

Diagnostics suits(const Subject& subject) {
  Diagnostics result = dump_rule().suits(subject);
  run_checks(kChecks, subject, result);
  return result;
}

std::string way_back(const Request&) {
  return "nothing to go back from";
}

Room room(const Request&, const TargetPlan& target) {
  return {.beside_data =
              restore_extra_bytes(target.data_bytes) + target.data_bytes + copy_bytes(target.data_bytes),
          .engine = dump_bytes(target.data_bytes)};
}

}  // namespace

StrategyRule rehearsal_rule() {
  StrategyRule rule = dump_rule();
  rule.name = kRehearsal;
  rule.way_back = way_back;
  rule.suits = suits;
  rule.room = room;
  return rule;
}

}  // namespace pgupgrade::planning
