#include "pgupgrade/model/json.hpp"

#include <boost/json.hpp>
#include <functional>

#include "model/samples.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;

namespace {

// Through text, as on disk.
boost::json::value reparsed(const boost::json::value& value) {
  return boost::json::parse(boost::json::serialize(value));
}

std::string json_error(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code() + " " + error.what();
  }
  return "no error";
}

// Calls `visit` with each object of the document, from the outside in.
void each_object(boost::json::value& value, const std::function<void(boost::json::object&)>& visit) {
  if (value.is_object()) {
    visit(value.get_object());
    for (auto& entry : value.get_object()) each_object(entry.value(), visit);
  } else if (value.is_array()) {
    for (auto& element : value.get_array()) each_object(element, visit);
  }
}

}  // namespace

TEST_CASE("an inventory survives JSON with all its fields") {
  REQUIRE(inventory_from_json(reparsed(to_json(samples::inventory()))) == samples::inventory());
  REQUIRE(inventory_from_json(reparsed(to_json(Inventory{}))) == Inventory{});
}

TEST_CASE("image facts survive JSON with all their fields") {
  REQUIRE(image_facts_from_json(reparsed(to_json(samples::image()))) == samples::image());
}

TEST_CASE("a plan survives JSON with all its fields") {
  REQUIRE(plan_from_json(reparsed(to_json(samples::plan()))) == samples::plan());
  REQUIRE(plan_from_json(reparsed(to_json(Plan{}))) == Plan{});
}

TEST_CASE("a run state survives JSON in every direction and outcome and phase") {
  REQUIRE(run_state_from_json(reparsed(to_json(samples::run_state()))) == samples::run_state());
  for (const RunOutcome outcome :
       {RunOutcome::unfinished, RunOutcome::succeeded, RunOutcome::rolled_back, RunOutcome::cleaned}) {
    RunState state;
    state.outcome = outcome;
    REQUIRE(run_state_from_json(reparsed(to_json(state))) == state);
  }
}

TEST_CASE("a fingerprint survives JSON with all its fields") {
  REQUIRE(fingerprint_from_json(reparsed(to_json(samples::fingerprint()))) == samples::fingerprint());
}

TEST_CASE("of a fingerprint of another format only the format is read") {
  const Fingerprint read =
      fingerprint_from_json(reparsed(boost::json::parse(R"({"format": 1, "roles": {"app": "login"}})")));
  REQUIRE(read == Fingerprint{.format = 1});
  REQUIRE(differences(read, samples::fingerprint()) ==
          std::vector<std::string>{"the fingerprints cannot be compared: format 2, expected 1"});
}

TEST_CASE("names that are not valid UTF-8 survive JSON, which stays valid") {
  Fingerprint value = samples::fingerprint();
  value.databases
      ["gr\xF6\xDF"
       "e"] = {.tables = {{"public.\"\xFF\"", {.rows = 1, .digest = "d"}}},
               .objects = {{"table \"m\xFC\"", {{"relowner", "m\xFCller"}}}}};
  const std::string text = boost::json::serialize(to_json(value));
  REQUIRE(is_utf8(text));
  REQUIRE(fingerprint_from_json(boost::json::parse(text)) == value);
}

TEST_CASE("a fingerprint of a hundred thousand tables survives JSON") {
  Fingerprint big;
  for (int i = 0; i < 100'000; ++i) {
    big.databases["shop"].tables["public.t" + std::to_string(i)] = {.rows = i, .digest = "d"};
  }
  REQUIRE(fingerprint_from_json(to_json(big)) == big);
}

TEST_CASE("a diagnostic is written in the words of the documentation") {
  const Diagnostic value{
      .severity = Severity::warning, .code = "W-B", .message = "role \"a\" keeps md5", .hint = "give it"};
  REQUIRE(boost::json::serialize(to_json(value)) ==
          R"({"severity":"warning","code":"W-B","message":"role \"a\" keeps md5","hint":"give it"})");
}

TEST_CASE("the keys of a run state are the names of the members and the enumerators are words") {
  RunState state;
  state.steps = {{.step = "wipe", .phase = StepPhase::undo_started, .data = {{"digest", "9c"}}}};
  boost::json::value json = to_json(state);
  json.get_object().erase("plan");
  REQUIRE(
      boost::json::serialize(json) ==
      R"({"format":1,"generation":0,"direction":"forward","outcome":"unfinished","until":"end","created_ms":0,"turned_back_ms":0,)"
      R"("targets":{},"steps":[{"step":"wipe","phase":"undo_started","attempt":1,"started_ms":0,)"
      R"("ended_ms":0,"data":{"digest":"9c"},"targets":{}}]})");
}

TEST_CASE("a step's record of a program that kept none of targets has none") {
  RunState state = samples::run_state();
  boost::json::value json = to_json(state);
  for (boost::json::value& step : json.at("steps").get_array()) step.get_object().erase("targets");
  for (StepRecord& record : state.steps) record.targets.clear();
  REQUIRE(run_state_from_json(json) == state);
  REQUIRE(samples::run_state() != state);
}

TEST_CASE("unknown keys are ignored wherever they stand") {
  boost::json::value json = to_json(samples::run_state());
  boost::json::value extended = json;
  // Maps keep every key as data, so only objects with a fixed set of keys take part.
  extended.get_object()["new_key"] = 1;
  extended.at("plan").get_object()["new_key"] = "x";
  extended.at("plan").at("targets").at(0).get_object()["new_key"] = true;
  extended.at("plan").at("targets").at(0).at("inventory").get_object()["new_key"] = nullptr;
  REQUIRE(run_state_from_json(extended) == samples::run_state());
}

TEST_CASE("each missing key of a run state is named") {
  const boost::json::value whole = to_json(samples::run_state());
  for (const auto& entry : whole.get_object()) {
    if (entry.key() == "targets" || entry.key() == "turned_back_ms" || entry.key() == "until")
      continue;  // not of older programs
    boost::json::value json = whole;
    json.get_object().erase(entry.key());
    REQUIRE(json_error([&] { run_state_from_json(json); }) ==
            "E-JSON \"state." + std::string(entry.key()) + "\": missing");
  }
}

TEST_CASE("a missing key within a plan is named with its place") {
  boost::json::value json = to_json(samples::plan());
  json.at("targets").at(0).at("data_mount").get_object().erase("target");
  REQUIRE(json_error([&] { plan_from_json(json); }) ==
          "E-JSON \"plan.targets[0].data_mount.target\": missing");
}

TEST_CASE("null counts as missing") {
  boost::json::value json = to_json(samples::image());
  json.get_object()["libc"] = nullptr;
  REQUIRE(json_error([&] { image_facts_from_json(json); }) == "E-JSON \"image.libc\": missing");
}

TEST_CASE("no key of a plan can be left out unnoticed but those of maps") {
  const boost::json::value whole = to_json(samples::plan());
  int fixed = 0;
  int unnoticed = 0;
  boost::json::value walked = whole;
  each_object(walked, [&](boost::json::object& object) {
    const boost::json::object saved = object;
    for (const auto& entry : saved) {
      object.erase(entry.key());
      const std::string error = json_error([&] { plan_from_json(walked); });
      object[entry.key()] = entry.value();
      error == "no error" ? ++unnoticed : ++fixed;
    }
  });
  // One entry each of labels, environment and file_digests; and what older programs did not write: three
  // fields of a database and its extension, three of each of four roles, three of the target, six of the
  // plan.
  // And eight that came with kept dumps, hooks, a new cluster beside the old, and altered built-in objects;
  // and four of a rehearsal; three of old data that is kept aside; two that came with the choice of a
  // strategy; two of targets that may be given up; five of plain containers; two
  // of columns in another order and of views; four of constructors, counters, oids of what is gone, and
  // rows; and
  // three of what is shown of a plan.
  REQUIRE(unnoticed == 3 + 3 + 12 + 3 + 6 + 8 + 4 + 3 + 2 + 2 + 5 + 2 + 4 + 3);
  REQUIRE(fixed > 100);
}

TEST_CASE("a value of the wrong type is named with what was expected") {
  const auto with = [](auto change) {
    boost::json::value json = to_json(samples::plan());
    change(json);
    return json_error([&] { plan_from_json(json); });
  };
  using Json = boost::json::value;
  REQUIRE(with([](Json& json) { json.get_object()["run_id"] = 5; }) ==
          "E-JSON \"plan.run_id\": expected a string");
  REQUIRE(with([](Json& json) { json.get_object()["jobs"] = "4"; }) ==
          "E-JSON \"plan.jobs\": expected a whole number");
  REQUIRE(with([](Json& json) { json.get_object()["jobs"] = 4.5; }) ==
          "E-JSON \"plan.jobs\": expected a whole number");
  REQUIRE(with([](Json& json) { json.get_object()["jobs"] = 5'000'000'000; }) ==
          "E-JSON \"plan.jobs\": number out of range");
  REQUIRE(with([](Json& json) { json.at("edits").at(0).get_object()["offset"] = -1; }) ==
          "E-JSON \"plan.edits[0].offset\": number out of range");
  REQUIRE(with([](Json& json) { json.get_object()["targets"] = "none"; }) ==
          "E-JSON \"plan.targets\": expected an array");
  REQUIRE(with([](Json& json) { json.at("targets").get_array().push_back(1); }) ==
          "E-JSON \"plan.targets[1]\": expected an object");
  REQUIRE(with([](Json& json) { json.get_object()["file_digests"] = 1; }) ==
          "E-JSON \"plan.file_digests\": expected an object");
  REQUIRE(with([](Json& json) { json.at("file_digests").get_object()["/a.yml"] = 1; }) ==
          "E-JSON \"plan.file_digests./a.yml\": expected a string");
  REQUIRE(with([](Json& json) { json.at("clients").at(0).get_object()["running"] = 1; }) ==
          "E-JSON \"plan.clients[0].running\": expected a boolean");
  REQUIRE(with([](Json& json) { json.at("diagnostics").at(1).get_object()["severity"] = "fatal"; }) ==
          "E-JSON \"plan.diagnostics[1].severity\": expected one of note, warning, error");
  REQUIRE(json_error([] { plan_from_json(boost::json::array{}); }) == "E-JSON \"plan\": expected an object");
}
