#include "model/plan_fields.hpp"
#include "pgupgrade/model/json.hpp"

namespace pgupgrade {

boost::json::value to_json(const Plan& value) {
  return fields::write(value);
}

std::string_view text_of(Phase value) {
  return fields::text_in_table(value);
}

Plan plan_from_json(const boost::json::value& value) {
  return fields::read_document<Plan>(value, "plan");
}

}  // namespace pgupgrade
