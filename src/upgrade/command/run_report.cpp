#include "pgupgrade/upgrade/command/run_report.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/model/json.hpp"
#include "pgupgrade/model/points.hpp"
#include "pgupgrade/postgres/without_passwords.hpp"
#include "pgupgrade/upgrade/command/commands.hpp"
#include "upgrade/clients/compose_files.hpp"
#include "upgrade/command/report.hpp"
#include "upgrade/run/names.hpp"

namespace pgupgrade::upgrade {
namespace {

// A file that cannot be read is one that tells nothing: a report is no place to fail.
std::optional<Fingerprint> read_fingerprint(const std::filesystem::path& file) {
  try {
    const auto text = read_file_if_present(file);
    if (!text) return std::nullopt;
    return fingerprint_from_json(json::parse(*text, file.native()));
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::optional<RunReport> earlier_report(const Journal& journal) {
  try {
    const auto text = read_file_if_present(report_file(journal.files()));
    if (!text) return std::nullopt;
    RunReport report = run_report_from_json(json::parse(*text, "report"));
    if (report.run_id == journal.state().plan.run_id) return report;
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): as above
  }
  return std::nullopt;
}

template <class Map>
std::int64_t count_of(const Map& map) {
  return static_cast<std::int64_t>(map.size());
}

std::int64_t rows_of(const DatabasePrint& print) {
  std::int64_t rows = 0;
  for (const auto& [name, table] : print.tables) rows += table.rows;
  return rows;
}

// The fingerprint that has the rows of one side: those that are compared later have one of their own.
std::optional<Fingerprint> with_rows(const RunFiles& files, const std::string& service,
                                     const std::string& side) {
  auto print = read_fingerprint(files.fingerprint(service, side + "-rows"));
  return print ? std::move(print) : read_fingerprint(files.fingerprint(service, side));
}

std::int64_t rows_in(const std::optional<Fingerprint>& print, const std::string& database) {
  if (!print || !print->databases.contains(database)) return -1;
  return rows_of(print->databases.at(database));
}

std::vector<DatabaseReport> compared_databases(const RunFiles& files, const std::string& service, bool rows) {
  const auto before = read_fingerprint(files.fingerprint(service, "old"));
  std::vector<DatabaseReport> databases;
  if (!before) return databases;
  const auto old_rows = rows ? with_rows(files, service, "old") : std::nullopt;
  const auto new_rows = rows ? with_rows(files, service, "new") : std::nullopt;
  for (const auto& [name, print] : before->databases) {
    DatabaseReport database{.name = name,
                            .tables = count_of(print.tables),
                            .old_rows = rows_in(old_rows, name),
                            .new_rows = rows_in(new_rows, name),
                            .sequences = count_of(print.sequences),
                            .objects = count_of(print.objects),
                            .large_objects = print.large_objects};
    databases.push_back(std::move(database));
  }
  return databases;
}

ServiceReport service_report(const Journal& journal, const TargetPlan& target, const TargetReport& told,
                             const ServiceReport* earlier) {
  const TargetState& known = journal.target(target.service);
  ServiceReport report{.service = target.service,
                       .old_version = target.old_version,
                       .new_version = told.new_version,
                       .old_image = target.old_image,
                       .new_image = target.new_image,
                       .data = data_name(target.data_mount),
                       .data_bytes = target.data_bytes,
                       .identical = told.failure.empty() && passed(journal.state(), Point::proves),
                       .counts = known.counts,
                       .rows_compared = compared_rows(journal.state().plan, known),
                       .databases = compared_databases(journal.files(), target.service,
                                                       compared_rows(journal.state().plan, known)),
                       .logins = known.logins,
                       .logins_accepted = known.logins_repeated,
                       .backup_file = told.backup_bytes > 0 ? told.backup_file : "",
                       .backup_bytes = told.backup_bytes,
                       .backup_sha256 = told.backup_sha256,
                       .old_data = told.old_data,
                       .kept_dumps = told.kept_dumps,
                       .notes = told.notes,
                       .failure = told.failure};
  if (report.databases.empty() && earlier != nullptr) report.databases = earlier->databases;
  return report;
}

const StepRecord* record_of(const RunState& state, const std::string& step) {
  const auto found = std::find_if(state.steps.begin(), state.steps.end(),
                                  [&](const StepRecord& record) { return record.step == step; });
  return found == state.steps.end() ? nullptr : &*found;
}

StepReport step_report(const StepPlan& step, const StepRecord& record) {
  StepReport report{.step = step.name,
                    .phase = step.phase,
                    .state = record.phase,
                    .attempt = record.attempt,
                    .started_ms = record.started_ms};
  if (record.phase == StepPhase::undone)
    report.undone_ms = record.ended_ms;
  else
    report.ended_ms = record.ended_ms;
  return report;
}

// A record keeps one end. That of a step which was undone is the undoing's: forward it had ended when the
// next one began, or when the run turned back; and backward it began when the one behind it was undone.
void infer_times(std::vector<StepReport>& steps, std::int64_t turned_back_ms) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    StepReport& step = steps[i];
    if (step.state != StepPhase::undone && step.state != StepPhase::undo_started) continue;
    step.ended_ms = i + 1 < steps.size() ? steps[i + 1].started_ms : turned_back_ms;
    step.undo_started_ms = turned_back_ms;
    if (i + 1 < steps.size() && steps[i + 1].undone_ms != 0) step.undo_started_ms = steps[i + 1].undone_ms;
  }
}

std::vector<StepReport> step_reports(const RunState& state) {
  std::vector<StepReport> steps;
  for (const StepPlan& step : state.plan.steps)
    if (const StepRecord* record = record_of(state, step.name)) steps.push_back(step_report(step, *record));
  infer_times(steps, state.turned_back_ms);
  return steps;
}

void describe_steps(std::vector<StepReport>& steps, const Plan& plan) {
  try {
    for (const PlannedStep& planned : planned_steps(plan))
      for (StepReport& step : steps)
        if (step.step == planned.name) step.description = planned.description;
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): a step of another version of this program
  }
}

// Of a run that went back after its clients had run again the downtime is that of the way back.
void tell_downtime(RunReport& report, const RunState& state) {
  if (!ever_begun(state, Point::stops_clients)) return;
  const bool back = state.direction == Direction::back;
  if (!back) {
    report.downtime_started_ms = begun_ms(state, Point::stops_clients);
    if (passed(state, Point::releases_clients))
      report.downtime_ended_ms = ended_ms(state, Point::releases_clients);
    return;
  }
  report.downtime_started_ms = ever_begun(state, Point::releases_clients)
                                   ? state.turned_back_ms
                                   : begun_ms(state, Point::stops_clients);
  if (!begun(state, Point::stops_clients)) report.downtime_ended_ms = ended_ms(state, Point::stops_clients);
}

std::int64_t last_end(const RunReport& report) {
  std::int64_t last = report.started_ms;
  for (const StepReport& step : report.steps) last = std::max({last, step.ended_ms, step.undone_ms});
  return last;
}

std::vector<std::string> running_clients(const Plan& plan) {
  std::vector<std::string> names;
  for (const ClientFacts& client : plan.clients)
    if (client.running) names.push_back(client.container_name);
  return names;
}

const ServiceReport* find_service(const RunReport* report, const std::string& service) {
  if (report == nullptr) return nullptr;
  const auto found = std::find_if(report->services.begin(), report->services.end(),
                                  [&](const ServiceReport& one) { return one.service == service; });
  return found == report->services.end() ? nullptr : &*found;
}

// A message may quote what a program or a server has said.
FailureReport without_passwords(FailureReport failure) {
  failure.message = postgres::without_passwords(failure.message);
  failure.hint = postgres::without_passwords(failure.hint);
  for (std::string& context : failure.context) context = postgres::without_passwords(context);
  return failure;
}

void add_heard(RunReport& report, const Heard& heard, const RunReport* earlier) {
  for (StepReport& step : report.steps) {
    const auto found = heard.bytes.find(step.step);
    if (found != heard.bytes.end()) step.bytes = found->second;
    if (step.bytes != 0 || earlier == nullptr) continue;
    for (const StepReport& before : earlier->steps)
      if (before.step == step.step) step.bytes = before.bytes;
  }
  report.failure = without_passwords(heard.failure);
  // What failed stays told when the run goes back for it, and not once it has come to its end in spite of it.
  const bool ended_well = report.direction == Direction::forward && report.outcome != RunOutcome::unfinished;
  if (report.failure.code.empty() && earlier != nullptr && !ended_well) report.failure = earlier->failure;
}

}  // namespace

std::filesystem::path report_file(const RunFiles& files) {
  return files.directory / "report.json";
}

std::filesystem::path report_page_file(const RunFiles& files) {
  return files.directory / "report.html";
}

RunReport make_run_report(const Journal& journal, const Heard& heard, const std::string& tool_version) {
  const RunState& state = journal.state();
  const Plan& plan = state.plan;
  const auto earlier = earlier_report(journal);
  const RunReport* before = earlier ? &*earlier : nullptr;
  RunReport report{.tool_version = tool_version,
                   .generation = state.generation,
                   .run_id = plan.run_id,
                   .project = plan.project,
                   .state_file = journal.files().state().string(),
                   .strategy = plan.strategy,
                   .verify = plan.verify,
                   .outcome = state.outcome,
                   .direction = state.direction,
                   .prepared = is_prepared(state),
                   .started_ms = state.created_ms,
                   .turned_back_ms = state.turned_back_ms,
                   .estimated_downtime_ms = plan.estimated_downtime_ms,
                   .data = data_state(state),
                   .next = next_commands(state, journal.files().state()),
                   .steps = step_reports(state),
                   .stopped_clients = running_clients(plan),
                   .edits = edits_kept(journal),
                   .edited = passed(state, Point::declares),
                   .to_set = plan.to_set,
                   .diagnostics = plan.diagnostics,
                   .accepted = plan.acknowledged};
  report.ended_ms = last_end(report);
  describe_steps(report.steps, plan);
  tell_downtime(report, state);
  const Report told = make_report(journal, report.ended_ms);
  for (std::size_t i = 0; i < plan.targets.size(); ++i)
    report.services.push_back(service_report(journal, plan.targets[i], told.targets.at(i),
                                             find_service(before, plan.targets[i].service)));
  add_heard(report, heard, before);
  return report;
}

}  // namespace pgupgrade::upgrade
