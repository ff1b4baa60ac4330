// What whole runs do, held against texts that lie beside this file: places reached, events told, and the
// calls to engine and Compose that change something, in their order. What only asks is left out, as are times
// and sizes.
//
// A change of behaviour that is meant shows in the difference of these texts: write them anew with
//   PGUPGRADE_GOLDEN=write build/release/test/upgrade_test "[golden]"
// and read the difference before it is committed.
#include <fmt/format.h>
#include <stdlib.h>

#include <filesystem>
#include <regex>
#include <set>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/paths.hpp"
#include "support/world/scene.hpp"

namespace pgupgrade::test {
namespace {

namespace fs = std::filesystem;

const char* word_of(upgrade::StepEventKind kind) {
  switch (kind) {
    case upgrade::StepEventKind::started:
      return "started";
    case upgrade::StepEventKind::done:
      return "done";
    case upgrade::StepEventKind::already:
      return "already done";
    case upgrade::StepEventKind::failed:
      return "failed";
    case upgrade::StepEventKind::undo_started:
      return "undo started";
    case upgrade::StepEventKind::undone:
      return "undone";
  }
  return "unknown";
}

// Listens to a scene. Ids of containers become their names, and the scene's directory <root>.
class Trace {
 public:
  explicit Trace(Scene& scene) : scene_(scene) {
    scene.probe.watcher = [this, own = scene.probe.watcher](const std::string& place) {
      add("place    " + place);
      own(place);
    };
    scene.faulty.on_change = [this](const std::string& change) { add("engine   " + change); };
    scene.compose.on_change = [this](const std::string& change) { add("compose  " + change); };
    scene.listener.on_step = [this](const upgrade::StepEvent& event) {
      add(fmt::format("event    {}/{} {} {}{}{}", event.number, event.total, event.step, word_of(event.kind),
                      event.detail.empty() ? "" : ": ", event.detail));
    };
  }

  void add(const std::string& line) {
    for (const auto& [id, container] : scene_.engine.containers) names_[id] = container.info.name;
    std::string text = line;
    for (const auto& [id, name] : names_) text = replaced(text, id, name);
    text = replaced(text, scene_.root.string(), "<root>");
    static const std::regex kSize("[0-9][0-9.,]* (bytes|B|[KMG]iB)");
    text_ += std::regex_replace(text, kSize, "<size>") + "\n";
  }

  const std::string& text() const { return text_; }

 private:
  static std::string replaced(std::string text, const std::string& old_part, const std::string& new_part) {
    for (auto at = text.find(old_part); at != std::string::npos;
         at = text.find(old_part, at + new_part.size()))
      text.replace(at, old_part.size(), new_part);
    return text;
  }

  Scene& scene_;
  std::map<std::string, std::string> names_;  // of containers by id, also of those that are gone
  std::string text_;
};

using Act = std::function<void(Scene&, Trace&)>;

void run(Scene& scene, Trace& trace) {
  trace.add("== start");
  scene.start();
}

void roll_back(Scene& scene, Trace& trace) {
  trace.add("== rollback");
  scene.roll_back();
}

struct GoldenScene {
  const char* name;
  SceneOptions options;
  Act act;
};

const std::vector<GoldenScene>& golden_scenes() {
  static const std::vector<GoldenScene> scenes = {
      {"to-17", {}, run},
      {"to-18-where-the-mount-moves", {.new_major = 18}, run},
      {"two-targets", {.targets = 2}, run},
      {"data-in-a-subdirectory", {.subdirectory = true}, run},
      {"no-clients", {.clients = false}, run},
      {"old-data-aside",
       {.left_behind = false, .unlogged = false, .backup = Backup::aside},
       [](Scene& scene, Trace& trace) {
         run(scene, trace);
         roll_back(scene, trace);
       }},
      {"warm", {.unlogged = false, .strategy = "warm"}, run},
      {"plain-container", {.new_major = 18, .plain = true}, run},
      {"plain-container-and-back",
       {.plain = true},
       [](Scene& scene, Trace& trace) {
         run(scene, trace);
         roll_back(scene, trace);
       }},
      {"rollback-after-the-wipe",
       {},
       [](Scene& scene, Trace& trace) {
         trace.add("== start, and death after the wipe");
         scene.die_at("wipe:after-done");
         roll_back(scene, trace);
       }},
      {"rollback-after-success",
       {},
       [](Scene& scene, Trace& trace) {
         run(scene, trace);
         roll_back(scene, trace);
       }},
  };
  return scenes;
}

fs::path golden_directory() {
  return test_data() / "upgrade" / "golden";
}

std::string trace_of(const GoldenScene& golden) {
  Scene scene(golden.options);
  Trace trace(scene);
  golden.act(scene, trace);
  return trace.text();
}

// Where two texts part: the line, and what came before it.
std::string difference(const std::string& expected, const std::string& actual) {
  const auto old_lines = split_lines(expected);
  const auto new_lines = split_lines(actual);
  std::size_t at = 0;
  while (at < old_lines.size() && at < new_lines.size() && old_lines[at] == new_lines[at]) ++at;
  if (at == old_lines.size() && at == new_lines.size()) return {};
  std::string text = fmt::format("from line {} on:\n", at + 1);
  for (std::size_t before = at < 3 ? 0 : at - 3; before < at; ++before)
    text += "  " + old_lines[before] + "\n";
  text += "- " + (at < old_lines.size() ? old_lines[at] : "(the end)") + "\n";
  text += "+ " + (at < new_lines.size() ? new_lines[at] : "(the end)") + "\n";
  return text;
}

}  // namespace

TEST_CASE("whole runs do what is written down", "[golden]") {
  for (const GoldenScene& golden : golden_scenes()) {
    const fs::path file = golden_directory() / (std::string(golden.name) + ".txt");
    const std::string actual = trace_of(golden);
    if (::getenv("PGUPGRADE_GOLDEN") != nullptr) write_file_durably(file, actual, 0644);
    INFO(file.filename().string() + ", written anew as the head of golden_test.cpp says, would differ");
    CHECK(difference(read_file_if_present(file).value_or(""), actual) == "");
  }
}

TEST_CASE("every text of a whole run belongs to a scene", "[golden]") {
  std::set<std::string> expected;
  for (const GoldenScene& golden : golden_scenes()) expected.insert(std::string(golden.name) + ".txt");
  std::set<std::string> found;
  for (const auto& entry : fs::directory_iterator(golden_directory()))
    found.insert(entry.path().filename().string());
  CHECK(found == expected);
}

}  // namespace pgupgrade::test
