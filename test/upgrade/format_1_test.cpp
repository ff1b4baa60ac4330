// Runs that the first format's program began. format_1/<place>/ is the run's directory as that program left
// it when it died there, on the simulated shop.
#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "support/catch.hpp"
#include "support/paths.hpp"
#include "support/world/crash.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kPlaces = {"freeze:after-done", "dump:fingerprint-taken", "wipe:emptied",
                                          "restore:globals-restored", "start:healthy"};

constexpr const char* kFingerprint = "fingerprint-db-old.json";
constexpr const char* kFingerprintDigest = "db.fingerprint_sha256";

fs::path kept_directory(std::string place) {
  std::replace(place.begin(), place.end(), ':', '-');
  return test_data() / "upgrade" / "format_1" / place;
}

// In the first format's form: the kept plan, which names the directory of its scene; of the steps what this
// scene's have found, since data differ, but for the fingerprint.
std::string state_in(const Scene& scene, const fs::path& kept, const fs::path& own) {
  const std::string root_mark = "/the/scene";
  std::string text = read_file(kept);
  for (std::size_t at = 0; (at = text.find(root_mark, at)) != std::string::npos;
       at += scene.root.native().size())
    text.replace(at, root_mark.size(), scene.root.native());
  boost::json::object state = boost::json::parse(text).at("state").as_object();
  boost::json::array steps = boost::json::parse(read_file(own)).at("state").at("steps").as_array();
  for (const auto& step : state.at("steps").as_array()) {
    const auto* digest = step.at("data").as_object().if_contains(kFingerprintDigest);
    for (auto& mine : steps)
      if (digest != nullptr && mine.at("step") == step.at("step"))
        mine.at("data").as_object()[kFingerprintDigest] = *digest;
  }
  state["steps"] = steps;
  const std::string body = json::pretty(state);
  return "{\"pgupgrade_state\": 1, \"sha256\": \"" + sha256_hex(body) + "\", \"state\":\n" + body + "}\n";
}

// The world as it is at a death there, with the state and the fingerprint that the older program left.
void die_as_older_program(Scene& scene, const std::string& place) {
  scene.die_at(place);
  const fs::path kept = kept_directory(place);
  const fs::path own = scene.run_directory();
  for (const char* name : {"state.json", "state.json.previous"})
    write_file_durably(own / name, state_in(scene, kept / name, own / name));
  if (fs::exists(kept / kFingerprint))
    fs::copy_file(kept / kFingerprint, own / kFingerprint, fs::copy_options::overwrite_existing);
}

}  // namespace

// Its fingerprint lists what is compared, today's what is not: they cannot be held against each other.
TEST_CASE("a run that a program of the first format began is gone on with but for its fingerprint") {
  for (const std::string& place : kPlaces) {
    INFO(place);
    Scene scene({.left_behind = false});
    die_as_older_program(scene, place);
    if (place.starts_with("wipe:") || place.starts_with("restore:")) {
      CHECK(error_of([&] { scene.resume(); }) ==
            "E-FINGERPRINT-FORMAT: cannot continue: the fingerprint of service \"db\" was taken by another "
            "version of "
            "this program (format 1, expected 2)");
      scene.roll_back();
      REQUIRE(scene.wrong_after_rollback() == "");
      continue;
    }
    scene.resume();
    REQUIRE(scene.wrong_after_success().empty());
  }
}

TEST_CASE("a run that a program of the first format began is rolled back") {
  for (const std::string& place : kPlaces) {
    INFO(place);
    Scene scene({.left_behind = false});
    die_as_older_program(scene, place);
    scene.roll_back();
    REQUIRE(scene.wrong_after_rollback() == "");
  }
}

TEST_CASE("damage to a state file of the first format is found") {
  Scene scene;
  scene.die_at("wipe:emptied");
  std::string text = state_in(scene, kept_directory("wipe:emptied") / "state.json", scene.state_file());
  CHECK(upgrade::parse_state(text, "/srv/state.json").plan.run_id == scene.plan.run_id);
  text.replace(text.find("\"started\""), std::string_view("\"started\"").size(), "\"done\"");
  CHECK(error_of([&] { upgrade::parse_state(text, "/srv/state.json"); }) ==
        "E-STATE-DAMAGED: cannot use the state file /srv/state.json: its digest does not fit its content");
}

}  // namespace pgupgrade::test
