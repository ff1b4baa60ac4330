#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "cli/command/session.hpp"
#include "pgupgrade/upgrade/command/run_report.hpp"
#include "pgupgrade/upgrade/run/listener.hpp"

namespace pgupgrade::cli {

// Hears what the report of a run wants to tell and its state does not keep.
class ReportListener final : public upgrade::Listener {
 public:
  void step(const upgrade::StepEvent&) override {}
  void progress(const upgrade::Progress& progress) override;
  void message(const Diagnostic&) override {}

  void failed(const Error& error);
  const upgrade::Heard& heard() const { return heard_; }

 private:
  std::map<std::pair<std::string, std::string>, std::int64_t> parts_;  // of (step, what)
  upgrade::Heard heard_;
};

// Writes report.json and report.html (0600) into the directory of the session's run. A run that has left no
// directory has no report. Empty, or why they could not be written: a report stops nothing.
std::string write_reports(const Session& session, const upgrade::Heard& heard);

}  // namespace pgupgrade::cli
