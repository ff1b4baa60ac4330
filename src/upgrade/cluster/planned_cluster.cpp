#include "upgrade/cluster/planned_cluster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/json.hpp"
#include "upgrade/cluster/dump_files.hpp"

namespace pgupgrade::upgrade {

std::vector<std::string> databases_in_order(const Inventory& inventory) {
  std::vector<std::string> names;
  for (const char* built_in : {"template1", "postgres"}) {
    for (const auto& database : inventory.databases) {
      if (database.name == built_in) names.emplace_back(built_in);
    }
  }
  for (const auto& database : inventory.databases) {
    if (database.name != "template1" && database.name != "postgres") names.push_back(database.name);
  }
  return names;
}

void refuse_changed_cluster(const Inventory& now, const TargetPlan& target, TakenBy taken_by) {
  const bool dumped = taken_by != TakenBy::copy;
  const bool rehearsed = taken_by == TakenBy::rehearsal;
  const std::string back = rehearsed ? "" : "run `pgupgrade rollback`, ";
  const std::string again = rehearsed ? "run `pgupgrade rehearse` again" : back + "then start over";
  const auto refuse = [&](Code code, const std::string& why, const std::string& hint) {
    const char* verb = rehearsed ? "rehearse" : dumped ? "dump" : "convert";
    throw Error(code, fmt::format("could not {} service \"{}\": {}", verb, target.service, why), hint);
  };
  if (databases_in_order(now) != databases_in_order(target.inventory))
    refuse("E-DATABASES-CHANGED", "its databases have changed since the plan was made", again);
  if (!now.prepared_transactions.empty())
    refuse(
        "E-PREPARED",
        fmt::format("it has prepared transactions, which {} leaves out: ", dumped ? "a dump" : "an upgrade") +
            printable(join(now.prepared_transactions, ", "), 500),
        back + "end each with COMMIT PREPARED or ROLLBACK PREPARED, then start over");
  if (now.tablespaces != target.inventory.tablespaces)
    refuse("E-TABLESPACES", "it has tablespaces that the plan has not", again);
  const bool same_slots =
      taken_by != TakenBy::dump || now.replication_slots == target.inventory.replication_slots;
  if (!same_slots || now.subscriptions != target.inventory.subscriptions ||
      now.replication_origins != target.inventory.replication_origins)
    refuse("E-REPLICATION",
           "its replication slots, origins or subscriptions have changed since the plan was made", again);
}

bool still_serves(StepContext& context, const TargetPlan& target) {
  if (context.journal.begun(Point::stops_clients)) return false;
  const auto old = context.world.engine.inspect_container(target.container_id);
  return old && old->running();
}

bool defers_rows(const StepContext& context, const TargetPlan& target) {
  constexpr std::size_t kMostSessions = 20;
  const auto& logins = context.known(target).logins;
  return context.plan().verify == Verify::deferred &&
         std::find(logins.begin(), logins.end(), target.inventory.superuser) != logins.end() &&
         target.inventory.databases.size() <= kMostSessions;
}

void take_old_fingerprint(StepContext& context, const TargetPlan& target, postgres::Server& connection) {
  std::int64_t done = 0;
  const bool reads_rows = context.plan().verify != Verify::catalog && !defers_rows(context, target);
  const auto fingerprint = connection.fingerprint(
      reads_rows ? postgres::best_row_hash(target.inventory.version_num) : std::string(postgres::kNoRows),
      context.plan().jobs, [&](const std::string& database, const std::string&) {
        context.progress("fingerprint of " + database, ++done, 0, Progress::Unit::items);
      });
  const std::string text = json::pretty(to_json(fingerprint));
  write_file_durably(context.journal.files().fingerprint(target.service, "old"), text);
  context.learn(target, [&](TargetState& state) { state.old_fingerprint_sha256 = sha256_hex(text); });
}

Fingerprint old_fingerprint(StepContext& context, const TargetPlan& target) {
  const auto file = context.journal.files().fingerprint(target.service, "old");
  const auto text = read_file_if_present(file);
  if (text && sha256_hex(*text) == context.known(target).old_fingerprint_sha256)
    return parse_old_fingerprint(*text, target);
  throw Error(ErrorKind::failed, "E-DUMP-DAMAGED",
              fmt::format("the fingerprint {} is unusable: it {}", file.string(),
                          text ? "has changed since it was written" : "is gone"),
              "run `pgupgrade rollback`, then start over");
}

}  // namespace pgupgrade::upgrade
