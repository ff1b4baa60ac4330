// Real system calls of a real process fail, or the process is killed at them, by strace's injection. After
// each, the state is the last one that was told as durable, or the next; nothing else.
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/process.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

namespace pgupgrade::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRun = "0a1b2c3d";

// The kinds of calls that a durable write makes. strace leaves out (?) what a machine does not have.
const std::vector<std::string> kCalls = {"openat",    "write",  "fsync",           "close",
                                         "renameat2", "fchmod", "?unlink,unlinkat"};

struct Outcome {
  ProcessResult process;
  bool hit = false;
  std::int64_t told = 0;  // the last generation that was told as durable
};

class StateDirectory {
 public:
  fs::path run() const { return directory_ / kRun; }
  fs::path state() const { return run() / "state.json"; }

  ProcessResult writer(const std::string& command, const std::string& limit = {}) const {
    std::vector<std::string> argv = {STATE_WRITER, command, run().string()};
    if (!limit.empty()) argv.push_back(limit);
    return run_process(argv);
  }

  Outcome injected(const std::string& command, const std::string& calls, const std::string& fault,
                   int at) const {
    const fs::path log = directory_ / "strace.log";
    const std::string inject = fmt::format("inject={}:{}:when={}", calls, fault, at);
    Outcome outcome;
    // A build with sanitizers cannot look for leaks while it is traced.
    outcome.process =
        run_process({"strace", "-E", "ASAN_OPTIONS=detect_leaks=0", "-f", "-qq", "-o", log.string(), "-e",
                     "trace=" + calls, "-e", inject, STATE_WRITER, command, run().string()});
    const std::string seen = read_file(log);
    outcome.hit = seen.find("(INJECTED)") != std::string::npos || outcome.process.signal_number == SIGKILL;
    outcome.told = last_told(outcome.process);
    return outcome;
  }

  static std::int64_t last_told(const ProcessResult& process) {
    const auto lines = split_lines(process.standard_output);
    return lines.empty() || lines.back().empty() ? 0 : std::stoll(lines.back());
  }

  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& entry : fs::directory_iterator(run())) result.push_back(entry.path().filename());
    std::sort(result.begin(), result.end());
    return result;
  }

  std::int64_t generation(const fs::path& file) const {
    return upgrade::parse_state(read_file(file), file).generation;
  }

 private:
  TemporaryDirectory directory_;
};

void check_error(const Outcome& outcome, const StateDirectory& directory) {
  const ProcessResult& process = outcome.process;
  INFO(process.standard_error);
  // 127: the program could not be loaded. 9: the generation could not be told.
  if (process.signal_number != 0 || process.exit_code == 0 || process.exit_code == 127 ||
      process.exit_code == 9) {
    return;
  }
  CHECK(process.exit_code == 5);
  CHECK_THAT(process.standard_error, ContainsSubstring("E-FILE: could not "));
  CHECK_THAT(process.standard_error, ContainsSubstring(directory.run().parent_path().string()));
}

void check_whole(const StateDirectory& directory, std::int64_t at_least) {
  const auto generation = directory.generation(directory.state());
  CHECK(generation >= at_least);
  CHECK(generation <= at_least + 1);
  const fs::path previous = directory.run() / "state.json.previous";
  if (fs::exists(previous)) {
    CHECK(directory.generation(previous) <= generation);
    CHECK(directory.generation(previous) >= generation - 1);
  }
}

void check_next(const StateDirectory& directory) {
  const auto before = directory.generation(directory.state());
  const ProcessResult next = directory.writer("go");
  INFO(next.standard_error);
  CHECK(next.exit_code == 0);
  // The first record may be there already; each of the others is a generation.
  CHECK(directory.generation(directory.state()) >= before + 3);
}

// Every k until there is no k-th call. Gives how often a fault struck.
int strike_everywhere(const std::string& calls, const std::string& fault) {
  int struck = 0;
  for (int at = 1;; ++at) {
    const StateDirectory directory;
    REQUIRE(directory.writer("begin").exit_code == 0);
    const Outcome outcome = directory.injected("go", calls, fault, at);
    INFO(calls << " " << fault << " " << at);
    if (!outcome.hit) {
      REQUIRE(outcome.process.exit_code == 0);
      return struck;
    }
    ++struck;
    check_error(outcome, directory);
    check_whole(directory, std::max<std::int64_t>(outcome.told, 2));
    const bool may_leave = outcome.process.signal_number != 0 || calls.find("unlink") != std::string::npos;
    if (!may_leave) {
      for (const std::string& name : directory.names()) CHECK(name.rfind("state.json", 0) == 0);
    }
    check_next(directory);
  }
}

}  // namespace

TEST_CASE("a call of a state write that fails leaves the generation before or the new one") {
  int struck = 0;
  for (const std::string& calls : kCalls) struck += strike_everywhere(calls, "error=EIO");
  CHECK(struck > 60);
}

TEST_CASE("a full disk at any call of a state write leaves the generation before or the new one") {
  int struck = 0;
  for (const char* calls : {"openat", "write", "fsync", "renameat2"})
    struck += strike_everywhere(calls, "error=ENOSPC");
  CHECK(struck > 40);
}

TEST_CASE("a kill at any call of a state write leaves the generation before or the new one") {
  int struck = 0;
  for (const std::string& calls : kCalls) struck += strike_everywhere(calls, "signal=KILL");
  CHECK(struck > 60);
}

TEST_CASE("a write that is short at any byte leaves the generation before") {
  const StateDirectory whole;
  REQUIRE(whole.writer("begin").exit_code == 0);
  REQUIRE(whole.writer("go").exit_code == 0);
  const auto size = fs::file_size(whole.state());
  int failed = 0;
  for (std::uintmax_t limit = 0; limit < size; limit += 23) {
    const StateDirectory directory;
    REQUIRE(directory.writer("begin").exit_code == 0);
    const ProcessResult process = directory.writer("go", std::to_string(limit));
    INFO(limit << ": " << process.standard_error);
    REQUIRE(process.exit_code == 5);
    CHECK_THAT(process.standard_error,
               ContainsSubstring("E-FILE: could not write " + directory.run().string()));
    check_whole(directory, std::max<std::int64_t>(StateDirectory::last_told(process), 2));
    for (const std::string& name : directory.names()) CHECK(name.rfind("state.json", 0) == 0);
    check_next(directory);
    ++failed;
  }
  CHECK(failed > 20);
}

TEST_CASE("a run that cannot be begun leaves nothing that is taken for its state") {
  int struck = 0;
  for (const std::string& calls : {std::string("mkdir"), std::string("openat"), std::string("fsync")}) {
    for (int at = 1;; ++at) {
      const StateDirectory directory;
      const Outcome outcome = directory.injected("begin", calls, "error=EIO", at);
      INFO(calls << " " << at);
      if (!outcome.hit) break;
      ++struck;
      check_error(outcome, directory);
      if (fs::exists(directory.state()))
        check_whole(directory, std::max<std::int64_t>(outcome.told, 1));
      else
        CHECK(outcome.told == 0);
    }
  }
  CHECK(struck > 10);
}

}  // namespace pgupgrade::test
