#include "planning/strategy_rules.hpp"

#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"

namespace pgupgrade::planning {

bool is_lost(const MemberChange& change) {
  return change.statement.empty() && change.kind != MemberChangeKind::added &&
         change.kind != MemberChangeKind::removed;
}

const std::vector<StrategyRule>& strategy_rules() {
  static const std::vector<StrategyRule> table = {
      dump_rule(),
      warm_rule(),
  };
  return table;
}

const StrategyRule& rule_of(const std::string& strategy) {
  for (const StrategyRule& rule : strategy_rules())
    if (rule.name == strategy) return rule;
  static const StrategyRule rehearsal = rehearsal_rule();
  if (rehearsal.name == strategy) return rehearsal;
  throw Error(ErrorKind::internal, "E-INTERNAL", fmt::format("no rules for strategy \"{}\"", strategy));
}

}  // namespace pgupgrade::planning
