// Runs that programs of older formats began. format_<n>/<place>/ is the run's directory as such a program
// left it when it died there, on the simulated shop.
#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "support/catch.hpp"
#include "support/paths.hpp"
#include "support/world/crash.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

namespace fs = std::filesystem;
namespace bj = boost::json;

const std::vector<std::string> kPlaces = {"freeze:after-done", "dump:fingerprint-taken", "wipe:emptied",
                                          "restore:globals-restored", "start:healthy"};

constexpr const char* kFingerprint = "fingerprint-db-old.json";

fs::path kept_directory(int format, std::string place) {
  std::replace(place.begin(), place.end(), ':', '-');
  return test_data() / "upgrade" / ("format_" + std::to_string(format)) / place;
}

RunState state_of(const Scene& scene) {
  return upgrade::parse_state(read_file(scene.state_file()), scene.state_file());
}

// What today's program knows of the target, as older ones noted it: "step key" -> text.
std::map<std::string, std::string> older_notes(const TargetState& state) {
  return {{"pull image_id", state.image.id},
          {"pull version", state.image.version},
          {"pull owner", state.image.owner},
          {"pull image_owner", state.image.builder},
          {"freeze logins", join(state.logins, "\n")},
          {"stop-old started_at", state.old_started_at},
          {"backup archive_sha256", state.backup.archive_sha256},
          {"backup archive_bytes", std::to_string(state.backup.archive_bytes)},
          {"backup manifest_sha256", state.backup.manifest_sha256},
          {"dump record_sha256", state.dump_sha256},
          {"dump fingerprint_sha256", state.old_fingerprint_sha256},
          {"verify tables", std::to_string(state.counts.tables)},
          {"verify rows", std::to_string(state.counts.rows)},
          {"verify sequences", std::to_string(state.counts.sequences)},
          {"verify roles", std::to_string(state.counts.roles)},
          {"start next_transaction", state.next_transaction},
          {"start logins", std::to_string(state.logins_repeated)}};
}

// One note of the kept state, of this scene's data where it depends on data.
std::string own_note(const RunState& own, const std::map<std::string, std::string>& notes,
                     const std::string& step, const std::string& key, const std::string& kept) {
  const auto note = notes.find(step + " " + key.substr(key.find('.') + 1));
  if (note != notes.end()) return note->second;
  for (const StepRecord& record : own.steps)
    if (record.step == step && record.data.contains(key)) return record.data.at(key);
  return kept;
}

// The kept state, which names the directory of its scene, with what this scene's steps have found.
std::string state_in(const Scene& scene, int format, const fs::path& kept, const RunState& own,
                     const std::map<std::string, std::string>& notes) {
  const std::string root_mark = "/the/scene";
  std::string text = read_file(kept);
  for (std::size_t at = 0; (at = text.find(root_mark, at)) != std::string::npos;
       at += scene.root.native().size())
    text.replace(at, root_mark.size(), scene.root.native());
  bj::object state = bj::parse(text).at("state").as_object();
  for (auto& step : state.at("steps").as_array()) {
    bj::object& record = step.as_object();
    const std::string name(record.at("step").as_string());
    for (auto& [key, value] : record.at("data").as_object())
      value = own_note(own, notes, name, std::string(key), std::string(value.as_string()));
  }
  const std::string body = json::pretty(state);
  return "{\"pgupgrade_state\": " + std::to_string(format) + ", \"sha256\": \"" + sha256_hex(body) +
         "\", \"state\":\n" + body + "}\n";
}

// The one record that older programs kept of the dump and the old cluster; its digest.
std::string join_records(const fs::path& directory) {
  bj::object dump = bj::parse(read_file(directory / "dump-db.json")).as_object();
  const bj::object old_cluster = bj::parse(read_file(directory / "old-cluster-db.json")).as_object();
  for (auto& database : dump.at("databases").as_array()) database.as_object()["remote_views"] = bj::array{};
  for (const char* key : {"carried", "all_role_settings", "hidden_settings"}) dump[key] = old_cluster.at(key);
  const std::string text = json::pretty(dump);
  write_file_durably(directory / "dump-db.json", text);
  fs::remove(directory / "old-cluster-db.json");
  return sha256_hex(text);
}

// The world as it is at a death there, with what the older program left.
void die_as_older_program(Scene& scene, int format, const std::string& place) {
  scene.die_at(place);
  const fs::path kept = kept_directory(format, place);
  const fs::path own = scene.run_directory();
  const RunState state = state_of(scene);
  auto notes = older_notes(state.targets.at("db"));
  if (fs::exists(own / "old-cluster-db.json")) notes["dump record_sha256"] = join_records(own);
  if (fs::exists(kept / kFingerprint)) {
    fs::copy_file(kept / kFingerprint, own / kFingerprint, fs::copy_options::overwrite_existing);
    notes["dump fingerprint_sha256"] = sha256_hex(read_file(own / kFingerprint));
  }
  for (const char* name : {"state.json", "state.json.previous"})
    write_file_durably(own / name, state_in(scene, format, kept / name, state, notes));
}

}  // namespace

// The first format's fingerprint lists what is compared, today's what is not: they cannot be held against
// each other.
TEST_CASE("a run that a program of the first format began is gone on with but for its fingerprint") {
  for (const std::string& place : kPlaces) {
    INFO(place);
    Scene scene({.left_behind = false});
    die_as_older_program(scene, 1, place);
    if (place.starts_with("wipe:") || place.starts_with("restore:")) {
      CHECK(error_of([&] { scene.resume(); }) ==
            "E-FINGERPRINT-FORMAT: cannot continue: the fingerprint of service \"db\" was taken by another "
            "version of this program (format 1, expected 2)");
      scene.roll_back();
      REQUIRE(scene.wrong_after_rollback() == "");
      continue;
    }
    scene.resume();
    REQUIRE(scene.wrong_after_success().empty());
  }
}

TEST_CASE("a run that a program of the second format began is gone on with") {
  for (const std::string& place : kPlaces) {
    INFO(place);
    Scene scene({.left_behind = false});
    die_as_older_program(scene, 2, place);
    const RunState before = state_of(scene);
    CHECK(before.plan.strategy == "dump");
    CHECK(before.plan.steps.size() == 17);  // those of that program, whatever there is by now
    scene.resume();
    REQUIRE(scene.wrong_after_success().empty());
    CHECK(read_file(scene.state_file()).starts_with("{\"pgupgrade_state\": 3,"));
  }
}

TEST_CASE("a run that a program of an older format began is rolled back") {
  for (const int format : {1, 2}) {
    for (const std::string& place : kPlaces) {
      INFO(format << ", " << place);
      Scene scene({.left_behind = false});
      die_as_older_program(scene, format, place);
      scene.roll_back();
      REQUIRE(scene.wrong_after_rollback() == "");
    }
  }
}

TEST_CASE("damage to a state file of an older format is found") {
  for (const int format : {1, 2}) {
    Scene scene({.left_behind = false});
    die_as_older_program(scene, format, "wipe:emptied");
    std::string text = read_file(scene.state_file());
    CHECK(upgrade::parse_state(text, "/srv/state.json").plan.run_id == scene.plan.run_id);
    text.replace(text.find("\"started\""), std::string_view("\"started\"").size(), "\"done\"");
    CHECK(error_of([&] { upgrade::parse_state(text, "/srv/state.json"); }) ==
          "E-STATE-DAMAGED: cannot use the state file /srv/state.json: checksum mismatch");
  }
}

}  // namespace pgupgrade::test
