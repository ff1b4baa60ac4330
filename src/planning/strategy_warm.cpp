// Strategy warm, as planning knows it.
#include <fmt/format.h>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/estimates.hpp"
#include "planning/strategy_rules.hpp"

namespace pgupgrade::planning {
namespace {

std::vector<Check> checks() {
  return {
      {"both versions can be copied", "E-WARM", check_warm_versions},
      {"both images have the same kind of C library", "E-WARM", check_warm_libc},
      {"what a copy needs could be found out", "E-WARM", check_copy_known},
      {"wal_level allows a copy", "E-WARM", check_wal_level},
      {"enough WAL senders are free", "E-WARM", check_wal_senders},
      {"enough replication slots are free", "E-WARM", check_slots},
      {"the server lets replication in", "E-WARM", check_replication_login},
      {"no table is unlogged", "E-WARM", check_unlogged_tables},
      {"a new cluster can change places with the data", "E-WARM", check_warm_storage},
      {"the data stays in its directory", "E-WARM", check_versioned_directory},
      // pg_upgrade takes the catalogs from a dump of the schema, which has no built-in objects either.
      {"built-in objects are as initdb makes them", "E-BUILT-IN-CHANGES", check_built_ins},
  };
}

Diagnostics refuses(const Request& request) {
  Diagnostics result;
  if (request.dump_directory)
    result.push_back({.severity = Severity::error,
                      .code = "E-KEEP-DUMPS",
                      .message = "strategy warm makes no dump that could be kept",
                      .hint = "leave --keep-dumps out, or use --strategy dump"});
  if (request.backup_directory)
    result.push_back({.severity = Severity::error,
                      .code = "E-BACKUP-DIR",
                      .message = "strategy warm makes no backup: the old data stays beside the new cluster",
                      .hint = "leave --backup-dir out, or use --strategy dump"});
  if (request.backup == Backup::tar)
    result.push_back({.severity = Severity::error,
                      .code = "E-BACKUP-OPTION",
                      .message = "strategy warm keeps the old data aside and makes no archive of it",
                      .hint = "leave --backup out, or use --strategy dump"});
  return result;
}

// The new cluster has the very files of the old one, but for the catalogs.
std::vector<std::string> changes(const Inventory& inventory) {
  std::uint64_t built_in = 0;
  for (const DatabaseFacts& database : inventory.databases)
    for (const MemberChange& change : database.left_behind.members)
      if (is_lost(change) && change.extension.empty()) ++built_in;
  if (built_in == 0) return {};
  return {fmt::format("{} to built-in objects lost", plural(built_in, "change"))};
}

std::string way_back(const Request&) {
  return "the old data stays";
}

Room room(const Request&, const TargetPlan& target) {
  return {.beside_data = copy_bytes(target.data_bytes)};
}

std::int64_t downtime(const Workload& workload) {
  return warm_downtime_ms(workload.reads_rows ? workload.bytes : 0, workload.tables, workload.jobs,
                          workload.libc_changes);
}

}  // namespace

StrategyRule warm_rule() {
  return {.name = kWarm,
          .refuses = refuses,
          .checks = checks(),
          .changes = changes,
          .way_back = way_back,
          .room = room,
          .downtime_ms = downtime};
}

}  // namespace pgupgrade::planning
