#pragma once

#include <string>

#include "pgupgrade/model/facts.hpp"
#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/model/request.hpp"

namespace pgupgrade::planning {

// What planning yields: a plan when no diagnostic is an error.
struct Planned {
  Plan plan;                   // complete only when `ok`
  Diagnostics diagnostics;     // all of them, errors first
  bool ok = false;             // no diagnostic is an error; with nothing_to_do the plan has no targets
  bool nothing_to_do = false;  // every target is at the target version already, or has no data yet
};

// Pure: no I/O, no clock, no environment. `run_id` is the caller's.
Planned make_plan(const Request& request, const Facts& facts, const std::string& run_id,
                  const std::string& tool_version);

// What is wrong with the new image for this cluster: missing extensions, libraries, locales, settings; its
// version is not the target. Used by make_plan when the image is on the engine, and again once it was pulled.
Diagnostics check_image(const TargetPlan& target, const ImageFacts& image, const Request& request);
// The same with what of the Request matters, for a frozen plan.
Diagnostics check_image(const TargetPlan& target, const ImageFacts& image,
                        const std::vector<std::string>& acknowledged);

}  // namespace pgupgrade::planning
