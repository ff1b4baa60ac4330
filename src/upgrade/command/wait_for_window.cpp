#include "upgrade/command/wait_for_window.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/model/points.hpp"
#include "pgupgrade/upgrade/command/commands.hpp"
#include "upgrade/run/runner.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr std::chrono::milliseconds kTick{500};
constexpr std::int64_t kBetweenLooks = 60'000;  // milliseconds
constexpr std::int64_t kRest = 10;              // times as long as a look takes
constexpr std::int64_t kMostRest = 600'000;
constexpr std::int64_t kMargin = 3;  // times as long as the last one took

// That a step is done already is no news each minute.
class NewsOnly final : public Listener {
 public:
  explicit NewsOnly(Listener& listener) : listener_(listener) {}
  void step(const StepEvent& event) override {
    if (event.kind != StepEventKind::already) listener_.step(event);
  }
  void progress(const Progress& progress) override { listener_.progress(progress); }
  void message(const Diagnostic& diagnostic) override { listener_.message(diagnostic); }

 private:
  Listener& listener_;
};

// What is prepared, as `status` says it. The engine may be away for a while.
std::vector<std::string> told(const Journal& journal, World& world, const std::function<void()>& first) {
  try {
    first();
    return preparation(journal.state(), world);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::engine_unreachable) throw;
    return {"the engine does not answer; it is asked again in a minute"};
  }
}

std::vector<std::string> look(const Steps& steps, Journal& journal, World& world, Listener& listener) {
  return told(journal, world, [&] {
    NewsOnly news(listener);
    Runner(steps, journal, world, news)
        .run_forward(steps_until(journal.state().plan, Until::prepared).value_or(0));
  });
}

// When the next look is due. One that takes long comes seldom, and none so late that the time is missed.
std::int64_t next_look_ms(std::int64_t begun_ms, std::int64_t ended_ms, std::int64_t not_before_ms) {
  const std::int64_t took = ended_ms - begun_ms;
  const std::int64_t next = std::max(begun_ms + kBetweenLooks, ended_ms + std::min(kRest * took, kMostRest));
  return next + kMargin * took < not_before_ms ? next : not_before_ms;
}

void wait(const Steps& steps, Journal& journal, World& world, Listener& listener,
          std::int64_t not_before_ms) {
  std::int64_t next_ms = 0;  // all has just been prepared, so the first time it is only told
  for (;;) {
    const std::int64_t now = world.clock.unix_ms();
    if (now >= not_before_ms) return;
    world.cancellation.throw_if_requested();
    if (now >= next_ms) {
      const auto ready = next_ms == 0 ? told(journal, world, [] {}) : look(steps, journal, world, listener);
      next_ms = next_look_ms(now, world.clock.unix_ms(), not_before_ms);
      listener.waiting({.now_ms = now, .until_ms = not_before_ms, .ready = ready});
      world.probe.reach("wait:looked");
    }
    world.clock.pause(std::min(kTick, std::chrono::milliseconds(not_before_ms - now)));
  }
}

}  // namespace

void wait_for_window(const Steps& steps, Journal& journal, World& world, Listener& listener,
                     std::int64_t not_before_ms) {
  world.probe.reach("wait:begun");
  try {
    wait(steps, journal, world, listener, not_before_ms);
  } catch (Error& error) {
    error.add_context("waiting for the time of --at");
    throw;
  }
  world.probe.reach("wait:over");
}

void refuse_late_wait(const RunState& state) {
  if (state.direction == Direction::forward && !ever_begun(state, Point::stops_clients)) return;
  throw Error(
      ErrorKind::usage, "E-AT",
      fmt::format("cannot wait with run {}: it has stopped the applications already, or is on its way "
                  "back",
                  state.plan.run_id),
      "leave --at out");
}

}  // namespace pgupgrade::upgrade
