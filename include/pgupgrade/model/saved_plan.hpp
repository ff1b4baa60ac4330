#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <string>

#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/model/request.hpp"

namespace pgupgrade {

// A plan that waits to be applied, with all that is needed to make it again and see whether it would be the
// same. Holds no secret: of passwords it has where they are known from.
struct SavedPlan {
  Request request;
  Plan plan;
  // Service -> id of the new image, of those that were on the engine when the plan was made.
  std::map<std::string, std::string> new_images;
  bool operator==(const SavedPlan&) const = default;
};

boost::json::value to_json(const SavedPlan& value);
// As the others of the model: Error(failed, "E-JSON") names the key.
SavedPlan saved_plan_from_json(const boost::json::value& value);
boost::json::object saved_plan_schema();  // of "saved" in the file of `plan --out`

}  // namespace pgupgrade
