#include <array>

#include "model/plan_fields.hpp"
#include "pgupgrade/model/json.hpp"

namespace pgupgrade {

inline constexpr std::array<fields::Text<Direction>, 2> texts_of(Direction) {
  return {{{Direction::forward, "forward"}, {Direction::back, "back"}}};
}

inline constexpr std::array<fields::Text<StepPhase>, 4> texts_of(StepPhase) {
  return {{{StepPhase::started, "started"},
           {StepPhase::done, "done"},
           {StepPhase::undo_started, "undo_started"},
           {StepPhase::undone, "undone"}}};
}

inline constexpr std::array<fields::Text<RunOutcome>, 4> texts_of(RunOutcome) {
  return {{{RunOutcome::unfinished, "unfinished"},
           {RunOutcome::succeeded, "succeeded"},
           {RunOutcome::rolled_back, "rolled_back"},
           {RunOutcome::cleaned, "cleaned"}}};
}

template <class Archive, fields::Of<StepRecord> T>
void describe(Archive& archive, T& value) {
  archive("step", value.step);
  archive("phase", value.phase);
  archive("attempt", value.attempt);
  archive("started_ms", value.started_ms);
  archive("ended_ms", value.ended_ms);
  archive("data", value.data);
}

template <class Archive, fields::Of<RunState> T>
void describe(Archive& archive, T& value) {
  archive("format", value.format);
  archive("generation", value.generation);
  archive("direction", value.direction);
  archive("outcome", value.outcome);
  archive("created_ms", value.created_ms);
  archive("plan", value.plan);
  archive("steps", value.steps);
}

boost::json::value to_json(const RunState& value) {
  return fields::write(value);
}

RunState run_state_from_json(const boost::json::value& value) {
  return fields::read_document<RunState>(value, "state");
}

std::string_view text_of(Direction value) {
  return fields::text_in_table(value);
}

std::string_view text_of(StepPhase value) {
  return fields::text_in_table(value);
}

std::string_view text_of(RunOutcome value) {
  return fields::text_in_table(value);
}

}  // namespace pgupgrade
