#include "pgupgrade/model/run_report.hpp"

#include "model/run_state_fields.hpp"
#include "model/schema_writer.hpp"

namespace pgupgrade {

template <class Archive, fields::Of<StepReport> T>
void describe(Archive& archive, T& value) {
  archive("step", value.step);
  archive("description", value.description);
  archive("phase", value.phase);
  archive("state", value.state);
  archive("attempt", value.attempt);
  archive("started_ms", value.started_ms);
  archive("ended_ms", value.ended_ms);
  archive("undo_started_ms", value.undo_started_ms);
  archive("undone_ms", value.undone_ms);
  archive("bytes", value.bytes);
}

template <class Archive, fields::Of<DatabaseReport> T>
void describe(Archive& archive, T& value) {
  archive("name", value.name);
  archive("tables", value.tables);
  archive("old_rows", value.old_rows);
  archive("new_rows", value.new_rows);
  archive("sequences", value.sequences);
  archive("objects", value.objects);
  archive("large_objects", value.large_objects);
}

template <class Archive, fields::Of<ServiceReport> T>
void describe(Archive& archive, T& value) {
  archive("service", value.service);
  archive("old_version", value.old_version);
  archive("new_version", value.new_version);
  archive("old_image", value.old_image);
  archive("new_image", value.new_image);
  archive("data", value.data);
  archive("data_bytes", value.data_bytes);
  archive("identical", value.identical);
  archive("counts", value.counts);
  archive("rows_compared", value.rows_compared);
  archive("databases", value.databases);
  archive("logins", value.logins);
  archive("logins_accepted", value.logins_accepted);
  archive("backup_file", value.backup_file);
  archive("backup_bytes", value.backup_bytes);
  archive("backup_sha256", value.backup_sha256);
  archive("old_data", value.old_data);
  archive("kept_dumps", value.kept_dumps);
  archive("notes", value.notes);
  archive.optional("failure", value.failure);
}

template <class Archive, fields::Of<FailureReport> T>
void describe(Archive& archive, T& value) {
  archive("code", value.code);
  archive("message", value.message);
  archive("context", value.context);
  archive("hint", value.hint);
}

template <class Archive, fields::Of<RunReport> T>
void describe(Archive& archive, T& value) {
  archive("format", value.format);
  archive("tool_version", value.tool_version);
  archive("generation", value.generation);
  archive("run_id", value.run_id);
  archive("project", value.project);
  archive("state_file", value.state_file);
  archive("strategy", value.strategy);
  archive("verify", value.verify);
  archive("outcome", value.outcome);
  archive("direction", value.direction);
  archive("prepared", value.prepared);
  archive("started_ms", value.started_ms);
  archive("ended_ms", value.ended_ms);
  archive("turned_back_ms", value.turned_back_ms);
  archive("downtime_started_ms", value.downtime_started_ms);
  archive("downtime_ended_ms", value.downtime_ended_ms);
  archive("estimated_downtime_ms", value.estimated_downtime_ms);
  archive("data", value.data);
  archive("next", value.next);
  archive("failure", value.failure);
  archive("services", value.services);
  archive("steps", value.steps);
  archive("stopped_clients", value.stopped_clients);
  archive("edits", value.edits);
  archive("edited", value.edited);
  archive("to_set", value.to_set);
  archive("diagnostics", value.diagnostics);
  archive("accepted", value.accepted);
}

boost::json::value to_json(const RunReport& value) {
  return fields::write(value);
}

RunReport run_report_from_json(const boost::json::value& value) {
  return fields::read_document<RunReport>(value, "report");
}

boost::json::object run_report_schema() {
  return fields::schema_document<RunReport>("report", RunReport::kFormat,
                                            "The report of a run, as pgupgrade writes it");
}

}  // namespace pgupgrade
