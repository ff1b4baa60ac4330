#include "pgupgrade/cli/view/events.hpp"

#include <boost/json.hpp>

#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/json.hpp"

namespace pgupgrade::cli {

namespace bj = boost::json;

namespace {

constexpr int kFormat = 1;

bj::object event(const char* type, std::int64_t now_ms) {
  return {{"event", type}, {"time_ms", now_ms}};
}

bj::object summary(std::string_view outcome, int exit_code, std::int64_t now_ms) {
  bj::object object = event("summary", now_ms);
  object["outcome"] = outcome;
  object["exit_code"] = exit_code;
  return object;
}

const char* name_of(upgrade::StepEventKind kind) {
  using Kind = upgrade::StepEventKind;
  switch (kind) {
    case Kind::started:
      return "started";
    case Kind::done:
      return "done";
    case Kind::already:
      return "already";
    case Kind::failed:
      return "failed";
    case Kind::undo_started:
      return "undo_started";
    case Kind::undone:
      return "undone";
  }
  return "unknown";
}

bj::object from_target(const upgrade::TargetReport& target) {
  return {{"service", target.service},
          {"old_version", target.old_version},
          {"new_version", target.new_version},
          {"backup_file", target.backup_file},
          {"kept_dumps", target.kept_dumps},
          {"old_data", target.old_data},
          {"backup_bytes", target.backup_bytes},
          {"backup_sha256", target.backup_sha256},
          {"notes", json::from_strings(target.notes)},
          {"failure", printable(target.failure, 4096)}};
}

bj::object from_step(const StepRecord& record) {
  return {{"step", record.step},
          {"phase", text_of(record.phase)},
          {"attempt", record.attempt},
          {"started_ms", record.started_ms},
          {"ended_ms", record.ended_ms}};
}

// A message may show a place in a file below its first line.
std::string printable_lines(std::string_view text) {
  std::vector<std::string> lines = split_lines(text);
  for (std::string& one : lines) one = printable(one, 4096);
  return join(lines, "\n");
}

std::string line(const bj::object& object) {
  return bj::serialize(object);
}

}  // namespace

std::string version_event(std::int64_t now_ms) {
  bj::object object = event("version", now_ms);
  object["version"] = PGUPGRADE_VERSION;
  object["format"] = kFormat;
  return line(object);
}

std::string plan_event(const Plan& plan, const std::vector<upgrade::PlannedStep>& steps,
                       std::int64_t now_ms) {
  bj::object object = event("plan", now_ms);
  object["plan"] = to_json(plan);
  bj::array list;
  for (const auto& step : steps)
    list.push_back(bj::object{{"number", step.number},
                              {"name", step.name},
                              {"description", step.description},
                              {"sign", std::string(1, step.sign)},
                              {"phase", text_of(step.phase)}});
  object["steps"] = std::move(list);
  return line(object);
}

std::string migration_plan_event(const migrate::Plan& plan, std::int64_t now_ms) {
  const auto from_side = [](const migrate::SidePlan& side) {
    return bj::object{{"address", side.address},
                      {"version", side.version},
                      {"role", printable(side.role)},
                      {"superuser", side.superuser},
                      {"encrypted", side.encrypted}};
  };
  bj::object object = event("migration_plan", now_ms);
  object["run"] = plan.run_id;
  object["source"] = from_side(plan.source);
  object["target"] = from_side(plan.target);
  object["format"] = text_of(plan.form);
  object["jobs"] = plan.jobs;
  object["programs"] = plan.programs.version;
  object["new_roles"] = json::from_strings(plan.new_roles);
  object["not_carried"] = json::from_strings(plan.not_carried);
  bj::array databases;
  for (const migrate::DatabasePlan& database : plan.databases)
    databases.push_back(bj::object{{"name", printable(database.name)},
                                   {"into", printable(database.into)},
                                   {"create", database.create},
                                   {"bytes", database.bytes},
                                   {"tables", database.tables}});
  object["databases"] = std::move(databases);
  return line(object);
}

std::string step_event(const upgrade::StepEvent& step, std::int64_t now_ms) {
  bj::object object = event("step", now_ms);
  object["number"] = step.number;
  object["total"] = step.total;
  object["step"] = step.step;
  object["kind"] = name_of(step.kind);
  object["duration_ms"] = step.duration_ms;
  object["detail"] = step.detail;
  object["destructive_behind"] = step.destructive_behind;
  return line(object);
}

std::string waiting_event(const upgrade::Waiting& waiting, std::int64_t now_ms) {
  bj::object object = event("waiting", now_ms);
  object["until_ms"] = waiting.until_ms;
  bj::array ready;
  for (const std::string& each : waiting.ready) ready.emplace_back(printable(each, 4096));
  object["ready"] = std::move(ready);
  return line(object);
}

std::string progress_event(const upgrade::Progress& progress, std::optional<double> rate,
                           std::optional<std::int64_t> left_ms, std::int64_t now_ms) {
  bj::object object = event("progress", now_ms);
  object["step"] = progress.step;
  object["what"] = progress.what;
  object["done"] = progress.done;
  object["total"] = progress.total > 0 ? bj::value(progress.total) : bj::value(nullptr);
  object["unit"] = progress.unit == upgrade::Progress::Unit::bytes ? "bytes" : "items";
  object["rate"] = rate ? bj::value(*rate) : bj::value(nullptr);
  object["left_ms"] = left_ms ? bj::value(*left_ms) : bj::value(nullptr);
  return line(object);
}

std::string verify_event(const upgrade::TargetReport& target, std::int64_t now_ms) {
  bj::object object = event("verify", now_ms);
  object["what"] = "data";
  object["service"] = target.service;
  object["identical"] = true;
  object["tables"] = target.tables;
  object["rows"] = target.rows;
  object["sequences"] = target.sequences;
  object["roles"] = target.roles;
  object["logins_tried"] = target.logins_tried;
  object["logins_accepted"] = target.logins_accepted;
  return line(object);
}

std::string verify_backup_event(const std::string& file, const std::string& sha256, std::int64_t bytes,
                                std::int64_t members, std::int64_t now_ms) {
  bj::object object = event("verify", now_ms);
  object["what"] = "backup";
  object["file"] = printable(file, 4096);
  object["identical"] = true;
  object["sha256"] = sha256;
  object["bytes"] = bytes;
  object["members"] = members;
  return line(object);
}

std::string diagnostic_event(const Diagnostic& diagnostic, std::int64_t now_ms) {
  bj::object object = event("diagnostic", now_ms);
  object["severity"] = text_of(diagnostic.severity);
  object["code"] = diagnostic.code;
  object["message"] = printable_lines(diagnostic.message);
  object["hint"] = printable(diagnostic.hint, 4096);
  return line(object);
}

namespace {

bj::object from_rehearsal(const upgrade::Report& report) {
  bj::array parts;
  for (const auto& part : report.parts) parts.push_back(bj::object{{"step", part.step}, {"ms", part.ms}});
  bj::array kept;
  for (const auto& server : report.kept)
    kept.push_back(bj::object{{"service", server.service},
                              {"container", server.container},
                              {"connection", connection_string(server)},
                              {"port", server.port}});
  return {{"parts", std::move(parts)},
          {"measured_ms", report.measured_ms},
          {"estimated_ms", report.estimated_ms},
          {"kept", std::move(kept)}};
}

}  // namespace

std::string report_summary(const upgrade::Report& report, int exit_code, std::int64_t now_ms) {
  const bool halted = report.halt != Until::end;
  bj::object object = summary(halted ? text_of(report.halt) : text_of(report.outcome), exit_code, now_ms);
  object["run"] = report.run_id;
  object["state_file"] = report.state_file.native();
  object["total_ms"] = report.total_ms;
  object["downtime_ms"] = report.downtime_ms;
  if (report.rehearsal) object["rehearsal"] = from_rehearsal(report);
  object["forecast_ms"] = report.forecast_ms;
  bj::array targets;
  for (const auto& target : report.targets) targets.push_back(from_target(target));
  object["targets"] = std::move(targets);
  return line(object);
}

std::string error_summary(const Error& error, const Situation& situation, int exit_code,
                          std::int64_t now_ms) {
  bj::object object = summary("error", exit_code, now_ms);
  object["code"] = error.code();
  object["message"] = printable_lines(error.what());
  object["context"] = json::from_strings(error.context());
  object["data"] = situation.data;
  object["log"] = situation.log.empty() ? bj::value(nullptr) : bj::value(situation.log);
  object["hint"] = printable(error.hint(), 4096);
  object["next"] = json::from_strings(situation.next);
  return line(object);
}

std::string status_summary(const RunStatus& status, std::int64_t now_ms) {
  const RunState& state = status.state;
  bj::object object = summary(text_of(state.outcome), 0, now_ms);
  object["run"] = state.plan.run_id;
  object["project"] = state.plan.project;
  object["state_file"] = status.state_file;
  object["direction"] = text_of(state.direction);
  object["created_ms"] = state.created_ms;
  object["data"] = status.data;
  object["preparation"] = json::from_strings(status.preparation);
  bj::array steps;
  for (const StepRecord& record : state.steps) steps.push_back(from_step(record));
  object["steps"] = std::move(steps);
  object["leftovers"] =
      status.engine_problem.empty() ? bj::value(json::from_strings(status.leftovers)) : bj::value(nullptr);
  object["engine_problem"] =
      status.engine_problem.empty() ? bj::value(nullptr) : bj::value(status.engine_problem);
  object["next"] = json::from_strings(status.next);
  return line(object);
}

std::string plain_summary(const std::string& outcome, const std::vector<std::string>& lines, int exit_code,
                          std::int64_t now_ms) {
  bj::object object = summary(outcome, exit_code, now_ms);
  object["lines"] = json::from_strings(lines);
  return line(object);
}

}  // namespace pgupgrade::cli
