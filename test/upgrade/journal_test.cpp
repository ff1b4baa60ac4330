#include "pgupgrade/upgrade/run/journal.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/files.hpp"
#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

using upgrade::Journal;

std::string damaged(const std::filesystem::path& path, const std::string& why) {
  return fmt::format("E-STATE-DAMAGED: cannot use the state file {}: {}", path.string(), why);
}

Journal journal_with_history(Scene& scene) {
  Journal journal =
      Journal::create({.directory = scene.run_directory()}, {.created_ms = 7, .plan = scene.plan});
  journal.record_started("pull", 10);
  journal.record_data("pull", "db.image_id", "sha256:postgres17");
  journal.record_done("pull", 20);
  journal.record_started("freeze", 30);
  return journal;
}

}  // namespace

TEST_CASE("a journal is read again as it was written") {
  Scene scene;
  const Journal written = journal_with_history(scene);
  const Journal read = Journal::open(written.files());
  CHECK(read.state() == written.state());
  CHECK(read.state().generation == 5);
  CHECK(read.find("pull")->phase == StepPhase::done);
  CHECK(read.find("freeze")->phase == StepPhase::started);
  CHECK(read.datum("pull", "db.image_id") == "sha256:postgres17");
  CHECK(read.datum("freeze", "nothing").empty());
  CHECK(read.find("thaw") == nullptr);
}

TEST_CASE("a state file that is torn at any byte is refused") {
  Scene scene;
  const Journal journal = journal_with_history(scene);
  const auto path = journal.files().state();
  const std::string text = read_file(path);
  for (std::size_t length = 0; length < text.size(); ++length) {
    const std::string error = error_of([&] { upgrade::parse_state(text.substr(0, length), path); });
    // Without its last line feed it is whole JSON, and still not what was written.
    const bool whole_json = length == text.size() - 1;
    INFO(length);
    REQUIRE(error == damaged(path, whole_json ? "checksum mismatch" : "it is truncated or not valid JSON"));
  }
}

TEST_CASE("a flipped bit anywhere in a state file is found") {
  Scene scene;
  const Journal journal = journal_with_history(scene);
  const auto path = journal.files().state();
  const std::string text = read_file(path);
  for (std::size_t at = 0; at < text.size(); at += 29) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = text;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      INFO(at << " bit " << bit);
      REQUIRE_THAT(error_of([&] { upgrade::parse_state(flipped, path); }),
                   ContainsSubstring("cannot use the state file " + path.string()));
    }
  }
}

TEST_CASE("a state file of another format is refused with what to do") {
  Scene scene;
  const Journal journal = journal_with_history(scene);
  const auto path = journal.files().state();
  std::string text = read_file(path);
  const std::string mark = "\"pgupgrade_state\": 3";
  text.replace(text.find(mark), mark.size(), "\"pgupgrade_state\": 4");
  CHECK(
      error_of([&] { upgrade::parse_state(text, path); }) ==
      fmt::format("E-STATE-FORMAT: cannot use the state file {}: its format is 4, this program knows 1 to 3",
                  path.string()));
  CHECK(hint_of([&] { upgrade::parse_state(text, path); }) ==
        "continue with the version of pgupgrade that started the run");
}

TEST_CASE("files that are no state files are refused") {
  const std::filesystem::path path = "/srv/state.json";
  CHECK(error_of([&] { upgrade::parse_state("", path); }) ==
        damaged(path, "it is truncated or not valid JSON"));
  CHECK(error_of([&] { upgrade::parse_state("[]", path); }) ==
        damaged(path, "it is truncated or not valid JSON"));
  CHECK(error_of([&] { upgrade::parse_state("{\"name\": \"web\"}", path); }) ==
        damaged(path, "it is not a state file of this program"));
  CHECK(error_of([&] { upgrade::parse_state("{\"pgupgrade_state\": 1}", path); }) ==
        damaged(path, "a part of it is missing"));
}

TEST_CASE("the generation before is kept and named when the newest is damaged") {
  Scene scene;
  const Journal journal = journal_with_history(scene);
  write_file_durably(journal.files().state(), "{");
  CHECK(hint_of([&] { Journal::open(journal.files()); }) ==
        fmt::format("the generation before is intact; to continue from it: pgupgrade resume --state {}",
                    journal.files().previous_state().string()));
  CHECK(Journal::open_file(journal.files().previous_state()).state().generation == 4);
}

TEST_CASE("going on from the generation before never lets the damaged one take its place") {
  Scene scene;
  const Journal lost = journal_with_history(scene);
  write_file_durably(lost.files().state(), "{");
  Journal journal = Journal::open_file(lost.files().previous_state());
  journal.record_started("freeze", 40);
  CHECK(Journal::open(lost.files()).state() == journal.state());
  const auto previous = lost.files().previous_state();
  CHECK(upgrade::parse_state(read_file(previous), previous).generation == 4);
}

TEST_CASE("two damaged generations leave only the way to the backup") {
  Scene scene;
  const Journal journal = journal_with_history(scene);
  write_file_durably(journal.files().state(), "{");
  write_file_durably(journal.files().previous_state(), "{");
  CHECK(hint_of([&] { Journal::open(journal.files()); }) ==
        fmt::format("the generation before ({}) is damaged too; the backup is in {}",
                    journal.files().previous_state().string(),
                    (journal.files().directory / "backup").string()));
}

TEST_CASE("files of a service stay in their place whatever the service is called") {
  const upgrade::RunFiles files{.directory = "/p/.pgupgrade/1"};
  for (const std::string service : {"db", ".", ".."}) {
    CHECK(files.carried(service).lexically_normal().parent_path() == files.directory / "carried");
    CHECK(files.archive(service).lexically_normal().parent_path() == files.directory / "backup");
    CHECK(files.manifest(service).lexically_normal().parent_path() == files.directory / "backup");
    CHECK(files.dump_record(service).lexically_normal().parent_path() == files.directory);
    CHECK(files.fingerprint(service, "old").lexically_normal().parent_path() == files.directory);
  }
}

TEST_CASE("a run's directory is made once") {
  Scene scene;
  journal_with_history(scene);
  CHECK(error_of([&] { journal_with_history(scene); }) ==
        fmt::format("E-STATE-EXISTS: cannot start run 0a1b2c3d: {} exists already",
                    scene.run_directory().string()));
}

TEST_CASE("attempts are counted and a rollback is sticky") {
  Scene scene;
  Journal journal = journal_with_history(scene);
  journal.record_started("freeze", 50);
  CHECK(journal.find("freeze")->attempt == 2);
  CHECK(journal.find("freeze")->started_ms == 30);
  journal.turn_back(7);
  const auto generation = journal.state().generation;
  journal.turn_back(7);
  CHECK(journal.state().generation == generation);
  CHECK(Journal::open(journal.files()).state().direction == Direction::back);
}

TEST_CASE("runs are found newest first and damaged ones with their problem") {
  Scene scene;
  for (const char* id : {"11111111", "22222222", "33333333"}) {
    scene.plan.run_id = id;
    Journal::create({.directory = scene.run_directory()}, {.created_ms = id[0], .plan = scene.plan});
  }
  write_file_durably(scene.root / ".pgupgrade" / "22222222" / "state.json", "{");
  const auto runs = upgrade::find_runs(scene.root / ".pgupgrade");
  REQUIRE(runs.size() == 3);
  CHECK(runs[0].state->plan.run_id == "33333333");
  CHECK(runs[1].state->plan.run_id == "11111111");
  CHECK_FALSE(runs[2].state.has_value());
  CHECK(runs[2].problem == fmt::format("cannot use the state file {}: it is truncated or not valid JSON",
                                       runs[2].state_file.string()));
  CHECK(upgrade::find_runs(scene.root / "nowhere").empty());
}

TEST_CASE("the state file of another run is refused where it lies") {
  Scene scene;
  journal_with_history(scene);
  const std::string own = read_file(scene.state_file());
  scene.plan.run_id = "99999999";
  const Journal other =
      Journal::create({.directory = scene.run_directory()}, {.created_ms = 8, .plan = scene.plan});
  write_file_durably(scene.state_file(), own);
  CHECK(error_of([&] { Journal::open(other.files()); }) ==
        fmt::format("E-STATE-FOREIGN: cannot use the state file {}: it is that of run 0a1b2c3d, in the "
                    "directory of another",
                    scene.state_file().string()));
  CHECK(hint_of([&] { Journal::open(other.files()); }) ==
        "put the state file of 99999999 back into its place");
}

TEST_CASE("of several targets each is begun and done for itself, and the last with the step") {
  Scene scene({.targets = 2});
  Journal journal = journal_with_history(scene);
  CHECK(journal.attempt("freeze", "db") == 1);  // while no record of a target says otherwise
  CHECK(journal.record_target_started("freeze", "db"));
  CHECK(journal.attempt("freeze", "db") == 1);
  CHECK(journal.attempt("freeze", "db2") == 0);
  CHECK(journal.attempt("wipe", "db") == 0);
  CHECK(journal.record_target_done("freeze", "db"));
  CHECK(journal.record_target_started("freeze", "db2"));
  CHECK(Journal::open(journal.files()).state() == journal.state());
  const auto generation = journal.state().generation;
  CHECK_FALSE(journal.record_target_done("freeze", "db2"));
  CHECK(journal.state().generation == generation);
  journal.record_done("freeze", 60);
  CHECK(journal.find("freeze", "db")->phase == StepPhase::done);
  CHECK(journal.find("freeze", "nobody") == nullptr);
}

TEST_CASE("of one target alone nothing is written but the step's record") {
  Scene scene;
  Journal journal = journal_with_history(scene);
  const auto generation = journal.state().generation;
  CHECK_FALSE(journal.record_target_started("freeze", "db"));
  CHECK_FALSE(journal.record_target_done("freeze", "db"));
  CHECK_FALSE(journal.record_target_undone("freeze", "db"));
  CHECK(journal.state().generation == generation);
}

TEST_CASE("what was begun without records of targets may have been begun for all of them") {
  Scene scene({.targets = 2});
  Journal journal = journal_with_history(scene);
  journal.record_started("freeze", 50);
  CHECK(journal.attempt("freeze", "db2") == 2);
  journal.record_target_started("freeze", "db");
  CHECK(journal.attempt("freeze", "db") == 2);
  CHECK(journal.find("freeze", "db2")->phase == StepPhase::started);
  CHECK(journal.record_target_undone("pull", "db"));
  CHECK(journal.attempt("pull", "db2") == 1);
}

TEST_CASE("a step is begun again for the targets that are named, and keeps what it knows of the others") {
  Scene scene({.targets = 2});
  Journal journal = journal_with_history(scene);
  for (const char* service : {"db", "db2"}) {
    journal.record_target_started("freeze", service);
    journal.record_data("freeze", std::string(service) + ".note", "yes");
    journal.record_target_done("freeze", service);
  }
  journal.record_done("freeze", 60);
  journal.reopen({"freeze"}, {"db2"});
  CHECK(journal.find("freeze")->phase == StepPhase::started);
  CHECK(journal.find("freeze", "db")->phase == StepPhase::done);
  CHECK(journal.find("freeze", "db2")->phase == StepPhase::started);
  CHECK(journal.datum("freeze", "db.note") == "yes");
  CHECK(journal.datum("freeze", "db2.note").empty());
  journal.reopen({"pull"}, {"db2"});  // which has no records of targets
  CHECK(journal.datum("pull", "db.image_id").empty());
}

TEST_CASE("the directory of a run that was begun in another place is refused") {
  Scene scene;
  const Journal journal = journal_with_history(scene);
  const auto copy = scene.root / "copy" / scene.plan.run_id;
  std::filesystem::create_directories(copy.parent_path());
  std::filesystem::copy(scene.run_directory(), copy);
  CHECK(error_of([&] { Journal::open_file(copy / "state.json"); }) ==
        fmt::format("E-STATE-FOREIGN: cannot use the state file {}: its run was started in {}",
                    (copy / "state.json").string(), scene.plan.state_root));
}

TEST_CASE("going on from the generation before an older one never lets that one take its place") {
  Scene scene;
  const Journal lost = journal_with_history(scene);
  const std::string older = upgrade::state_text({.generation = 1, .created_ms = 7, .plan = scene.plan});
  write_file_durably(lost.files().state(), older);
  CHECK_THAT(error_of([&] { Journal::open(lost.files()); }), ContainsSubstring("E-STATE-OLD"));
  Journal journal = Journal::open_file(lost.files().previous_state());
  CHECK(journal.may_be_behind());
  journal.record_started("freeze", 40);
  CHECK(Journal::open(lost.files()).state() == journal.state());
  CHECK_FALSE(Journal::open(lost.files()).may_be_behind());
  CHECK(Journal::open_file(lost.files().state()).state().generation == 5);
}

TEST_CASE("the generation before is refused while the newest is intact") {
  Scene scene;
  const Journal journal = journal_with_history(scene);
  CHECK(hint_of([&] { Journal::open_file(journal.files().previous_state()); }) ==
        fmt::format(
            "continue from the newest: pgupgrade resume --state {0}, or: pgupgrade rollback --state {0}",
            journal.files().state().string()));
}

TEST_CASE("a run whose state file is gone or a link to nowhere is found with its problem") {
  Scene scene;
  const Journal journal = journal_with_history(scene);
  std::filesystem::remove(journal.files().state());
  REQUIRE(upgrade::find_runs(scene.plan.state_root).size() == 1);
  CHECK_FALSE(upgrade::find_runs(scene.plan.state_root)[0].problem.empty());
  std::filesystem::create_symlink("nowhere", journal.files().state());
  CHECK(upgrade::find_runs(scene.plan.state_root).size() == 1);
}

}  // namespace pgupgrade::test
