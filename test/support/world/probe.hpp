#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::test {

// The death of this process. No std::exception, so that nothing but a test can catch it.
struct Crash {
  std::string place;
};

// Records the places that a run reaches, and dies at the n-th of them (from 0).
class CrashingProbe final : public upgrade::Probe {
 public:
  void reach(std::string_view place) override {
    places.emplace_back(place);
    if (watcher) watcher(places.back());
    if (on_reach) on_reach(places.back());
    if (crash_at && places.size() == *crash_at + 1) throw Crash{places.back()};
  }
  void arm(std::optional<std::size_t> at) {
    places.clear();
    crash_at = at;
  }

  std::vector<std::string> places;
  std::optional<std::size_t> crash_at;
  std::function<void(const std::string&)> watcher;   // the scene's
  std::function<void(const std::string&)> on_reach;  // the test's; may throw
};

}  // namespace pgupgrade::test
