// A rehearsal, as planning knows it: a dump of a copy, both beside the running server.
#include "pgupgrade/planning/estimates.hpp"
#include "planning/strategy_rules.hpp"

namespace pgupgrade::planning {
namespace {

// Beside those of a dump.
std::vector<Check> checks_of_copy() {
  return {
      {"the old version can be copied", "E-WARM", check_rehearsed_version},
      {"what a copy needs could be found out", "E-WARM", check_copy_known},
      {"wal_level allows a copy", "E-WARM", check_wal_level},
      {"enough WAL senders are free", "E-WARM", check_wal_senders},
      {"enough replication slots are free", "E-WARM", check_slots},
      {"the server lets replication in", "E-WARM", check_replication_login},
      {"a copy can lie beside the data", "E-WARM", check_warm_storage},
  };
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
  for (const Check& check : checks_of_copy()) rule.checks.push_back(check);
  rule.room = room;
  return rule;
}

}  // namespace pgupgrade::planning
