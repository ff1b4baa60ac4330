#include "model/plan_fields.hpp"
#include "model/schema_writer.hpp"
#include "pgupgrade/model/json.hpp"
#include "pgupgrade/model/schema.hpp"

namespace pgupgrade {

boost::json::value to_json(const Plan& value) {
  return fields::write(value);
}

boost::json::object plan_schema() {
  return fields::schema_document<Plan>("plan", 1, "The plan of an upgrade, as pgupgrade writes it");
}

std::string_view text_of(Phase value) {
  return fields::text_in_table(value);
}

Plan plan_from_json(const boost::json::value& value) {
  return fields::read_document<Plan>(value, "plan");
}

}  // namespace pgupgrade
