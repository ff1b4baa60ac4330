#pragma once

#include <boost/json/fwd.hpp>

// JSON Schemas (draft 2020-12) of what the program writes, made from the descriptions by which it writes and
// reads. They lie as files beside the types (src/model/*.schema.json), where a test holds them to this, and
// are installed to share/pgupgrade. A field that a schema does not have is an error; one that came after the
// first release is not required. The version in "$id" changes when a field goes or changes its meaning.
namespace pgupgrade {

boost::json::object plan_schema();   // of "plan" in the plan event and in the state
boost::json::object state_schema();  // of "state" in a run's state file

}  // namespace pgupgrade
