#include <algorithm>
#include <string>

#include "campaign/campaign.hpp"
#include "campaign/subject.hpp"

namespace pgupgrade::test::campaign {

namespace {

// Where a rollback from `place` must give the volume back as it was when the old server had been stopped:
// from then on, and until the new server may have taken writes.
bool is_put_back(const Words& places, const std::string& place) {
  const auto index = [&](const std::string& name) { return std::find(places.begin(), places.end(), name); };
  const auto at = index(place);
  return at > index("stop-old:after-done") && at < index("start:before-record");
}

void resume_after(Subject& subject, const std::string& place) {
  subject.expect_killed(place, Subject::upgrade_words());
  subject.expect_exit(0, {"resume"});
  subject.expect_upgraded();
  subject.begin_anew();
}

void roll_back_after(Subject& subject, const std::string& place) {
  subject.expect_killed(place, Subject::upgrade_words());
  subject.begin_anew();
}

// The volume is looked at while nobody uses it: when the old server has just been stopped, and when the way
// back is about to start it again.
void compare_after(Subject& subject, const std::string& place) {
  subject.expect_killed("stop-old:after-done", Subject::upgrade_words());
  const std::string stopped = subject.project().listing(subject.data_volume());
  subject.expect_killed(place, {"resume"});
  subject.expect_killed("stop-old:undo-before-record", {"rollback"});
  require_same(stopped, subject.project().listing(subject.data_volume()),
               "the volume is as it was, byte for byte");
  subject.expect_exit(0, {"rollback"});
  subject.expect_untouched();
  subject.begin_anew();
}

}  // namespace

void kill(Cases& cases) {
  Subject subject("kill");
  // The rows of such a table go when a server dies. Here only the run dies, and no server with it.
  subject.project().script("db", "postgres", "ALTER TABLE carts SET UNLOGGED");
  const Words places = subject.places();
  for (const std::string& place : places) {
    cases.run(place + ", resume", [&] { resume_after(subject, place); });
    if (is_put_back(places, place))
      cases.run(place + ", rollback", [&] { compare_after(subject, place); });
    else
      cases.run(place + ", rollback", [&] { roll_back_after(subject, place); });
  }
}

}  // namespace pgupgrade::test::campaign
