#include "upgrade/run/older_state.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::upgrade {
namespace {

// The sequence of all programs before format 3. It never changes again.
std::vector<StepPlan> only_steps() {
  return {
      {.name = "pull", .phase = Phase::prepare, .passes = {}},
      {.name = "freeze", .passes = {Point::stops_clients}},
      {.name = "stop-old", .passes = {Point::stops_server}},
      {.name = "backup", .passes = {}},
      {.name = "verify-backup", .passes = {}},
      {.name = "dump", .passes = {}},
      {.name = "verify-dump", .passes = {}},
      {.name = "wipe", .passes = {Point::replaces_data}},
      {.name = "start-new", .passes = {Point::fills_place}},
      {.name = "restore", .passes = {}},
      {.name = "configure", .passes = {}},
      {.name = "scram", .passes = {}},
      {.name = "refresh", .passes = {}},
      {.name = "verify", .passes = {Point::proves}},
      {.name = "edit-compose", .passes = {Point::declares}},
      {.name = "start", .passes = {Point::serves}},
      {.name = "thaw", .passes = {Point::releases_clients}},
  };
}

// Takes out of a step's record what has become knowledge of the target.
class Notes {
 public:
  Notes(RunState& state, std::string service) : state_(state), service_(std::move(service)) {}

  std::string take(const std::string& step, const std::string& key) {
    const auto record = std::find_if(state_.steps.begin(), state_.steps.end(),
                                     [&](const StepRecord& other) { return other.step == step; });
    if (record == state_.steps.end()) return {};
    const auto node = record->data.extract(service_ + "." + key);
    return node.empty() ? std::string() : node.mapped();
  }

  std::int64_t take_number(const std::string& step, const std::string& key) {
    const std::string text = take(step, key);
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

 private:
  RunState& state_;
  std::string service_;
};

// Three steps wrote whether the data was on its way out or back, each for itself.
OldData old_data(Notes& notes) {
  const std::string wiped = notes.take("wipe", "emptying");
  const std::string wiped_back = notes.take("wipe", "putting_back");
  const std::string dumped = notes.take("dump", "emptying");
  const std::string dumped_back = notes.take("dump", "putting_back");
  const std::string lost = notes.take("stop-old", "emptying");
  if (wiped == "yes")
    return wiped_back == "yes" || dumped_back == "yes" ? OldData::returning : OldData::leaving;
  if (dumped == "yes" || lost == "yes") return OldData::returning;
  if (wiped_back == "yes" || dumped_back == "yes" || lost == "no") return OldData::returned;
  return wiped == "no" ? OldData::stayed : OldData::in_place;
}

std::map<std::string, std::vector<std::string>> not_analyzed(const std::string& text) {
  std::map<std::string, std::vector<std::string>> tables;
  if (text.empty()) return tables;
  const auto value = json::parse(text, "the tables that are not analyzed");
  const auto& databases = json::as_object(value, "not_analyzed");
  for (const auto& entry : databases)
    tables[std::string(entry.key())] = json::get_strings(databases, entry.key());
  return tables;
}

TargetState target_state(Notes notes) {
  TargetState state;
  state.image = {.id = notes.take("pull", "image_id"),
                 .version = notes.take("pull", "version"),
                 .owner = notes.take("pull", "owner"),
                 .builder = notes.take("pull", "image_owner")};
  state.logins = split_lines(notes.take("freeze", "logins"));
  state.logins_repeated = static_cast<int>(notes.take_number("start", "logins"));
  state.old_started_at = notes.take("stop-old", "started_at");
  state.backup = {.archive_sha256 = notes.take("backup", "archive_sha256"),
                  .archive_bytes = notes.take_number("backup", "archive_bytes"),
                  .manifest_sha256 = notes.take("backup", "manifest_sha256"),
                  .damaged = notes.take("wipe", "backup_damaged") == "yes"};
  state.old_data = old_data(notes);
  state.old_fingerprint_sha256 = notes.take("dump", "fingerprint_sha256");
  state.dump_sha256 = notes.take("dump", "record_sha256");
  state.counts = {.tables = notes.take_number("verify", "tables"),
                  .rows = notes.take_number("verify", "rows"),
                  .sequences = notes.take_number("verify", "sequences"),
                  .roles = notes.take_number("verify", "roles")};
  state.not_analyzed = not_analyzed(notes.take("refresh", "not_analyzed"));
  state.next_transaction = notes.take("start", "next_transaction");
  return state;
}

}  // namespace

void complete_older(RunState& state) {
  state.plan.strategy = "dump";
  state.plan.steps = only_steps();
  for (const TargetPlan& target : state.plan.targets)
    state.targets[target.service] = target_state(Notes(state, target.service));
}

}  // namespace pgupgrade::upgrade
