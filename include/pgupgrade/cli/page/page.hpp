#pragma once

#include <string>
#include <string_view>

#include "pgupgrade/model/run_report.hpp"

namespace pgupgrade::cli {

// The report of a run as one page of HTML, which needs nothing but itself: no network, no script. Pure: equal
// reports give equal pages.
std::string report_page(const RunReport& report);

// Text as it may stand in an element and in a quoted attribute: escaped, control characters as "?".
std::string html(std::string_view text);

}  // namespace pgupgrade::cli
