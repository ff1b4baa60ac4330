#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <string>
#include <utility>

#include "campaign/campaign.hpp"
#include "campaign/child.hpp"
#include "campaign/subject.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::test::campaign {

namespace {

constexpr int kContests = 200;
constexpr int kOtherContests = 20;

const Words kOneFile = {"--compose", "../docker-compose.yml", "--to", "17", "--yes"};

ChildOptions paused(const Words& arguments, const std::string& place, const std::string& directory = "") {
  return {.arguments = arguments,
          .variables = {{"PGUPGRADE_PAUSE_AT", place}},
          .directory = directory,
          .streams = Streams::pipes};
}

void require_refused(const ProcessResult& loser, pid_t holder) {
  require(loser.signal_number == 0 && loser.exit_code == 7 &&
              loser.standard_error.find(fmt::format("process {},", holder)) != std::string::npos,
          fmt::format("the other ends with exit 7 and names process {}: {}", holder, output_of(loser)));
}

// Exactly one of the two comes to its place; gives it.
Child& winner_of(Child& one, Child& other) {
  const bool one_stands = one.settle() == Child::State::stands;
  const bool other_stands = other.settle() == Child::State::stands;
  if (one_stands == other_stands) {
    const std::string both = one_stands ? "both of them" : output_of(one.wait()) + output_of(other.wait());
    throw Violation("not exactly one goes on, but " + both);
  }
  Child& winner = one_stands ? one : other;
  require_refused((one_stands ? other : one).wait(), winner.process());
  return winner;
}

void kill(Child& child) {
  child.kill();
  child.wait();
}

// What the winner left is rolled back, and the loser left nothing.
void roll_back_the_only(const Subject& subject) {
  const Project& project = subject.project();
  require(project.runs().size() == 1, "the one that was refused leaves no run behind");
  const std::string run = project.runs().front();
  const bool here = std::filesystem::exists(project / ".pgupgrade" / run);
  const auto root = project / (here ? ".pgupgrade" : "other/.pgupgrade");
  subject.expect_exit(0, {"rollback", "--state", (root / run / "state.json").native()});
  require(project.engine_leftovers().empty(), "nothing is left on the engine");
  std::filesystem::remove_all(project / ".pgupgrade");
  std::filesystem::remove_all(project / "other/.pgupgrade");
}

// Both come to the lock as fast as they can.
void contest(const Subject& subject, const Words& other_words, const std::string& other_directory) {
  Child one(subject.project(), paused(Subject::upgrade_words(), "begin:locked"));
  Child other(subject.project(), paused(other_words, "begin:locked", other_directory));
  kill(winner_of(one, other));
  roll_back_the_only(subject);
}

// Of two that go on unhindered the first to end is refused, and the other does not mind.
void require_one_refused(const Subject& subject, Child& one, Child& other) {
  wait_until("one of the two to be refused", [&] {
    const bool one_ended = one.look() == Child::State::ended;
    return other.look() == Child::State::ended || one_ended;
  });
  const bool one_ended = one.look() == Child::State::ended;
  Child& winner = one_ended ? other : one;
  require_refused((one_ended ? one : other).wait(), winner.process());
  winner.signal(SIGTERM);
  const ProcessResult stopped = winner.wait();
  require(stopped.exit_code == 143,
          "the other one went on until it was asked to stop: " + output_of(stopped));
  roll_back_the_only(subject);
}

// Both stand right before the lock on the volume, and are let go in the same moment.
void contest_at_the_lock(const Subject& subject) {
  Child one(subject.project(), paused(Subject::upgrade_words(), "begin:state-written"));
  Child other(subject.project(), paused(Subject::upgrade_words(), "begin:state-written", "other"));
  one.wait_for_stop();
  other.wait_for_stop();
  one.go_on();
  other.go_on();
  require_one_refused(subject, one, other);
}

void contests(Cases& cases, const Subject& subject) {
  for (int i = 1; i <= kContests; ++i)
    cases.run(fmt::format("two runs from two directories, {}", i), [&] {
      if (i % 4 == 0)
        contest_at_the_lock(subject);
      else if (i % 4 == 2)
        contest(subject, kOneFile, "other");
      else
        contest(subject, Subject::upgrade_words(), "other");
    });
  for (int i = 1; i <= kOtherContests; ++i)
    cases.run(fmt::format("two runs from one directory, {}", i),
              [&] { contest(subject, Subject::upgrade_words(), ""); });
  subject.expect_untouched();
}

// The first locks and stops the service that the second, which has found no lock, is looking at.
void late_contest(const Subject& subject, int turn) {
  Child first(subject.project(), paused(Subject::upgrade_words(), "begin:state-written"));
  first.wait_for_stop();
  Child second(subject.project(), {.arguments = Subject::upgrade_words(), .directory = "other"});
  second.wait_for_words(turn % 2 == 1 ? "looking at service" : "looking at image");
  first.go_on();
  require_one_refused(subject, first, second);
}

void late_starts(Cases& cases, const Subject& subject) {
  for (int i = 1; i <= kOtherContests; ++i)
    cases.run(fmt::format("a second run while the first stops the service, {}", i),
              [&] { late_contest(subject, i); });
}

// From another directory, while a run stands at each of these places.
void second_runs(Cases& cases, const Subject& subject) {
  for (const char* place : {"freeze:one-stopped", "stop-old:stopped", "dump:server-started", "wipe:emptied",
                            "restore:server-started", "start:up"})
    cases.run(fmt::format("{}, a second run from both directories", place), [&] {
      Child first(subject.project(), paused(Subject::upgrade_words(), place));
      first.wait_for_stop();
      for (const char* directory : {"", "other"}) {
        Child second(subject.project(), {.arguments = Subject::upgrade_words(), .directory = directory});
        require_refused(second.wait(), first.process());
      }
      first.go_on();
      const ProcessResult result = first.wait();
      require(result.succeeded(), "the first is not disturbed: " + output_of(result));
      subject.expect_upgraded();
      subject.begin_anew();
    });
}

constexpr const char* kEarly = "freeze:after-done";

void two_resumes(Cases& cases, const Subject& subject) {
  bool begun = false;
  for (int i = 1; i <= kOtherContests; ++i)
    cases.run(fmt::format("resume against resume, {}", i), [&] {
      if (!begun) subject.expect_killed(kEarly, Subject::upgrade_words());
      begun = true;
      Child one(subject.project(), paused({"resume"}, "resume:leftovers-removed"));
      Child other(subject.project(), paused({"resume"}, "resume:leftovers-removed"));
      kill(winner_of(one, other));
    });
  if (begun) subject.begin_anew();
}

void resume_and_rollback(Cases& cases, const Subject& subject) {
  for (int i = 1; i <= kOtherContests; ++i)
    cases.run(fmt::format("resume against rollback, {}", i), [&] {
      if (subject.project().runs().empty()) subject.expect_killed(kEarly, Subject::upgrade_words());
      Child resume(subject.project(), paused({"resume"}, "resume:leftovers-removed"));
      Child rollback(subject.project(), paused({"rollback"}, "freeze:undo-before-record"));
      Child& winner = winner_of(resume, rollback);
      kill(winner);
      if (&winner == &rollback) subject.begin_anew();
    });
  subject.begin_anew();
}

// A run may not begin while another is being rolled back, in whatever order they come.
void run_and_rollback(Cases& cases, const Subject& subject) {
  for (const char* directory : {"", "other"})
    cases.run(fmt::format("a run from \"{}\" against rollback", directory), [&] {
      subject.expect_killed(kEarly, Subject::upgrade_words());
      Child run(subject.project(), paused(Subject::upgrade_words(), "begin:locked", directory));
      Child rollback(subject.project(), paused({"rollback"}, "freeze:undo-before-record"));
      rollback.wait_for_stop();
      const ProcessResult refused = run.wait();
      require(refused.exit_code == 7, "the run is refused: " + output_of(refused));
      rollback.go_on();
      require(rollback.wait().succeeded(), "the rollback is not disturbed");
      subject.begin_anew();
    });
}

std::string only_state(const Subject& subject) {
  return subject.project().run_files().state().native();
}

// A lock is not released under a living process, whichever command it carries out.
void unlock_living(const Subject& subject, Child& holder) {
  holder.wait_for_stop();
  const ProcessResult refused = subject.expect_exit(3, {"unlock", "--yes", "--state", only_state(subject)});
  require(refused.standard_error.find("E-LOCK-ALIVE") != std::string::npos &&
              refused.standard_error.find(fmt::format("process {},", holder.process())) != std::string::npos,
          "it names the living: " + output_of(refused));
  Child other(subject.project(), {.arguments = Subject::upgrade_words(), .directory = "other"});
  require(other.wait().exit_code == 7, "the volume is still locked");
}

void unlocks(Cases& cases, const Subject& subject) {
  cases.run("unlock under a run, a resume and a rollback", [&] {
    {
      Child run(subject.project(), paused(Subject::upgrade_words(), "stop-old:before-record"));
      unlock_living(subject, run);
      kill(run);
    }
    {
      Child resume(subject.project(), paused({"resume"}, "backup:before-record"));
      unlock_living(subject, resume);
      kill(resume);
    }
    Child rollback(subject.project(), paused({"rollback"}, "stop-old:undo-before-record"));
    unlock_living(subject, rollback);
    rollback.go_on();
    require(rollback.wait().succeeded(), "the rollback is not disturbed");
    subject.begin_anew();
  });
  cases.run("unlock of a dead run, then resume", [&] {
    subject.expect_killed("wipe:emptied", Subject::upgrade_words());
    subject.expect_exit(0, {"unlock", "--yes", "--state", only_state(subject)});
    subject.expect_exit(0, {"resume"});
    subject.expect_upgraded();
    subject.begin_anew();
  });
}

}  // namespace

void races(Cases& cases) {
  Subject subject("races");
  subject.project().write("other/docker-compose.yml", small_project(13));
  contests(cases, subject);
  late_starts(cases, subject);
  second_runs(cases, subject);
  two_resumes(cases, subject);
  resume_and_rollback(cases, subject);
  run_and_rollback(cases, subject);
  unlocks(cases, subject);
}

}  // namespace pgupgrade::test::campaign
