// A healthy project that can be upgraded from 15 to 17 without a word, for tests to change in one place.
#pragma once

#include <string>

#include "pgupgrade/model/facts.hpp"
#include "pgupgrade/model/request.hpp"
#include "pgupgrade/planning/make_plan.hpp"

namespace pgupgrade::planning {

Request request_to(int target_major);
Inventory inventory_of_15();
ImageFacts image_of(int major);
ServiceFacts service_db();
Facts facts_of_shop();

// "error E-CODE: message | hint", a line each.
std::string shown(const Diagnostics& diagnostics);
Planned planned(const Request& request, const Facts& facts);

}  // namespace pgupgrade::planning
