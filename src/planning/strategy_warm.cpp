// Strategy warm, as planning knows it.
#include <fmt/format.h>

#include <array>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/estimates.hpp"
#include "planning/strategy_rules.hpp"

namespace pgupgrade::planning {
namespace {

constexpr auto kChecks = std::to_array<Check>({check_warm_versions, check_warm_server, check_unlogged_tables,
                                               check_warm_storage, check_versioned_directory});

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

Diagnostics suits(const Subject& subject) {
  Diagnostics result;
  run_checks(kChecks, subject, result);
  // pg_upgrade takes the catalogs from a dump of the schema, which has no built-in objects either.
  for (Diagnostic& found : check_built_ins(subject)) result.push_back(std::move(found));
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
          .suits = suits,
          .changes = changes,
          .way_back = way_back,
          .room = room,
          .downtime_ms = downtime};
}

}  // namespace pgupgrade::planning
