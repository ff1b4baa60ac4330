#include "pgupgrade/cli/view/views.hpp"

#include <sys/stat.h>

#include <condition_variable>

#include <boost/json.hpp>

#include "cli/samples.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/view/run_log.hpp"
#include "support/catch.hpp"
#include "support/environment_variable.hpp"
#include "support/temporary_directory.hpp"

using namespace pgupgrade;
using namespace pgupgrade::cli;
using pgupgrade::cli::test::SimulatedClock;
using Kind = upgrade::StepEventKind;
using std::chrono::milliseconds;

namespace {

struct Screenful {
  std::string text;
  Write write() {
    return [this](std::string_view more) { text += more; };
  }
  std::string take() { return std::exchange(text, {}); }
};

upgrade::StepEvent event(Kind kind, std::int64_t duration_ms = 0, const std::string& detail = {}) {
  return {
      .number = 4, .total = 17, .step = "backup", .kind = kind, .duration_ms = duration_ms, .detail = detail};
}

upgrade::Progress bytes(std::int64_t done, std::int64_t total) {
  return {.step = "backup", .what = "volume shop_pgdata", .done = done, .total = total};
}

constexpr std::int64_t kMiB = 1 << 20;

}  // namespace

TEST_CASE("plain mode has a line for each change") {
  Screenful screen;
  SimulatedClock clock;
  const Cancellation cancellation;
  PlainView view(screen.write(), clock, cancellation);
  view.looking("engine 28.5");
  view.step(event(Kind::started));
  view.step(event(Kind::done, 362'000, "11.4 GiB"));
  view.step(event(Kind::already));
  view.step(event(Kind::failed, 1'000));
  view.step(event(Kind::undo_started));
  view.step(event(Kind::undone, 900));
  view.message({.severity = Severity::note, .code = "W-X", .message = "only for the log", .hint = {}});
  view.message({.severity = Severity::warning, .code = "W-X", .message = "disk is slow", .hint = {}});
  view.tick();
  REQUIRE(screen.text ==
          "engine 28.5\n"
          "[ 4/17] backup: started\n"
          "[ 4/17] backup: done in 6:02 (11.4 GiB)\n"
          "[ 4/17] backup: done already\n"
          "[ 4/17] backup: failed after 1.0 s\n"
          "[ 4/17] backup: undo started\n"
          "[ 4/17] backup: undone in 0.9 s\n"
          "warning: disk is slow\n");
}

TEST_CASE("a wait is told when it begins and every ten minutes, in each mode in its own way") {
  const pgupgrade::test::Variable zone("TZ", "UTC");
  Screenful plain;
  Screenful json;
  Screenful terminal;
  SimulatedClock clock;
  const Cancellation cancellation;
  PlainView plain_view(plain.write(), clock, cancellation);
  JsonView json_view(json.write(), clock);
  TerminalView terminal_view(
      terminal.write(), [] { return Style{.width = 80}; }, clock, cancellation);
  terminal_view.step(event(Kind::done, 1'000));
  constexpr int kLooks = 21;
  for (int minute = 0; minute < kLooks; ++minute) {
    const upgrade::Waiting waiting{.now_ms = clock.unix_ms(),
                                   .until_ms = 1'764'000'000'000 + 3'600'000,
                                   .ready = {"the copy of service db follows its server"}};
    plain_view.waiting(waiting);
    json_view.waiting(waiting);
    terminal_view.waiting(waiting);
    clock.pause(std::chrono::minutes(1));
  }
  REQUIRE(plain.text ==
          "waiting until 2025-11-24 17:00, 1:00:00 left; the copy of service db follows its server\n"
          "waiting until 2025-11-24 17:00, 50:00 left; the copy of service db follows its server\n"
          "waiting until 2025-11-24 17:00, 40:00 left; the copy of service db follows its server\n");
  REQUIRE(split_lines(json.text).size() == kLooks);
  REQUIRE_THAT(json.text, ContainsSubstring(R"("until_ms":1764003600000)"));
  REQUIRE_THAT(terminal.text, ContainsSubstring("waiting until 2025-11-24 17:00, 40:00 left"));
  REQUIRE_THAT(terminal.text, ContainsSubstring("Ctrl-C ends the wait and leaves all ready"));
}

TEST_CASE("plain mode has a heartbeat every 30 s while a step lasts") {
  Screenful screen;
  SimulatedClock clock;
  const Cancellation cancellation;
  PlainView view(screen.write(), clock, cancellation);
  view.step(event(Kind::started));
  screen.take();
  clock.pause(milliseconds(29'999));
  view.tick();
  REQUIRE(screen.take().empty());
  clock.pause(milliseconds(1));
  view.tick();
  REQUIRE(screen.take() == "[ 4/17] backup: running for 30.0 s\n");
  view.progress(bytes(0, 400 * kMiB));
  clock.pause(milliseconds(10'000));
  view.progress(bytes(100 * kMiB, 400 * kMiB));
  clock.pause(milliseconds(20'000));
  view.tick();
  REQUIRE(screen.take() ==
          "[ 4/17] backup: running for 1:00  volume shop_pgdata  25 %  100.0 MiB of 400.0 MiB  10.0 MiB/s  "
          "30.0 s "
          "left\n");
  view.step(event(Kind::done, 60'000));
  screen.take();
  clock.pause(milliseconds(60'000));
  view.tick();
  REQUIRE(screen.take().empty());
}

TEST_CASE("plain mode tells a requested stop once") {
  Screenful screen;
  SimulatedClock clock;
  Cancellation cancellation;
  PlainView view(screen.write(), clock, cancellation);
  view.tick();
  cancellation.request(2);
  view.tick();
  view.tick();
  REQUIRE(screen.text == "stopping at the next safe point…  a second signal exits at once\n");
}

TEST_CASE("the rate is that of the last seconds") {
  Meter meter;
  meter.restart(milliseconds(0));
  meter.update(0, 1'000, milliseconds(0));
  REQUIRE_FALSE(meter.rate().has_value());
  meter.update(50, 1'000, milliseconds(999));
  REQUIRE_FALSE(meter.rate().has_value());
  meter.update(100, 1'000, milliseconds(2'000));
  REQUIRE(meter.rate().value() == 50.0);
  REQUIRE(meter.left().value() == milliseconds(18'000));
  for (int second = 3; second <= 20; ++second) meter.update(100, 1'000, milliseconds(second * 1'000));
  REQUIRE(meter.rate().value() == 0.0);
  REQUIRE_FALSE(meter.left().has_value());
  meter.update(5, 0, milliseconds(21'000));
  REQUIRE_FALSE(meter.rate().has_value());
}

TEST_CASE("the live block shows what is done what runs and whether it is safe") {
  LiveState state;
  state.apply({.number = 5, .total = 17, .step = "freeze", .kind = Kind::done, .duration_ms = 1'200},
              milliseconds(0));
  state.apply({.number = 6, .total = 17, .step = "dump"}, milliseconds(0));
  state.apply({.step = "dump", .what = "database shop", .done = 0, .total = 100 * kMiB}, milliseconds(0));
  state.apply({.step = "dump", .what = "database shop", .done = 50 * kMiB, .total = 100 * kMiB},
              milliseconds(5'000));
  REQUIRE(
      live_block(state, milliseconds(5'000), {.width = 100}) ==
      std::vector<std::string>{
          "[ 6/17] ✔ freeze 1.2 s",
          " ⠋ dump database shop  ━━━━━━━━━━──────────  50 %  50.0 MiB of 100.0 MiB  10.0 MiB/s  5.0 s left",
          "   Safe to interrupt: nothing destructive has happened."});
  state.destructive_behind = true;
  REQUIRE(live_block(state, milliseconds(0), {.width = 100}).back() ==
          "   Safe to interrupt: the old data can come back, resume or rollback goes on.");
  state.stopping = true;
  REQUIRE(live_block(state, milliseconds(0), {.width = 100}).back() ==
          "   Stopping at the next safe point…  Ctrl-C again exits at once.");
}

TEST_CASE("no line of the live block is wider than the terminal") {
  LiveState state;
  for (int i = 1; i <= 17; ++i)
    state.apply({.number = i, .total = 17, .step = "a-long-step", .kind = Kind::done, .duration_ms = 62'000},
                milliseconds(0));
  state.apply({.number = 17, .total = 17, .step = "restore"}, milliseconds(0));
  state.apply({.step = "restore", .what = std::string(80, 'x'), .done = 0, .total = 1'000 * kMiB},
              milliseconds(0));
  state.apply({.step = "restore", .what = std::string(80, 'x'), .done = kMiB, .total = 1'000 * kMiB},
              milliseconds(2'000));
  for (std::size_t width = 20; width <= 140; ++width)
    for (const std::string& line : live_block(state, milliseconds(0), {.width = width}))
      REQUIRE(display_width(line) <= width);
}

TEST_CASE("a terminal is redrawn at most ten times a second and left with its cursor") {
  Screenful screen;
  SimulatedClock clock;
  const Cancellation cancellation;
  TerminalView view(
      screen.write(), [] { return Style{.width = 80}; }, clock, cancellation);
  view.step(event(Kind::started));
  const std::string block =
      "[ 4/17]\n ⠋ backup  0.0 s\n   Safe to interrupt: nothing destructive has happened.";
  REQUIRE(screen.take() == "\x1b[?25l" + block);
  clock.pause(milliseconds(99));
  view.tick();
  view.progress(bytes(1, 2));
  REQUIRE(screen.take().empty());
  clock.pause(milliseconds(1));
  view.tick();
  REQUIRE_THAT(screen.text,
               ContainsSubstring("\r\x1b[2A\x1b[J[ 4/17]\n ⠙ backup volume shop_pgdata  ━━━━━━━━━━"));
  screen.take();
  view.message({.severity = Severity::warning, .code = "W-X", .message = "disk is slow", .hint = {}});
  REQUIRE_THAT(screen.take(), ContainsSubstring("\r\x1b[2A\x1b[Jwarning: disk is slow\n[ 4/17]\n"));
  view.step(event(Kind::done, 2'000, "1 GiB"));
  screen.take();
  view.finish();
  REQUIRE(screen.take() == "\r\x1b[1A\x1b[J✔ backup 1 GiB 2.0 s\n\x1b[?25h");
  view.finish();
  REQUIRE(screen.take().empty());
}

TEST_CASE("what was looked at vanishes from a terminal") {
  Screenful screen;
  SimulatedClock clock;
  const Cancellation cancellation;
  TerminalView view(
      screen.write(), [] { return Style{.width = 20}; }, clock, cancellation);
  view.looking("the server of service\x1b[2J db");
  REQUIRE(screen.take() == "\x1b[?25lthe server of servi…");
  view.finish();
  REQUIRE(screen.take() == "\r\x1b[J\x1b[?25h");
}

TEST_CASE("JSON mode has one event a line and progress once a second") {
  Screenful screen;
  SimulatedClock clock;
  JsonView view(screen.write(), clock);
  view.step(event(Kind::started));
  for (int i = 0; i < 25; ++i) {
    view.progress(bytes(i * kMiB, 25 * kMiB));
    clock.pause(milliseconds(100));
  }
  view.message({.severity = Severity::note, .code = "W-X", .message = "hello", .hint = {}});
  std::vector<std::string> types;
  for (const std::string& line : split_lines(screen.text))
    types.emplace_back(boost::json::parse(line).as_object().at("event").as_string());
  REQUIRE(types == std::vector<std::string>{"step", "progress", "progress", "progress", "diagnostic"});
}

TEST_CASE("the ticker ticks until it ends") {
  struct Counting final : View {
    std::mutex mutex;
    std::condition_variable changed;
    int ticks = 0;
    void looking(const std::string&) override {}
    void step(const upgrade::StepEvent&) override {}
    void progress(const upgrade::Progress&) override {}
    void message(const Diagnostic&) override {}
    void finish() override {}
    void tick() override {
      const std::lock_guard lock(mutex);
      ++ticks;
      changed.notify_all();
    }
  } view;
  {
    const Ticker ticker(view, milliseconds(1));
    std::unique_lock lock(view.mutex);
    REQUIRE(view.changed.wait_for(lock, std::chrono::seconds(60), [&] { return view.ticks >= 3; }));
  }
  const int at_end = view.ticks;
  REQUIRE(at_end >= 3);
}

TEST_CASE("the log holds back lines until the run has its directory and is private") {
  const pgupgrade::test::TemporaryDirectory directory;
  const auto file = directory / "run" / "run.log";
  RunLog log(file);
  log.line(Severity::note, "before");
  REQUIRE_FALSE(std::filesystem::exists(file));
  std::filesystem::create_directory(directory / "run");
  log.step(event(Kind::started));
  log.progress(bytes(1, 2));
  log.progress(bytes(2, 2));
  log.line(Severity::warning, "two\nlines\x1b[2J");
  log.step(event(Kind::failed, 1'000));
  struct stat status {};
  REQUIRE(stat(file.c_str(), &status) == 0);
  REQUIRE((status.st_mode & 0777U) == 0600U);
  std::string untimed;
  for (const std::string& line : split_lines(read_file(file))) {
    REQUIRE(line.size() > 30);
    untimed += line.substr(line.find(' ') + 1) + "\n";
  }
  REQUIRE(untimed ==
          "info before\n"
          "info [ 4/17] backup: started\n"
          "info backup: volume shop_pgdata\n"
          "warning two\n"
          "warning lines?[2J\n"
          "error [ 4/17] backup: failed after 1.0 s\n");
  REQUIRE(log.problem().empty());
}

TEST_CASE("no password gets into the log, whatever is quoted") {
  const pgupgrade::test::TemporaryDirectory directory;
  RunLog log(directory / "run.log");
  const std::string verifier = "SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy";
  log.line(Severity::error, "could not query: ALTER ROLE app PASSWORD 'pencil-1'");
  log.message({.severity = Severity::warning,
               .code = "W-X",
               .message = "role app has md5" + std::string(32, 'a') + " and " + verifier,
               .hint = {}});
  log.progress({.step = "start", .what = "postgres://app:pencil-2@db/shop", .done = 0, .total = 0});
  upgrade::StepEvent done = event(Kind::done);
  done.detail = "password=pencil-3";
  log.step(done);
  const std::string text = read_file(directory / "run.log");
  CHECK(text.find("ALTER ROLE app") != std::string::npos);
  for (const std::string secret : {"pencil", "aaaaaaaa", "c3RvcmVk"}) {
    INFO(secret);
    CHECK(text.find(secret) == std::string::npos);
  }
}

TEST_CASE("a log that cannot be written is told and stops nothing") {
  const pgupgrade::test::TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "run.log");
  RunLog log(directory / "run.log");
  log.line(Severity::note, "hello");
  REQUIRE(log.problem() == "could not write " + (directory / "run.log").native() + ": Is a directory");
}
