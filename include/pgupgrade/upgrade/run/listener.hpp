#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pgupgrade/model/diagnostic.hpp"

namespace pgupgrade::upgrade {

enum class StepEventKind {
  started,
  done,
  already,  // found to hold on a resume; nothing was done
  failed,
  undo_started,
  undone,
};

struct StepEvent {
  int number = 0;  // from 1, as in the plan
  int total = 0;
  std::string step;  // "backup"
  StepEventKind kind = StepEventKind::started;
  std::int64_t duration_ms = 0;     // of what has ended
  std::string detail;               // "11.4 GiB", may be empty
  bool destructive_behind = false;  // the old data directory has been emptied already
};

struct Progress {
  std::string step;
  std::string what;  // "volume shop_pgdata", "database shop"
  std::int64_t done = 0;
  std::int64_t total = 0;  // 0: unknown
  enum class Unit { bytes, items } unit = Unit::bytes;
};

// Everything is prepared, and the downtime is not to begin before a time.
struct Waiting {
  std::int64_t now_ms = 0;         // Unix time
  std::int64_t until_ms = 0;       // Unix time
  std::vector<std::string> ready;  // what was last seen of what is prepared, a line each
};

// What a run tells while it goes. Called from threads of the run, but never from two at once; must not throw.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void step(const StepEvent& event) = 0;
  virtual void progress(const Progress& progress) = 0;
  // A line for the log, and for the screen from `warning` on. Never holds a secret.
  virtual void message(const Diagnostic& diagnostic) = 0;
  // Once when a wait begins, and each time that it was looked at what is prepared.
  virtual void waiting(const Waiting&) {}
};

}  // namespace pgupgrade::upgrade
