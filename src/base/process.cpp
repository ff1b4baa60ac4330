#include "pgupgrade/base/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/readable_pipe.hpp>
#include <boost/process/v2/process.hpp>
#include <boost/process/v2/stdio.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/base/unique_fd.hpp"

extern char** environ;  // NOLINT: POSIX names it

namespace pgupgrade {

namespace {

namespace asio = boost::asio;
namespace bp = boost::process::v2;

constexpr std::chrono::milliseconds kPollInterval{50};  // how late a cancellation is seen at most

[[noreturn]] void throw_process_error(const std::string& message) {
  throw Error(ErrorKind::failed, "E-PROCESS", message);
}

std::string reason_of(int errno_value) {
  return std::generic_category().message(errno_value);
}

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

// Our own, since Boost ignores a failure to make one and would hand our terminal to the child.
Pipe make_pipe(const std::string& program) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw_process_error(fmt::format("could not start {}: no pipe: {}", program, reason_of(errno)));
  }
  return {.read_end = UniqueFd(ends[0]), .write_end = UniqueFd(ends[1])};
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& extra) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (!extra.contains(std::string(text.substr(0, text.find('='))))) result.emplace_back(text);
  }
  for (const auto& [name, value] : extra) result.push_back(fmt::format("{}={}", name, value));
  return result;
}

// What happens in the child between fork and exec: only async-signal-safe calls.
class ChildSetup {
 public:
  ChildSetup(const ProcessOptions& options, const std::vector<std::string>& environment)
      : directory_(options.working_directory) {
    for (const std::string& entry : environment) environment_.push_back(entry.c_str());
    environment_.push_back(nullptr);
  }

  bp::error_code on_setup(bp::posix::default_launcher& launcher, const boost::filesystem::path&,
                          const char* const*) {
    launcher.env = environment_.data();
    return {};
  }

  // A process group of its own: the terminal's Ctrl-C is for us to handle, and children of the child can be
  // ended with it.
  bp::error_code on_exec_setup(bp::posix::default_launcher&, const boost::filesystem::path&,
                               const char* const*) {
    sigset_t none;
    ::sigemptyset(&none);
    ::signal(SIGPIPE, SIG_DFL);
    // Boost's own closing leaves out those between 2 and its error pipe. On a kernel before 5.11 this fails,
    // and what keeps our descriptors from the child is that each is opened with O_CLOEXEC.
    ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    const bool failed = ::setpgid(0, 0) != 0 || ::sigprocmask(SIG_SETMASK, &none, nullptr) != 0 ||
                        (!directory_.empty() && ::chdir(directory_.c_str()) != 0);
    return failed ? bp::error_code(errno, boost::system::system_category()) : bp::error_code();
  }

  // Boost would go on to exit(3), which runs our own atexit handlers in the child. It looks for a function of
  // five arguments and then calls one of four; this serves both.
  template <typename... Arguments>
  void on_exec_error(Arguments&&...) {
    ::_exit(127);
  }

 private:
  std::string directory_;
  std::vector<const char*> environment_;
};

class Run {
 public:
  Run(const std::vector<std::string>& argv, const ProcessOptions& options)
      : program_(printable(argv.front())),
        options_(options),
        out_(context_),
        err_(context_),
        child_(start(argv)) {
    if (options.standard_output < 0) read(out_);
    read(err_);
    child_.async_wait([this](const boost::system::error_code& problem, int) {
      exited_ = true;
      wait_problem_ = problem;
    });
  }

  ProcessResult finish() {
    const auto deadline = std::chrono::steady_clock::now() + options_.timeout;
    while (!exited_ || out_.open || err_.open) {
      if (options_.cancellation != nullptr && options_.cancellation->requested()) {
        end_child();
        options_.cancellation->throw_if_requested();
      }
      if (too_much_) throw_too_much();
      const auto now = std::chrono::steady_clock::now();
      if (now >= deadline) {
        end_child();
        throw_process_error(fmt::format("{} did not end within {} and was killed", program_,
                                        human_duration(options_.timeout.count())));
      }
      context_.run_one_until(std::min(deadline, now + kPollInterval));
    }
    if (too_much_) throw_too_much();
    return result();
  }

 private:
  struct Stream {
    explicit Stream(asio::io_context& context) : pipe(context) {}
    asio::readable_pipe pipe;
    std::array<char, 16U << 10U> buffer{};
    std::string text;
    bool open = true;
  };

  bp::process start(const std::vector<std::string>& argv) {
    const auto executable = find_executable(argv.front());
    if (!executable) throw_process_error(fmt::format("could not find {} on PATH", program_));
    const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!null) throw_process_error(fmt::format("could not open /dev/null: {}", reason_of(errno)));
    Pipe out;
    Pipe err = make_pipe(program_);
    out_.open = options_.standard_output < 0;
    if (out_.open) {
      out = make_pipe(program_);
      out_.pipe.assign(out.read_end.release());
    }
    err_.pipe.assign(err.read_end.release());
    const std::vector<std::string> environment = environment_with(options_.extra_environment);
    ChildSetup setup(options_, environment);
    const std::vector<std::string> arguments(argv.begin() + 1, argv.end());
    bp::posix::default_launcher launcher;
    bp::error_code problem;
    bp::process child = launcher(
        asio::any_io_executor(context_.get_executor()), problem,
        boost::filesystem::path(executable->native()), arguments,
        bp::process_stdio{options_.standard_input < 0 ? null.get() : options_.standard_input,
                          out_.open ? out.write_end.get() : options_.standard_output, err.write_end.get()},
        setup);
    if (problem) {
      // Boost leaves a child whose exec failed as a zombie.
      if (launcher.pid > 0) ::waitpid(launcher.pid, nullptr, 0);
      throw_process_error(fmt::format("could not start {}: {}", program_, problem.message()));
    }
    return child;
  }

  void read(Stream& stream) {
    stream.pipe.async_read_some(asio::buffer(stream.buffer),
                                [this, &stream](const boost::system::error_code& problem, std::size_t count) {
                                  if (stream.text.size() + count > options_.output_limit) too_much_ = true;
                                  if (!too_much_) stream.text.append(stream.buffer.data(), count);
                                  if (problem) {
                                    stream.open = false;  // the end: all writers have closed it
                                  } else {
                                    read(stream);
                                  }
                                });
  }

  [[noreturn]] void throw_too_much() {
    end_child();
    throw_process_error(fmt::format("cannot use the output of {}: it is longer than {}", program_,
                                    human_bytes(options_.output_limit)));
  }

  // SIGTERM, some patience, SIGKILL; to the whole group.
  void end_child() {
    ::kill(-child_.id(), SIGTERM);
    const auto deadline = std::chrono::steady_clock::now() + options_.kill_grace;
    while (!exited_ && std::chrono::steady_clock::now() < deadline) context_.run_one_until(deadline);
    ::kill(-child_.id(), SIGKILL);
    while (!exited_) context_.run_one();
  }

  ProcessResult result() {
    if (wait_problem_) {
      throw_process_error(fmt::format("could not learn how {} ended: {}", program_, wait_problem_.message()));
    }
    // Not exit_code(), which shows a child killed by signal 9 as one that exited with 9.
    const int status = child_.native_exit_code();
    ProcessResult result;
    result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    result.signal_number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    result.standard_output = std::move(out_.text);
    result.standard_error = std::move(err_.text);
    return result;
  }

  std::string program_;
  const ProcessOptions& options_;
  asio::io_context context_;
  Stream out_;
  Stream err_;
  bool exited_ = false;
  bool too_much_ = false;
  boost::system::error_code wait_problem_;
  bp::process child_;  // last: its start uses all above
};

bool is_executable_file(const std::filesystem::path& path) {
  std::error_code problem;
  return std::filesystem::is_regular_file(path, problem) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& argv, const ProcessOptions& options) {
  if (argv.empty() || argv.front().empty()) {
    throw Error(ErrorKind::internal, "E-INTERNAL", "could not start a program without a name");
  }
  std::error_code problem;
  if (!options.working_directory.empty() &&
      !std::filesystem::is_directory(options.working_directory, problem)) {
    throw_process_error(fmt::format("could not start {}: {} is not a directory", printable(argv.front()),
                                    printable(options.working_directory.native())));
  }
  return Run(argv, options).finish();
}

std::optional<std::filesystem::path> find_executable(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    if (!is_executable_file(name)) return std::nullopt;
    return std::filesystem::absolute(name);  // the child may start in another directory
  }
  const char* path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  for (;;) {
    const std::size_t end = rest.find(':');
    const std::string_view directory = rest.substr(0, end);
    // An empty element would mean the current directory: never run what happens to lie there.
    if (!directory.empty() && is_executable_file(std::filesystem::path(directory) / name)) {
      return std::filesystem::absolute(std::filesystem::path(directory) / name);
    }
    if (end == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(end + 1);
  }
}

}  // namespace pgupgrade
