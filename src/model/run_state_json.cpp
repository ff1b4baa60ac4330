#include "model/run_state_fields.hpp"
#include "model/schema_writer.hpp"
#include "pgupgrade/model/json.hpp"
#include "pgupgrade/model/schema.hpp"

namespace pgupgrade {

boost::json::value to_json(const RunState& value) {
  return fields::write(value);
}

RunState run_state_from_json(const boost::json::value& value) {
  return fields::read_document<RunState>(value, "state");
}

boost::json::object state_schema() {
  return fields::schema_document<RunState>("state", 3, "The state of a run, as pgupgrade keeps it");
}

std::string_view text_of(Direction value) {
  return fields::text_in_table(value);
}

std::string_view text_of(StepPhase value) {
  return fields::text_in_table(value);
}

std::string_view text_of(Until value) {
  return fields::text_in_table(value);
}

std::string_view text_of(RunOutcome value) {
  return fields::text_in_table(value);
}

}  // namespace pgupgrade
