#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "pgupgrade/upgrade/run/listener.hpp"

namespace pgupgrade::cli {

// run.log in the run's directory (0600): every step event and every message with its time. The directory is
// the journal's to make, so lines are held back until it is there. A log that cannot be written stops
// nothing.
class RunLog final : public upgrade::Listener {
 public:
  explicit RunLog(std::filesystem::path file);
  ~RunLog() override;
  RunLog(const RunLog&) = delete;
  RunLog& operator=(const RunLog&) = delete;

  void step(const upgrade::StepEvent& event) override;
  void progress(const upgrade::Progress& progress) override;  // only what is new: a log is no screen
  void message(const Diagnostic& diagnostic) override;
  void waiting(const upgrade::Waiting& waiting) override;
  void line(Severity severity, const std::string& text);

  // Empty, or why there is no log.
  const std::string& problem() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pgupgrade::cli
