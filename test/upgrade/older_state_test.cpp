// The generation before, and older ones, in the newest's place.
#include <filesystem>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "support/catch.hpp"
#include "support/world/crash.hpp"
#include "support/world/scene.hpp"
#include "upgrade/campaign.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> places_of_run() {
  Scene scene;
  scene.start();
  return scene.probe.places;
}

// Dies at the index-th place, and gives every generation of the state file that there was until then.
std::vector<std::string> generations_until_death(Scene& scene, std::size_t at) {
  std::vector<std::string> generations;
  std::size_t seen = 0;
  scene.probe.on_reach = [&](const std::string& place) {
    const auto text = read_file_if_present(scene.state_file());
    if (text && (generations.empty() || generations.back() != *text)) {
      const auto before = read_file_if_present(scene.state_file().string() + ".previous");
      if (before && !generations.empty() && generations.back() != *before) generations.push_back(*before);
      generations.push_back(*text);
    }
    if (seen++ == at) throw Crash{place};
  };
  try {
    scene.start();
  } catch (const Crash&) {
  }
  scene.probe.on_reach = {};
  return generations;
}

void go_from(Scene& scene, const fs::path& state, Way way) {
  upgrade::World world = scene.world();
  if (way == Way::resume)
    upgrade::resume_upgrade(state, world, scene.listener);
  else
    upgrade::roll_back(state, upgrade::NewWrites::discard, world, scene.listener);
}

std::string wrong_at_end(Scene& scene, Way way) {
  return way == Way::resume ? scene.wrong_after_success() : scene.wrong_after_rollback();
}

std::vector<Tree> trees(Scene& scene) {
  std::vector<Tree> result;
  for (std::size_t index = 0; index < scene.plan.targets.size(); ++index) result.push_back(scene.data(index));
  return result;
}

// Of what is wrong, what has to do with data: whether containers run is beyond what an old state can know.
std::string wrong_data(const std::string& wrong) {
  std::string result;
  for (const std::string& line : split_lines(wrong))
    if (line.find("does not run") == std::string::npos && line.find("has policy") == std::string::npos &&
        !line.empty())
      result += line + "\n";
  return result;
}

// No success with other data; and after a refusal, the old data is as safe as the newest state says.
void data_is_safe(Scene& scene, const std::string& newest, Way way) {
  try {
    go_from(scene, scene.state_file(), way);
    CHECK(wrong_data(wrong_at_end(scene, way)) == "");
  } catch (const Error& error) {
    INFO(error.code() << ": " << error.what());
    write_file_durably(scene.state_file(), newest);
    write_file_durably(scene.state_file().string() + ".previous", newest);
    CHECK(scene.wrong_at_crash() == "");
  }
}

void go_on_from_the_one_before(Way way) {
  const auto places = places_of_run();
  for (std::size_t at = 0; at < places.size(); ++at) {
    Scene scene;
    generations_until_death(scene, at);
    const fs::path previous = scene.state_file().string() + ".previous";
    if (!fs::exists(previous) || places[at] == "end:recorded") continue;
    INFO("died at " << places[at]);
    write_file_durably(scene.state_file(), "{");
    try {
      go_from(scene, previous, way);
      CHECK(wrong_at_end(scene, way) == "");
    } catch (const Error& error) {
      FAIL_CHECK(error.code() << ": " << error.what());
    }
  }
}

}  // namespace

TEST_CASE("a run whose newest state is damaged is brought to its end from the generation before") {
  go_on_from_the_one_before(Way::resume);
}

TEST_CASE("a run whose newest state is damaged is undone from the generation before") {
  go_on_from_the_one_before(Way::roll_back);
}

TEST_CASE("an older generation in the newest's place is refused while the one before is there") {
  for (const Way way : {Way::resume, Way::roll_back}) {
    Scene scene;
    const auto generations = generations_until_death(scene, places_of_run().size() / 2);
    write_file_durably(scene.state_file(), generations.front());
    const auto before = trees(scene);
    CHECK_THAT(error_of([&] { go_from(scene, scene.state_file(), way); }),
               ContainsSubstring("E-STATE-OLD: "));
    CHECK(trees(scene) == before);
    const fs::path previous = scene.state_file().string() + ".previous";
    CHECK(hint_of([&] { go_from(scene, scene.state_file(), way); }) ==
          "continue from the newest: pgupgrade resume --state " + previous.string() +
              ", or: pgupgrade rollback --state " + previous.string());
    go_from(scene, previous, way);
    CHECK(wrong_at_end(scene, way) == "");
  }
}

TEST_CASE("a state file is refused when the generation before it is gone") {
  Scene scene;
  const auto generations = generations_until_death(scene, places_of_run().size() / 2);
  const std::string previous = scene.state_file().string() + ".previous";
  fs::remove(previous);
  CHECK_THAT(error_of([&] { scene.resume(); }), ContainsSubstring("E-STATE-OLD: "));
  CHECK(hint_of([&] { scene.roll_back(); }) ==
        "put it back; or, when you know that no newer one was written: cp " + scene.state_file().string() +
            " " + previous);
  fs::copy_file(scene.state_file(), previous);
  scene.resume();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("no data is lost when both generations are replaced by older ones") {
  const auto places = places_of_run();
  const std::size_t stride = whole_campaign() ? 1 : is_sampled() ? 31 : 9;
  for (const Way way : {Way::resume, Way::roll_back}) {
    for (std::size_t at = 5; at < places.size(); at += stride) {
      std::size_t count = 0;
      {
        Scene scene;
        count = generations_until_death(scene, at).size();
      }
      for (std::size_t chosen = 1; chosen + 1 < count; chosen += whole_campaign() ? 1 : 7) {
        Scene scene;
        const auto generations = generations_until_death(scene, at);
        if (upgrade::parse_state(generations.back(), "x").outcome != RunOutcome::unfinished) continue;
        INFO((way == Way::resume ? "resume" : "rollback")
             << " at " << places[at] << " from generation " << chosen + 1 << " of " << count);
        write_file_durably(scene.state_file(), generations[chosen]);
        write_file_durably(scene.state_file().string() + ".previous", generations[chosen - 1]);
        data_is_safe(scene, generations.back(), way);
      }
    }
  }
}

}  // namespace pgupgrade::test
