#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pgupgrade/cli/text/meter.hpp"
#include "pgupgrade/cli/text/style.hpp"
#include "pgupgrade/upgrade/run/listener.hpp"

namespace pgupgrade::cli {

// What is going on, as the views show it. Built from the listener's calls.
struct LiveState {
  int number = 0;
  int total = 0;
  std::string step;  // that runs now, empty between steps
  bool undoing = false;
  bool destructive_behind = false;
  bool stopping = false;  // a stop was requested
  std::chrono::milliseconds step_began{0};
  std::optional<upgrade::Progress> progress;
  std::string waiting;  // a line on what is waited for, empty while nothing is
  Meter meter;
  std::vector<std::string> finished;  // "freeze 1.2 s", the newest last

  void apply(const upgrade::StepEvent& event, std::chrono::milliseconds now);
  void apply(const upgrade::Progress& update, std::chrono::milliseconds now);
  void apply(const upgrade::Waiting& update);
};

// "[ 6/17]"
std::string step_counter(int number, int total);

// "68 %  9.1/13.4 GiB  112 MiB/s  0:39 left", as far as it is known; empty when nothing is.
std::string progress_text(const LiveState& state);

// "waiting until 2026-12-01 03:00, 2:10:00 left; the copy of service db follows its server, 0 B behind"
std::string waiting_line(const upgrade::Waiting& waiting);

// The line for an event in plain mode: "[ 4/17] backup: done in 6:02 (11.4 GiB)".
std::string step_line(const upgrade::StepEvent& event);

// The live block's lines, each at most style.width columns: what is finished, what runs, whether it may be
// interrupted.
std::vector<std::string> live_block(const LiveState& state, std::chrono::milliseconds now,
                                    const Style& style);

}  // namespace pgupgrade::cli
