#include "upgrade/command/report.hpp"

#include <fmt/format.h>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/points.hpp"
#include "pgupgrade/planning/estimates.hpp"
#include "upgrade/data/aside.hpp"
#include "upgrade/run/names.hpp"

namespace pgupgrade::upgrade {
namespace {

// What the user has accepted to lose, or to be other than before.
std::vector<std::string> losses(const DatabaseFacts& database, bool rows_anew) {
  const LeftBehind& found = database.left_behind;
  std::vector<std::string> notes;
  std::vector<std::string> objects;
  for (const LeftObject& object : found.catalog_objects) objects.push_back(object.object);
  for (const MemberChange& change : found.members)
    if (change.statement.empty() && (rows_anew || change.extension.empty()))
      objects.push_back(
          fmt::format("the change to {} of {} {}", change.attribute, change.type, change.identity));
  const std::string where = fmt::format("of database \"{}\"", printable(database.name));
  if (!objects.empty()) notes.push_back(fmt::format("not carried over {}: {}", where, join(objects, ", ")));
  std::vector<std::string> computed;
  for (const GeneratedColumnFacts& column : found.generated_columns)
    if (rows_anew && column.changed > 0)
      computed.push_back(fmt::format("{}.{} in {}", column.table, column.column,
                                     plural(static_cast<std::uint64_t>(column.changed), "row")));
  if (!computed.empty())
    notes.push_back(fmt::format("computed anew in database \"{}\", other than before: {}",
                                printable(database.name), join(computed, ", ")));
  return notes;
}

TargetReport report_of(const Journal& journal, const TargetPlan& target) {
  TargetReport report;
  report.service = target.service;
  report.old_version = target.old_version;
  const TargetState& known = journal.target(target.service);
  if (known.given_up != GivenUp::no) {
    report.new_version = std::to_string(target.new_major);
    report.failure = known.failure;
    return report;
  }
  report.new_version = known.image.version;
  report.tables = known.counts.tables;
  report.rows = known.counts.rows;
  report.rows_compared = compared_rows(journal.state().plan, known);
  report.sequences = known.counts.sequences;
  report.roles = known.counts.roles;
  if (is_rehearsal(journal.state().plan)) return report;
  report.accepted_differences = static_cast<std::int64_t>(known.accepted_differences.size());
  for (const std::string& difference : known.accepted_differences)
    report.notes.push_back("accepted: " + printable(difference, 1000));
  const RunState& state = journal.state();
  report.old_stays = target.keeps_old;
  const bool kept = state.direction == Direction::forward && state.outcome != RunOutcome::cleaned &&
                    begun(state, Point::replaces_data);
  if (kept && target.keeps_old) report.old_data = old_directory(target);
  if (kept && has_aside(target)) report.old_data = data_name(target.aside.mount);
  if (!has_aside(target)) report.backup_file = journal.files().archive(target.service).string();
  if (!journal.files().dumps.empty()) report.kept_dumps = journal.files().kept_dumps(target.service).string();
  report.backup_bytes = known.backup.archive_bytes;
  report.backup_sha256 = known.backup.archive_sha256;
  report.logins_tried = known.logins_repeated;
  report.logins_accepted = report.logins_tried;  // one refused would have failed the step
  for (const RolePlan& role : target.roles) {
    if (role.action == PasswordAction::keep_md5) {
      report.notes.push_back(fmt::format("role \"{}\" keeps its md5 password", printable(role.role)));
    }
  }
  if (!journal.state().plan.edit_files)
    report.notes.push_back(
        fmt::format("the project's files still name {}: set {} before the next docker compose up",
                    printable(target.old_image), printable(target.new_image)));
  const bool rows_anew = is_dumped(state.plan);
  for (const DatabaseFacts& database : target.inventory.databases)
    for (std::string& note : losses(database, rows_anew)) report.notes.push_back(std::move(note));
  return report;
}

void add_rehearsal(Report& report, const Journal& journal) {
  const Plan& plan = journal.state().plan;
  report.rehearsal = true;
  for (const StepPlan& step : plan.steps) {
    const StepRecord* record = journal.find(step.name);
    if (step.phase != Phase::window || record == nullptr || record->phase != StepPhase::done) continue;
    report.parts.push_back({.step = step.name, .ms = record->ended_ms - record->started_ms});
    report.measured_ms += report.parts.back().ms;
  }
  std::int64_t bytes = 0;
  for (const TargetPlan& target : plan.targets) bytes += target.data_bytes;
  report.estimated_ms = planning::unrehearsed_ms(bytes);
}

}  // namespace

Report make_report(const Journal& journal, std::int64_t now_ms) {
  const RunState& state = journal.state();
  Report report;
  report.run_id = state.plan.run_id;
  report.state_file = journal.files().state();
  report.outcome = state.outcome;
  report.halt = halted_at(state);
  const std::int64_t released = ended_ms(state, Point::releases_clients);
  const std::int64_t end = released != 0 ? released : now_ms;
  const bool back = state.turned_back_ms != 0;
  report.total_ms = back ? now_ms - state.turned_back_ms : end - state.created_ms;
  const std::int64_t stopped = begun_ms(state, Point::stops_clients);
  if (stopped != 0 && !back) report.downtime_ms = end - stopped;
  if (is_rehearsal(state.plan)) add_rehearsal(report, journal);
  report.forecast_ms = state.plan.estimated_downtime_ms;
  for (const TargetPlan& target : state.plan.targets) report.targets.push_back(report_of(journal, target));
  return report;
}

}  // namespace pgupgrade::upgrade
