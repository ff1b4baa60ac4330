#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/points.hpp"
#include "pgupgrade/upgrade/command/commands.hpp"
#include "pgupgrade/upgrade/strategy/strategy.hpp"
#include "upgrade/back/way_back.hpp"
#include "upgrade/run/names.hpp"

namespace pgupgrade::upgrade {
namespace {

// Of any target.
bool old_data_is_gone(const RunState& state) {
  if (begun(state, Point::fills_place)) return true;
  return std::any_of(state.targets.begin(), state.targets.end(), [](const auto& target) {
    return target.second.old_data == OldData::leaving || target.second.old_data == OldData::returning;
  });
}

std::string applications(const RunState& state) {
  const bool run = !begun(state, Point::stops_clients) || passed(state, Point::releases_clients);
  return run ? "the applications run" : "the applications are stopped";
}

// A run of a strategy that this program does not know: what it did with the old data is not known either.
std::string old_data(const RunState& state) {
  const Strategy* strategy = find_strategy(state.plan.strategy);
  if (strategy != nullptr) return strategy->way_back(state.plan).old_data(state);
  return fmt::format("the old data is where strategy \"{}\" of pgupgrade {} keeps it",
                     printable(state.plan.strategy), printable(state.plan.tool_version));
}

// Rows that are compared after the downtime are not claimed before.
std::string verified(const RunState& state) {
  if (state.plan.verify != Verify::deferred) return "upgraded and verified";
  bool all = true;
  for (const TargetPlan& target : state.plan.targets) {
    const auto known = state.targets.find(target.service);
    const RowsCompared rows =
        known == state.targets.end() ? RowsCompared::by_plan : known->second.rows_compared;
    if (rows == RowsCompared::different) return "upgraded, but its rows are not those of the old data";
    all = all && rows == RowsCompared::identical;
  }
  return all ? "upgraded and verified" : "upgraded and verified but for the rows";
}

std::string of_upgraded(const RunState& state) {
  const std::string old = old_versions(state.plan);
  if (is_rehearsal(state.plan)) return fmt::format("untouched, still {}; the applications run", old);
  switch (state.outcome) {
    case RunOutcome::succeeded:
      return verified(state) + "; " + old_data(state);
    case RunOutcome::rolled_back:
      return fmt::format("as before the run, {}", old);
    case RunOutcome::cleaned:
      return state.direction == Direction::back
                 ? fmt::format("as before the run, {}; {}", old, old_data(state))
                 : verified(state) + "; " + old_data(state);
    case RunOutcome::unfinished:
      break;
  }
  if (!begun(state, Point::stops_server))
    return fmt::format("untouched, still {}; {}", old, applications(state));
  if (!old_data_is_gone(state))
    return fmt::format("untouched, still {}; the server and the applications are stopped", old);
  if (passed(state, Point::proves))
    return fmt::format("{}, {}; {}", verified(state), old_data(state), applications(state));
  return fmt::format("{}; the new cluster is not complete; {}", old_data(state), applications(state));
}

// What --keep-going has given up is as before the run, or on its way there.
std::string of_given_up(const RunState& state) {
  std::string text;
  for (const auto& [service, target] : state.targets)
    if (target.given_up != GivenUp::no)
      text += fmt::format("; service {} {}", printable(service),
                          target.given_up == GivenUp::back ? "is as before the run" : "is going back");
  return text;
}

}  // namespace

std::string data_state(const RunState& state) {
  const bool all_as_before = state.outcome == RunOutcome::rolled_back || state.direction == Direction::back;
  return of_upgraded(state) + (all_as_before ? std::string() : of_given_up(state));
}

std::vector<std::string> next_commands(const RunState& state, const std::filesystem::path& state_file) {
  const std::string suffix = " --state " + shell_word(state_file.string());
  if (is_rehearsal(state.plan)) {
    if (state.outcome == RunOutcome::cleaned) return {};
    return {"pgupgrade cleanup" + suffix};
  }
  switch (state.outcome) {
    case RunOutcome::succeeded:
      return {"pgupgrade cleanup" + suffix, "pgupgrade rollback --discard-new-writes" + suffix};
    case RunOutcome::rolled_back:
      return {"pgupgrade cleanup" + suffix};
    case RunOutcome::cleaned:
      return {};
    case RunOutcome::unfinished:
      break;
  }
  if (state.direction == Direction::back) return {"pgupgrade rollback" + suffix};
  switch (halted_at(state)) {
    case Until::prepared:
      return {(state.until == Until::dumped ? "pgupgrade resume" : "pgupgrade run") + suffix,
              "pgupgrade cancel" + suffix};
    case Until::dumped:
      return {"pgupgrade wipe" + suffix, "pgupgrade rollback" + suffix};
    case Until::wiped:
      return {"pgupgrade load" + suffix, "pgupgrade rollback" + suffix};
    case Until::end:
      break;
  }
  const bool served = passed(state, Point::serves) || ever_begun(state, Point::releases_clients);
  return {"pgupgrade resume" + suffix,
          (served ? "pgupgrade rollback --discard-new-writes" : "pgupgrade rollback") + suffix};
}

std::vector<std::string> preparation(const RunState& state, World& world) {
  std::vector<std::string> lines;
  const Strategy* strategy = find_strategy(state.plan.strategy);
  if (!is_prepared(state) || strategy == nullptr || strategy->preparation == nullptr) return lines;
  for (const TargetPlan& target : state.plan.targets) {
    const auto known = state.targets.find(target.service);
    if (known == state.targets.end() || known->second.given_up == GivenUp::no)
      lines.push_back(strategy->preparation(world, state.plan, target));
  }
  return lines;
}

}  // namespace pgupgrade::upgrade
