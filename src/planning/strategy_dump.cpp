// Strategy dump, as planning knows it.
#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/estimates.hpp"
#include "planning/strategy_rules.hpp"

namespace pgupgrade::planning {
namespace {

bool keeps_aside(const Request& request) {
  return backup_of(request) == Backup::aside;
}

std::vector<Check> checks() {
  return {
      {"the old data can stay aside", "E-ASIDE", check_place_aside,
       [](const Subject& subject) { return keeps_aside(subject.request); }},
      {"no extension has to be preloaded", "E-PRELOAD", check_preloaded_extensions},
      {"every index is valid", "W-INVALID-INDEX", check_invalid_indexes},
      {"generated columns are as computed now", "E-GENERATED-CHANGES W-GENERATED-UNKNOWN",
       check_generated_columns},
      {"no table stores oids of objects", "W-OID-COLUMNS E-OIDS-GONE", check_oid_columns},
      {"columns of tables that inherit keep their order", "E-COLUMN-ORDER", check_column_orders},
      {"no table stores what the server counts", "W-COUNTERS", check_counters},
      {"rows keep the rules of their tables", "E-BROKEN-ROWS W-BROKEN-ROWS W-ROWS-UNKNOWN", check_broken_rows,
       [](const Subject& subject) { return subject.request.deep; }},
      {"no materialized view is computed anew", "W-VIEWS", check_views},
      {"extensions are as their scripts make them",
       "E-EXTENSION-MEMBERS E-EXTENSION-CHANGES N-EXTENSION-CHANGES N-BUILT-IN-CHANGES W-EXTENSION-UNKNOWN",
       check_extension_members},
      {"built-in objects are as initdb makes them", "E-BUILT-IN-CHANGES", check_built_ins},
      {"dumps are kept outside of the data", "E-KEEP-DUMPS", check_kept_dumps,
       [](const Subject& subject) { return subject.request.dump_directory.has_value(); }},
  };
}

Diagnostics refuses(const Request& request) {
  if (request.verify.value_or(Verify::full) == Verify::full) return {};
  return {
      {.severity = Severity::error,
       .code = "E-VERIFY",
       .message = "strategy dump writes every row anew, so every row is compared before the service starts",
       .hint = "leave --verify out, or use --strategy warm"}};
}

struct Count {
  std::uint64_t generated = 0;
  std::uint64_t oids = 0;
  std::uint64_t indexes = 0;
  std::uint64_t orders = 0;
  std::uint64_t of_extensions = 0;
  std::uint64_t built_in = 0;
};

void count(const LeftBehind& left, Count& sum) {
  sum.indexes += left.invalid_indexes.size();
  sum.orders += left.column_orders.size();
  for (const GeneratedColumnFacts& column : left.generated_columns) sum.generated += column.changed > 0;
  for (const OidColumnFacts& column : left.oid_columns) sum.oids += column.values > 0;
  for (const MemberChange& change : left.members) {
    if (!is_lost(change)) continue;  // carried over, or an obstacle
    ++(change.extension.empty() ? sum.built_in : sum.of_extensions);
  }
}

std::vector<std::string> changes(const Inventory& inventory) {
  Count sum;
  for (const DatabaseFacts& database : inventory.databases) count(database.left_behind, sum);
  std::vector<std::string> words;
  const auto say = [&](std::uint64_t number, const char* thing, const char* what) {
    if (number > 0) words.push_back(fmt::format("{} {}", plural(number, thing), what));
  };
  say(sum.generated, "generated column", "computed anew");
  say(sum.oids, "column", "of oids that no longer fit");
  say(sum.indexes, "invalid index", "left out");
  say(sum.orders, "table", "with columns in another order");
  say(sum.of_extensions, "change", "to objects of extensions lost");
  say(sum.built_in, "change", "to built-in objects lost");
  return words;
}

std::string way_back(const Request& request) {
  return keeps_aside(request) ? "the old data stays" : "the backup";
}

// The new cluster takes the place of the old one where that is emptied for it. A copy that is made for the
// dump is gone before the new cluster is made.
Room room(const Request& request, const TargetPlan& target) {
  const bool aside = keeps_aside(request);
  const std::int64_t fresh =
      restore_extra_bytes(target.data_bytes) + (target.keeps_old || aside ? target.data_bytes : 0);
  const std::int64_t copy = aside && target.aside.copied ? copy_bytes(target.data_bytes) : 0;
  return {.beside_data = std::max(copy, fresh),
          .engine = dump_bytes(target.data_bytes),
          .state = aside ? 0 : backup_bytes(target.data_bytes)};
}

std::int64_t downtime(const Workload& workload) {
  return workload.backs_up
             ? downtime_ms(workload.bytes, workload.tables, workload.jobs)
             : aside_downtime_ms(workload.bytes, workload.copied_bytes, workload.tables, workload.jobs);
}

}  // namespace

StrategyRule dump_rule() {
  return {.name = "dump",
          .refuses = refuses,
          .checks = checks(),
          .changes = changes,
          .way_back = way_back,
          .room = room,
          .downtime_ms = downtime};
}

}  // namespace pgupgrade::planning
