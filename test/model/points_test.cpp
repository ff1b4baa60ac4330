#include "pgupgrade/model/points.hpp"
#include "support/catch.hpp"

namespace pgupgrade::test {
namespace {

StepRecord record(const std::string& step, StepPhase phase, std::int64_t started, std::int64_t ended = 0) {
  return {.step = step, .phase = phase, .started_ms = started, .ended_ms = ended};
}

// Two steps stop clients, one serves; nothing proves.
RunState state_with(std::vector<StepRecord> records) {
  RunState state;
  state.plan.steps = {{.name = "pause", .passes = {Point::stops_clients}},
                      {.name = "stop", .passes = {Point::stops_clients, Point::stops_server}},
                      {.name = "copy", .passes = {}},
                      {.name = "start", .passes = {Point::serves}}};
  state.steps = std::move(records);
  return state;
}

}  // namespace

TEST_CASE("a point is begun with the first of its steps and passed with the last") {
  CHECK_FALSE(begun(state_with({}), Point::stops_clients));
  const RunState half =
      state_with({record("pause", StepPhase::done, 10, 20), record("stop", StepPhase::started, 30)});
  CHECK(begun(half, Point::stops_clients));
  CHECK_FALSE(passed(half, Point::stops_clients));
  CHECK(begun_ms(half, Point::stops_clients) == 10);
  CHECK(ended_ms(half, Point::stops_clients) == 0);
  const RunState whole =
      state_with({record("pause", StepPhase::done, 10, 20), record("stop", StepPhase::done, 30, 40)});
  CHECK(passed(whole, Point::stops_clients));
  CHECK(passed(whole, Point::stops_server));
  CHECK(ended_ms(whole, Point::stops_clients) == 40);
  CHECK_FALSE(begun(whole, Point::serves));
}

TEST_CASE("a step that was undone has begun nothing, but is known") {
  const RunState undone = state_with({record("start", StepPhase::undone, 10, 20)});
  CHECK_FALSE(begun(undone, Point::serves));
  CHECK_FALSE(passed(undone, Point::serves));
  CHECK(ever_begun(undone, Point::serves));
  CHECK(begun(state_with({record("start", StepPhase::undo_started, 10)}), Point::serves));
}

TEST_CASE("a point that no step passes is never reached") {
  const RunState state = state_with({record("start", StepPhase::done, 10, 20)});
  CHECK_FALSE(begun(state, Point::proves));
  CHECK_FALSE(passed(state, Point::proves));
  CHECK(begun_ms(state, Point::proves) == 0);
}

}  // namespace pgupgrade::test
