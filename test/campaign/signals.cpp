#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <string>

#include "campaign/campaign.hpp"
#include "campaign/child.hpp"
#include "campaign/subject.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::test::campaign {

namespace {

// How a run that stands still is disturbed, and how it must end.
struct Way {
  const char* name;
  Streams streams;
  void (*disturb)(Child& child);
  int exit_code;
  const char* says;  // nothing when it ends without a word
};

template <int... numbers>
void send(Child& child) {
  (child.signal(numbers), ...);
  child.go_on();
}

void type_interrupt(Child& child) {
  child.type("\x03");
  child.go_on();
}

void hang_up(Child& child) {
  child.close_streams();
}

constexpr Way kInterrupt = {"INT", Streams::pipes, send<SIGINT>, 130, "interrupted by SIGINT"};
constexpr Way kTerminate = {"TERM", Streams::pipes, send<SIGTERM>, 143, "interrupted by SIGTERM"};
constexpr Way kHangUp = {"HUP", Streams::pipes, send<SIGHUP>, 143, "interrupted by SIGHUP"};
// Of signals that are pending the one of the highest number is handled first.
constexpr Way kTwice = {"a second INT", Streams::pipes, send<SIGINT, SIGTERM>, 130, nullptr};
constexpr Way kKeys = {"Ctrl-C", Streams::terminal, type_interrupt, 130, "interrupted by SIGINT"};
constexpr Way kClosed = {"the terminal closed", Streams::terminal, hang_up, 143, nullptr};
const std::vector<Way> kSignals = {kInterrupt, kTerminate, kHangUp};
const std::vector<Way> kWays = {kInterrupt, kTerminate, kHangUp, kTwice, kKeys, kClosed};

// The names of the steps that come to `place`, in their order.
Words steps_with(const Words& places, const std::string& place) {
  Words steps;
  for (const std::string& name : places)
    if (name.ends_with(":" + place)) steps.push_back(name.substr(0, name.size() - place.size() - 1));
  return steps;
}

// A place of each step that lies within its action, where it has one.
Words places_within(const Words& places, const std::string& prefix) {
  Words result;
  for (const std::string& step : steps_with(places, prefix + "before-record")) {
    Words own;
    for (const std::string& name : places) {
      if (!name.starts_with(step + ":")) continue;
      const std::string place = name.substr(step.size() + 1);
      if (place.find("before-") != 0 && place.find("after-") != 0 && !place.starts_with("undo-"))
        own.push_back(name);
    }
    result.push_back(own.empty() ? step + ":" + prefix + "after-record" : own[own.size() / 2]);
  }
  return result;
}

Words places_before(const Words& places, const std::string& prefix) {
  Words result;
  for (const std::string& step : steps_with(places, prefix + "before-record"))
    result.push_back(step + ":" + prefix + "before-record");
  return result;
}

// The commands that an error names to go on with, as words of which the first is the program.
std::vector<Words> named_commands(const std::string& said) {
  std::vector<Words> commands;
  for (const std::string& line : split_lines(said)) {
    const std::size_t at = line.find("pgupgrade ");
    const bool names =
        line.starts_with("  next:") || line.starts_with("  then:") || line.starts_with("  or:");
    if (!names || at == std::string::npos) continue;
    Words words;
    for (std::size_t begin = at; begin < line.size();) {
      const std::size_t end = std::min(line.find_first_of(" \r", begin), line.size());
      if (end > begin) words.push_back(line.substr(begin, end - begin));
      begin = end + 1;
    }
    commands.push_back({words.begin() + 1, words.end()});
  }
  return commands;
}

// What an interrupted process has to say; gives the commands that it names.
std::vector<Words> require_words(const std::string& said, const Way& way, const Words& commands) {
  require(said.find("error[E-INTERRUPTED]") != std::string::npos && said.find(way.says) != std::string::npos,
          fmt::format("it says \"{}\": {}", way.says, said));
  require(said.find("  your data:") != std::string::npos, "it says where the data is: " + said);
  std::vector<Words> named = named_commands(said);
  Words verbs;
  for (const Words& words : named) verbs.push_back(words.front());
  require(verbs == commands, fmt::format("it names {}: {}", join(commands, ", "), said));
  return named;
}

// Runs until the place, disturbs, and gives the commands that are named to go on with.
std::vector<Words> disturb(const Subject& subject, const std::string& place, const Words& arguments,
                           const Way& way, const Words& commands) {
  Child child(subject.project(), {.arguments = arguments,
                                  .variables = {{"PGUPGRADE_PAUSE_AT", place}},
                                  .directory = "",
                                  .streams = way.streams});
  child.wait_for_stop();
  way.disturb(child);
  const ProcessResult result = child.wait();
  require(result.signal_number == 0 && result.exit_code == way.exit_code,
          fmt::format("it ends with exit {}: {}", way.exit_code, output_of(result)));
  const std::string said = result.standard_error + result.standard_output;
  if (way.says != nullptr) return require_words(said, way, commands);
  require(said.find("error[") == std::string::npos, "it ends without a word: " + said);
  return {};
}

using Ways = std::vector<Way>;

// One run that is disturbed at each place in turn and goes on; in each round every place meets another way.
void resume_each(Cases& cases, Subject& subject, const Words& places, const Ways& ways, std::size_t round) {
  bool begun = false;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const Way& way = ways[(i + round) % ways.size()];
    cases.run(fmt::format("round {}: {}, {}, resume", round, places[i], way.name), [&] {
      disturb(subject, places[i], begun ? Words{"resume"} : Subject::upgrade_words(), way,
              {"resume", "rollback"});
      begun = true;
    });
  }
  if (!begun) return;
  cases.run(fmt::format("round {}: to the end", round), [&] {
    subject.expect_exit(0, {"resume"});
    subject.expect_upgraded();
    subject.begin_anew();
  });
}

// The command that was named is the one that is typed.
void roll_back_after(const Subject& subject, const std::string& place, const Way& way) {
  const auto commands = disturb(subject, place, Subject::upgrade_words(), way, {"resume", "rollback"});
  subject.expect_exit(0, commands.back());
  subject.begin_anew();
}

void roll_back_each(Cases& cases, Subject& subject, const Words& places) {
  std::size_t turn = 0;
  for (const std::string& place : places) {
    const Way& way = kSignals[turn++ % kSignals.size()];
    cases.run(fmt::format("{}, {}, rollback", place, way.name),
              [&] { roll_back_after(subject, place, way); });
  }
}

// The places that the way back comes to from where the new server has been started.
Words places_back(Subject& subject) {
  const auto list = subject.project() / "places-back";
  subject.expect_killed("thaw:before-done", Subject::upgrade_words());
  subject.expect_exit(0, {"rollback", "--discard-new-writes"}, {{"PGUPGRADE_PLACES", list.native()}});
  subject.begin_anew();
  return split_lines(subject.project().read("places-back"));
}

// One rollback that is disturbed at each place in turn and goes on.
void undo_each(Cases& cases, Subject& subject, const Words& places, const Ways& ways, std::size_t round) {
  bool begun = false;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const Way& way = ways[(i + round) % ways.size()];
    cases.run(fmt::format("round {}: {}, {}, rollback again", round, places[i], way.name), [&] {
      if (!begun) subject.expect_killed("thaw:before-done", Subject::upgrade_words());
      begun = true;
      disturb(subject, places[i], {"rollback", "--discard-new-writes"}, way, {"rollback"});
    });
  }
  if (!begun) return;
  cases.run(fmt::format("round {}: back to the beginning", round), [&] {
    subject.expect_exit(0, {"rollback"});
    subject.begin_anew();
  });
}

// Nobody reads what the run says, from that place on: it goes on all the same.
void go_on_unread(const Subject& subject, const std::string& place, Words arguments, const Words& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  Child child(subject.project(), {.arguments = arguments, .variables = {{"PGUPGRADE_PAUSE_AT", place}}});
  child.wait_for_stop();
  child.close_streams();
  child.go_on();
  const ProcessResult result = child.wait();
  require(result.succeeded(), "a run that nobody listens to succeeds: " + output_of(result));
  subject.expect_upgraded();
  subject.begin_anew();
}

void interrupt_unread(const Subject& subject, const std::string& place) {
  Child child(subject.project(),
              {.arguments = Subject::upgrade_words(), .variables = {{"PGUPGRADE_PAUSE_AT", place}}});
  child.wait_for_stop();
  child.close_streams();
  child.signal(SIGINT);
  child.go_on();
  const ProcessResult result = child.wait();
  require(result.signal_number == 0 && result.exit_code == 130,
          "it ends with exit 130: " + output_of(result));
  subject.expect_exit(0, {"resume"});
  subject.expect_upgraded();
  subject.begin_anew();
}

void go_without_streams(const Subject& subject) {
  Child child(
      subject.project(),
      {.arguments = Subject::upgrade_words(), .variables = {}, .directory = "", .streams = Streams::none});
  const ProcessResult result = child.wait();
  require(result.succeeded(), "a run without streams succeeds: " + output_of(result));
  subject.expect_upgraded();
  subject.begin_anew();
}

void interrupt_the_question(const Subject& subject) {
  Words words = Subject::upgrade_words();
  std::erase(words, "--yes");
  Child child(subject.project(),
              {.arguments = words, .variables = {}, .directory = "", .streams = Streams::terminal});
  child.wait_for_words("to go on: ");
  child.type("\x03");
  const ProcessResult result = child.wait();
  require(result.exit_code == 130, "Ctrl-C at the question ends with exit 130: " + output_of(result));
  require(subject.project().runs().empty(), "no run was begun");
  subject.expect_untouched();
}

void unread(Cases& cases, const Subject& subject) {
  cases.run("Ctrl-C at the question", [&] { interrupt_the_question(subject); });
  const Words& words = Subject::upgrade_words();
  for (const char* place : {"begin:locked", "wipe:emptied", "start:up"})
    cases.run(fmt::format("{}, nobody reads from there on", place),
              [&] { go_on_unread(subject, place, words, {}); });
  cases.run("begin:locked, nobody reads the events from there on", [&] {
    go_on_unread(subject, "begin:locked", words, {"--output", "json"});
  });
  cases.run("restore:server-started, nobody reads, INT",
            [&] { interrupt_unread(subject, "restore:server-started"); });
  cases.run("no streams at all", [&] { go_without_streams(subject); });
}

}  // namespace

void signals(Cases& cases) {
  Subject subject("signals");
  const Words places = subject.places();
  const Words before = places_before(places, "");
  const Words within = places_within(places, "");
  unread(cases, subject);
  for (std::size_t round = 0; round < kWays.size(); ++round)
    resume_each(cases, subject, within, kWays, round);
  for (std::size_t round = 0; round < kSignals.size(); ++round)
    resume_each(cases, subject, before, kSignals, round);
  const Words back = places_back(subject);
  for (std::size_t round = 0; round < kWays.size(); ++round)
    undo_each(cases, subject, places_within(back, "undo-"), kWays, round);
  for (std::size_t round = 0; round < kSignals.size(); ++round)
    undo_each(cases, subject, places_before(back, "undo-"), kSignals, round);
  roll_back_each(cases, subject, within);
  roll_back_each(cases, subject, before);
}

}  // namespace pgupgrade::test::campaign
