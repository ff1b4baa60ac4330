// The state file in every wrong way, while a run stands still; and the whole tool under system calls that
// fail. Needs root (chattr holds even root back from a file) and strace.
#include <fmt/format.h>
#include <signal.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "campaign/campaign.hpp"
#include "campaign/subject.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::test::campaign {

namespace {

namespace fs = std::filesystem;

struct Damage {
  std::string name;
  std::function<void()> inflict;
  std::string code;  // what every command answers; empty where it depends
  // Put right by hand; without it the state file is written anew.
  std::function<void()> repair = {};
};

// The run that stands still, and what was there before anybody laid hands on it.
struct Standstill {
  fs::path run;
  std::string text, previous, oldest;

  fs::path state() const { return run / "state.json"; }
  fs::path previous_state() const { return run / "state.json.previous"; }
  void restore() const {
    fs::remove_all(state());
    write_file_durably(state(), text);
    write_file_durably(previous_state(), previous);
  }
};

std::string flipped(std::string text, std::size_t at) {
  text.at(at) = static_cast<char>(text.at(at) ^ (1 << (at % 8)));
  return text;
}

std::string of_another_run(const Standstill& still) {
  RunState state = upgrade::parse_state(still.text, still.state());
  state.plan.run_id = "99999999";
  return upgrade::state_text(state);
}

std::string of_another_place(const Standstill& still) {
  RunState state = upgrade::parse_state(still.text, still.state());
  state.plan.state_root = "/srv/elsewhere/.pgupgrade";
  return upgrade::state_text(state);
}

std::string of_an_unknown_format(std::string text) {
  const std::string mark = "\"pgupgrade_state\": 2";
  return text.replace(text.find(mark), mark.size(), "\"pgupgrade_state\": 7");
}

Damage by_text(const Standstill& still, const std::string& name, const std::string& text,
               const std::string& code) {
  return {.name = name, .inflict = [&still, text] { write_file_durably(still.state(), text); }, .code = code};
}

Damage by_link(const Standstill& still, const std::string& name, const std::string& goal) {
  return {.name = name,
          .inflict =
              [&still, goal] {
                fs::remove(still.state());
                fs::create_symlink(goal, still.state());
              },
          .code = "E-"};
}

std::vector<Damage> damages(const Standstill& still) {
  std::vector<Damage> all = {
      by_text(still, "empty", "", "E-STATE-DAMAGED"),
      by_text(still, "another run's", of_another_run(still), "E-STATE-FOREIGN"),
      by_text(still, "another place's", of_another_place(still), "E-STATE-FOREIGN"),
      by_text(still, "an unknown format", of_an_unknown_format(still.text), "E-STATE-FORMAT"),
      by_text(still, "the oldest generation", still.oldest, "E-STATE-OLD"),
      by_link(still, "a link to nowhere", "nowhere"),
      by_link(still, "a link to itself", "state.json"),
      {.name = "a directory",
       .inflict =
           [&still] {
             fs::remove(still.state());
             fs::create_directory(still.state());
           },
       .code = "E-FILE"},
      {.name = "gone", .inflict = [&still] { fs::remove(still.state()); }, .code = "E-"},
      {.name = "both generations damaged",
       .inflict =
           [&still] {
             write_file_durably(still.state(), "{");
             write_file_durably(still.previous_state(), "{");
           },
       .code = "E-STATE-DAMAGED"}};
  for (std::size_t part = 1; part < 12; ++part) {
    const std::size_t at = still.text.size() * part / 12;
    all.push_back(
        by_text(still, fmt::format("cut at byte {}", at), still.text.substr(0, at), "E-STATE-DAMAGED"));
    all.push_back(
        by_text(still, fmt::format("a bit flipped in byte {}", at), flipped(still.text, at), "E-STATE-"));
  }
  return all;
}

Damage read_only(const Standstill& still) {
  const auto set = [&still](const char* flag) {
    for (const fs::path& path : {still.state(), still.previous_state(), still.run})
      must_run({"chattr", flag, path.native()});
  };
  return {
      .name = "read-only", .inflict = [set] { set("+i"); }, .code = "E-FILE", .repair = [set] { set("-i"); }};
}

Damage without_directory(const Standstill& still) {
  const fs::path aside = still.run.parent_path().parent_path() / "aside";
  return {.name = "the run's directory is gone",
          .inflict = [&still, aside] { fs::rename(still.run, aside); },
          .code = "E-NO-RUN",
          .repair = [&still, aside] { fs::rename(aside, still.run); }};
}

void refused(const Subject& subject, const Words& words, const std::string& code) {
  const ProcessResult result = subject.project().pgupgrade(words);
  const std::string command = join(words, " ");
  require(result.signal_number == 0 && result.exit_code != 0 && result.exit_code != 1,
          fmt::format("{} is refused: {}", command, output_of(result)));
  require(result.standard_error.find("error[" + code) != std::string::npos,
          fmt::format("{} answers {}: {}", command, code, output_of(result)));
  require(result.standard_error.find("your data:") != std::string::npos ||
              result.standard_error.find("hint:") != std::string::npos,
          fmt::format("{} says where the data is or what to do: {}", command, output_of(result)));
}

void all_refused(const Subject& subject, const Damage& damage) {
  refused(subject, {"resume"}, damage.code);
  refused(subject, {"rollback", "--discard-new-writes"}, damage.code);
  if (damage.name != "read-only") refused(subject, {"cleanup", "--yes"}, damage.code);
  const ProcessResult status = subject.project().pgupgrade({"status"});
  require(status.signal_number == 0 && status.exit_code != 1, "status answers: " + output_of(status));
  // Beginning anew on a half-way project would be the wrong action of all.
  const ProcessResult begun = subject.upgrade();
  require(begun.signal_number == 0 && begun.exit_code != 0 && begun.exit_code != 1,
          "a new run is refused: " + output_of(begun));
}

Standstill stand_still(const Subject& subject, const std::string& place) {
  Standstill still;
  subject.expect_killed("begin:locked", Subject::upgrade_words());
  still.run = subject.project().run_directory();
  still.oldest = read_file(still.state());
  subject.expect_killed(place, {"resume"});
  still.text = read_file(still.state());
  still.previous = read_file(still.previous_state());
  return still;
}

// One standstill for all damages: what is refused must leave it as it is.
void try_all(Cases& cases, const Subject& subject, const std::string& place) {
  const Standstill still = stand_still(subject, place);
  const std::string before = subject.snapshot();
  std::vector<Damage> all = damages(still);
  all.push_back(read_only(still));
  all.push_back(without_directory(still));
  for (const Damage& damage : all) {
    cases.run(fmt::format("{}, state file damaged: {}", place, damage.name), [&] {
      damage.inflict();
      all_refused(subject, damage);
      damage.repair ? damage.repair() : still.restore();
    });
  }
  require_same(before, subject.snapshot(), "what was refused has changed nothing");
  subject.expect_exit(0, {"resume"});
  subject.expect_upgraded();
  subject.begin_anew();
}

void damaged_at(Cases& cases, const Subject& subject, const std::string& place) {
  const std::string name = place + ", state file damaged: repaired, then resumed";
  if (cases.wants(name)) cases.run(name, [&] { try_all(cases, subject, place); });
}

// The newest is lost: the one before is what the message names.
void from_the_one_before(const Subject& subject, const std::string& place, const Words& command) {
  subject.expect_killed(place, Subject::upgrade_words());
  const fs::path run = subject.project().run_directory();
  write_file_durably(run / "state.json", "{");
  const std::string previous = (run / "state.json.previous").native();
  const ProcessResult told_so = subject.project().pgupgrade({"resume"});
  require(told_so.standard_error.find(previous) != std::string::npos,
          "the one before is named: " + output_of(told_so));
  Words words = command;
  words.insert(words.end(), {"--state", previous});
  subject.expect_exit(0, words);
  if (command.front() == "resume")
    subject.expect_upgraded();
  else
    subject.expect_as_before();
  subject.begin_anew();
}

// Both generations are replaced by older ones: the end is sound, or nothing is touched.
void from_an_old_one(const Subject& subject, const std::string& old_place, const std::string& place,
                     const std::string& command) {
  subject.expect_killed(old_place, Subject::upgrade_words());
  const fs::path run = subject.project().run_directory();
  const std::string old = read_file(run / "state.json");
  const std::string before_old = read_file(run / "state.json.previous");
  subject.expect_killed(place, {"resume"});
  const std::string newest = read_file(run / "state.json");
  const std::string before = subject.snapshot();
  write_file_durably(run / "state.json", old);
  write_file_durably(run / "state.json.previous", before_old);
  const ProcessResult result = subject.project().pgupgrade({command});
  if (result.exit_code == 0) {
    command == "resume" ? subject.expect_upgraded() : subject.expect_as_before();
  } else if (result.standard_error.find("error[E-STATE-OLD]") != std::string::npos) {
    require_same(before, subject.snapshot(), "what was refused has changed nothing");
    write_file_durably(run / "state.json", newest);
    write_file_durably(run / "state.json.previous", newest);
    subject.expect_exit(0, {"resume"});
    subject.expect_upgraded();
  } else {
    require(command == "resume" && result.exit_code == 5, "it stops midway at most: " + output_of(result));
  }
  subject.begin_anew();
}

// False when there is no such call any more.
bool struck(const Subject& subject, const std::string& call, const std::string& fault, int at, bool resume) {
  const fs::path log = subject.project() / "strace.log";
  const Words strace = {"strace",
                        "-f",
                        "-qq",
                        "-o",
                        log.native(),
                        "-e",
                        "trace=" + call,
                        "-e",
                        fmt::format("inject={}:{}:when={}", call, fault, at)};
  const ProcessResult result = subject.project().pgupgrade_under(strace, Subject::upgrade_words());
  const bool hit = result.signal_number == SIGKILL || read_file(log).find("(INJECTED)") != std::string::npos;
  if (result.signal_number == 0 && result.exit_code != 0) {
    require(result.exit_code != 1, "a failing call is no defect of ours: " + output_of(result));
    require(result.standard_error.find("error[E-") != std::string::npos,
            "an error is told: " + output_of(result));
  }
  if (resume && !subject.project().runs().empty()) {
    subject.expect_exit(0, {"resume"});
    subject.expect_upgraded();
  }
  subject.begin_anew();
  fs::remove_all(subject.project() / ".pgupgrade");
  return hit;
}

// More are made in a run than can be tried: every seventh, with both ways out in turn.
void strike(Cases& cases, const Subject& subject, const std::string& call, const std::string& fault) {
  bool hit = true;
  bool resume = true;
  for (int at = 2; hit && at < 1000; at += 7, resume = !resume) {
    const std::string name = fmt::format("{} {} {}, {}", call, fault, at, resume ? "resume" : "rollback");
    cases.run(name, [&] { hit = struck(subject, call, fault, at, resume); });
  }
}

}  // namespace

void state(Cases& cases) {
  Subject subject("state");
  for (const char* place : {"backup:archive-written", "wipe:emptied", "restore:globals-restored",
                            "edit-compose:after-done", "start:up"})
    damaged_at(cases, subject, place);
  for (const char* place :
       {"freeze:one-stopped", "stop-old:stopped", "backup:archive-written", "dump:server-started",
        "dump:dumped", "wipe:emptied", "start-new:initialised", "restore:globals-restored",
        "configure:files-placed", "edit-compose:one-edited", "start:up", "thaw:one-started"}) {
    cases.run(fmt::format("{}, newest lost, resume", place),
              [&] { from_the_one_before(subject, place, {"resume"}); });
    cases.run(fmt::format("{}, newest lost, rollback", place), [&] {
      from_the_one_before(subject, place, {"rollback", "--discard-new-writes"});
    });
  }
  for (const char* old_place : {"pull:after-done", "stop-old:after-done", "verify-backup:after-done"})
    for (const char* place : {"verify-dump:after-done", "restore:globals-restored"})
      for (const char* command : {"resume", "rollback"})
        cases.run(fmt::format("{} with the state of {}, {}", place, old_place, command),
                  [&] { from_an_old_one(subject, old_place, place, command); });
  for (const char* call : {"fsync", "renameat2"}) {
    strike(cases, subject, call, "error=EIO");
    strike(cases, subject, call, "signal=KILL");
  }
  strike(cases, subject, "fsync", "error=ENOSPC");
}

}  // namespace pgupgrade::test::campaign
