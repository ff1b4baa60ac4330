#pragma once

#include <boost/json/fwd.hpp>
#include <string_view>

#include "pgupgrade/model/facts.hpp"
#include "pgupgrade/model/fingerprint.hpp"
#include "pgupgrade/model/inventory.hpp"
#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/model/run_state.hpp"

// JSON of the model: `from` of `to` gives an equal value. Unknown keys are ignored, missing required ones
// and wrong types throw Error(failed, "E-JSON") that names the key.
namespace pgupgrade {

boost::json::value to_json(const Diagnostic& value);
boost::json::value to_json(const Inventory& value);
boost::json::value to_json(const Fingerprint& value);
boost::json::value to_json(const ImageFacts& value);
boost::json::value to_json(const Plan& value);
boost::json::value to_json(const RunState& value);

// What an enumerator is called in all JSON.
std::string_view text_of(Severity value);
std::string_view text_of(Phase value);
std::string_view text_of(Direction value);
std::string_view text_of(StepPhase value);
std::string_view text_of(RunOutcome value);
std::string_view text_of(Until value);

Inventory inventory_from_json(const boost::json::value& value);
Fingerprint fingerprint_from_json(const boost::json::value& value);
ImageFacts image_facts_from_json(const boost::json::value& value);
Plan plan_from_json(const boost::json::value& value);
RunState run_state_from_json(const boost::json::value& value);

}  // namespace pgupgrade
