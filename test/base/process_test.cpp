#include "pgupgrade/base/process.hpp"

#include <fcntl.h>

#include <csignal>
#include <thread>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/unique_fd.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace pgupgrade;
using pgupgrade::test::TemporaryDirectory;
using namespace std::chrono_literals;

namespace {

Error error_of(const std::vector<std::string>& argv, const ProcessOptions& options = {}) {
  try {
    run_process(argv, options);
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorKind::internal, "E-INTERNAL", "no error");
}

}  // namespace

TEST_CASE("a child gives its outputs and its exit code") {
  const ProcessResult result = run_process({"sh", "-c", "echo out; echo err >&2; exit 3"});
  CHECK(result.exit_code == 3);
  CHECK(result.signal_number == 0);
  CHECK(result.standard_output == "out\n");
  CHECK(result.standard_error == "err\n");
  CHECK_FALSE(result.succeeded());
}

TEST_CASE("a child killed by signal 9 is told from one that exits with 9") {
  const ProcessResult killed = run_process({"sh", "-c", "kill -9 $$"});
  CHECK(killed.signal_number == SIGKILL);
  CHECK_FALSE(killed.succeeded());
  const ProcessResult exited = run_process({"sh", "-c", "exit 9"});
  CHECK(exited.signal_number == 0);
  CHECK(exited.exit_code == 9);
}

TEST_CASE("arguments reach the child as they are") {
  const ProcessResult result = run_process({"printf", "%s|", "a b", "", "$HOME", "\"'\\", "*"});
  CHECK(result.standard_output == "a b||$HOME|\"'\\|*|");
}

TEST_CASE("a child reads from and writes to descriptors of the caller's") {
  const TemporaryDirectory directory;
  directory.write("in", "a\nb\n");
  const UniqueFd in(::open((directory.path() / "in").c_str(), O_RDONLY | O_CLOEXEC));
  const UniqueFd out(::open((directory.path() / "out").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  ProcessOptions options;
  options.standard_input = in.get();
  options.standard_output = out.get();
  const ProcessResult result = run_process({"sh", "-c", "cat; echo done >&2"}, options);
  CHECK(result.succeeded());
  CHECK(result.standard_output.empty());
  CHECK(result.standard_error == "done\n");
  CHECK(read_file(directory.path() / "out") == "a\nb\n");
}

TEST_CASE("outputs larger than a pipe holds are read whole from both ends") {
  const std::string both =
      "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo $i-0123456789-0123456789-0123456789; "
      "echo $i-0123456789-0123456789-0123456789 >&2; done";
  const ProcessResult result = run_process({"sh", "-c", both});
  CHECK(result.succeeded());
  CHECK(result.standard_output.size() > 100'000);
  CHECK(result.standard_output == result.standard_error);
}

TEST_CASE("standard input of a child is empty") {
  const ProcessResult result = run_process({"cat"});
  CHECK(result.succeeded());
  CHECK(result.standard_output.empty());
}

TEST_CASE("a child inherits no descriptor but the three") {
  // Without O_CLOEXEC, as a library might leave one.
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const UniqueFd leaky(::fcntl(null.get(), F_DUPFD, 50));
  const ProcessResult result = run_process({"sh", "-c", "ls /proc/$$/fd; true"});
  CHECK(leaky.get() >= 50);
  CHECK(result.standard_output == "0\n1\n2\n");
}

TEST_CASE("environment and working directory are set for the child") {
  const TemporaryDirectory directory;
  ProcessOptions options;
  options.working_directory = directory.path();
  options.extra_environment = {{"PGUPGRADE_PROBE", "a value"}, {"HOME", "/nowhere"}};
  const ProcessResult result =
      run_process({"sh", "-c", "pwd; echo $PGUPGRADE_PROBE; env | grep ^HOME="}, options);
  CHECK(result.standard_output == directory.path().native() + "\na value\nHOME=/nowhere\n");
}

TEST_CASE("a program that is not there cannot be started") {
  const Error absent = error_of({"pgupgrade-no-such-program"});
  CHECK(absent.kind() == ErrorKind::failed);
  CHECK(absent.code() == "E-PROCESS");
  CHECK(std::string(absent.what()) == "could not find pgupgrade-no-such-program on PATH");
  CHECK(find_executable("pgupgrade-no-such-program") == std::nullopt);
}

TEST_CASE("a file that is no program is an error of the start") {
  const TemporaryDirectory directory;
  const std::string path = (directory / "data").native();
  write_file_durably(path, "\x01\x02", 0700);
  CHECK(std::string(error_of({path}).what()) == "could not start " + path + ": Exec format error");
}

TEST_CASE("a working directory that is not there is an error of the start") {
  ProcessOptions options;
  options.working_directory = "/nonexistent";
  CHECK(std::string(error_of({"true"}, options).what()) ==
        "could not start true: /nonexistent is not a directory");
}

TEST_CASE("a child that takes too long is killed") {
  ProcessOptions options;
  options.timeout = 50ms;
  const Error error = error_of({"sleep", "1000"}, options);
  CHECK(error.code() == "E-PROCESS");
  CHECK(std::string(error.what()) == "sleep did not end within 0.1 s and was killed");
}

TEST_CASE("a child that ignores the polite signal is killed by the other") {
  ProcessOptions options;
  options.timeout = 50ms;
  options.kill_grace = 50ms;
  const Error error = error_of({"sh", "-c", "trap '' TERM; while :; do sleep 1000; done"}, options);
  CHECK(std::string(error.what()) == "sh did not end within 0.1 s and was killed");
}

TEST_CASE("a cancelled child is ended and the error says so") {
  Cancellation cancellation;
  cancellation.request(SIGINT);
  ProcessOptions options;
  options.cancellation = &cancellation;
  const Error error = error_of({"sleep", "1000"}, options);
  CHECK(error.kind() == ErrorKind::interrupted);
  CHECK(error.code() == "E-INTERRUPTED");
  CHECK(std::string(error.what()) == "interrupted by SIGINT");
}

TEST_CASE("output beyond the limit is an error and not a cut text") {
  ProcessOptions options;
  options.output_limit = 2048;
  CHECK(std::string(error_of({"sh", "-c", "while :; do echo 0123456789; done"}, options).what()) ==
        "cannot use the output of sh: it is longer than 2.0 KiB");
}

TEST_CASE("children run in parallel threads") {
  std::string first;
  std::thread other([&] { first = run_process({"sh", "-c", "echo one"}).standard_output; });
  const std::string second = run_process({"sh", "-c", "echo two"}).standard_output;
  other.join();
  CHECK(first == "one\n");
  CHECK(second == "two\n");
}
