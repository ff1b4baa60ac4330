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

}  // namespace

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
