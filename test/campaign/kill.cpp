#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include "campaign/campaign.hpp"
#include "campaign/subject.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::test::campaign {

namespace {

// Where a rollback from `place` must give the volume back as it was when the old server had been stopped:
// from then on, and until the new server may have taken writes.
bool is_put_back(const Words& places, const std::string& place) {
  const auto index = [&](const std::string& name) { return std::find(places.begin(), places.end(), name); };
  const auto at = index(place);
  return at > index("stop-old:after-done") && at < index("start:before-record");
}

void resume_after(Subject& subject, const Words& upgrade, const std::string& place) {
  subject.expect_killed(place, upgrade);
  subject.expect_exit(0, {"resume"});
  subject.expect_upgraded();
  subject.begin_anew();
}

void roll_back_after(Subject& subject, const Words& upgrade, const std::string& place) {
  subject.expect_killed(place, upgrade);
  subject.begin_anew();
}

// The volume is looked at while nobody uses it: when the old server has just been stopped, and when the way
// back is about to start it again.
void compare_after(Subject& subject, const Words& upgrade, const std::string& place) {
  subject.expect_killed("stop-old:after-done", upgrade);
  const std::string stopped = subject.project().listing(subject.data_volume());
  subject.expect_killed(place, {"resume"});
  subject.expect_killed("stop-old:undo-before-record", {"rollback"});
  require_same(stopped, subject.project().listing(subject.data_volume()),
               "the volume is as it was, byte for byte");
  subject.expect_exit(0, {"rollback"});
  subject.expect_untouched();
  subject.begin_anew();
}

void kill_at_each_place(Cases& cases, Subject& subject, const Words& upgrade) {
  const Words places = subject.places(upgrade);
  for (const std::string& place : places) {
    cases.run(place + ", resume", [&] { resume_after(subject, upgrade, place); });
    if (is_put_back(places, place))
      cases.run(place + ", rollback", [&] { compare_after(subject, upgrade, place); });
    else
      cases.run(place + ", rollback", [&] { roll_back_after(subject, upgrade, place); });
  }
}

// What is before the part, the part killed at the place, and what is left of it and after it.
struct HaltedPart {
  Words words;
  std::vector<Words> before;
  std::vector<Words> after;
};

Words places_of(const Subject& subject, const Words& words) {
  const auto list = subject.project() / "places";
  std::filesystem::remove(list);
  subject.expect_exit(0, words, {{"PGUPGRADE_PLACES", list.native()}});
  Words result;
  for (const std::string& place : split_lines(read_file(list)))
    if (std::find(result.begin(), result.end(), place) == result.end()) result.push_back(place);
  return result;
}

// A part that died before its first record has not begun: it is called again then. One that died at its end
// is not to be done again (exit 2): there is nothing to resume either.
void go_on_with(const Subject& subject, const HaltedPart& part) {
  const bool is_begun = part.words.front() == "dump" && !subject.project().runs().empty();
  const ProcessResult again = subject.project().pgupgrade(is_begun ? Words{"resume"} : part.words);
  if (again.exit_code == 2) {
    subject.expect_exit(0, {"resume"});
    return;
  }
  require(again.succeeded(), "it goes on: " + output_of(again));
}

}  // namespace

// What dies in one part goes on in it, and the next parts follow as if nothing had been.
void kill_parts(Cases& cases) {
  Subject subject("killparts");
  const Words dump = {"dump", "--compose", "docker-compose.yml", "--to", "17", "--yes"};
  const Words wipe = {"wipe", "--yes"};
  const Words load = {"load", "--yes"};
  const std::vector<HaltedPart> parts = {{.words = dump, .before = {}, .after = {wipe, load}},
                                         {.words = wipe, .before = {dump}, .after = {load}},
                                         {.words = load, .before = {dump, wipe}, .after = {}}};
  for (const HaltedPart& part : parts) {
    const std::string name = part.words.front();
    if (!cases.wants(name + ", ")) continue;
    for (const Words& words : part.before) subject.expect_exit(0, words);
    const Words places = places_of(subject, part.words);
    subject.begin_anew();
    require(places.size() > 3, name + " tells its places");
    for (const std::string& place : places)
      cases.run(name + ", " + place, [&] {
        for (const Words& words : part.before) subject.expect_exit(0, words);
        subject.expect_killed(place, part.words);
        go_on_with(subject, part);
        for (const Words& words : part.after) subject.expect_exit(0, words);
        subject.expect_upgraded();
        subject.begin_anew();
      });
  }
}

void kill(Cases& cases) {
  Subject subject("kill");
  // The rows of such a table go when a server dies. Here only the run dies, and no server with it.
  subject.project().script("db", "postgres", "ALTER TABLE carts SET UNLOGGED");
  kill_at_each_place(cases, subject, Subject::upgrade_words());
}

void kill_warm(Cases& cases) {
  Subject subject("killwarm");
  Words upgrade = Subject::upgrade_words();
  upgrade.insert(upgrade.end(), {"--strategy", "warm"});
  kill_at_each_place(cases, subject, upgrade);
}

// Nothing of the user's is touched by a rehearsal, and `cleanup` takes away what one that died has left.
void kill_rehearsal(Cases& cases) {
  Subject subject("killrehearsal");
  const Words rehearse = {"rehearse", "--compose", "docker-compose.yml", "--to", "17"};
  const auto list = subject.project() / "places";
  subject.expect_exit(0, rehearse, {{"PGUPGRADE_PLACES", list.native()}});
  std::set<std::string> tried;
  for (const std::string& place : split_lines(read_file(list))) {
    if (!tried.insert(place).second) continue;
    cases.run(place + ", cleanup", [&] {
      subject.expect_killed(place, rehearse);
      subject.expect_untouched();
      // One that has died at its very end has left nothing to clean up.
      if (!subject.project().runs().empty()) subject.expect_exit(0, {"cleanup", "--yes"});
      subject.expect_untouched();
      require(subject.project().engine_leftovers().empty(), "nothing of the rehearsal is left on the engine");
      std::filesystem::remove_all(subject.project() / ".pgupgrade");
    });
  }
}

}  // namespace pgupgrade::test::campaign
