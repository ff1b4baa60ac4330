#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "pgupgrade/model/run_report.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"

namespace pgupgrade::upgrade {

// What was heard while a run went and its state does not keep.
struct Heard {
  std::map<std::string, std::int64_t> bytes;  // step -> what it told to have worked through
  FailureReport failure;
};

// The report of a run as it is by now. What neither the state nor `heard` knows is taken from the report that
// is in the run's directory already: what earlier processes heard, and what cleanup has removed the sources
// of. Changes nothing.
RunReport make_run_report(const Journal& journal, const Heard& heard, const std::string& tool_version);

// "report.json", "report.html" in the run's directory.
std::filesystem::path report_file(const RunFiles& files);
std::filesystem::path report_page_file(const RunFiles& files);

}  // namespace pgupgrade::upgrade
