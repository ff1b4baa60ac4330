#include "campaign/child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <thread>
#include <utility>

#include "campaign/campaign.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/paths.hpp"

extern char** environ;  // NOLINT: POSIX names it

namespace pgupgrade::test::campaign {

namespace {

constexpr std::chrono::seconds kPatience{240};

// What exec wants; made before the fork, after which nothing may be allocated.
class Pointers {
 public:
  explicit Pointers(Words words) : words_(std::move(words)) {
    for (std::string& word : words_) pointers_.push_back(word.data());
    pointers_.push_back(nullptr);
  }
  char** get() { return pointers_.data(); }

 private:
  Words words_;
  std::vector<char*> pointers_;
};

Words environment_with(const Variables& variables) {
  Words result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    if (!variables.contains(text.substr(0, text.find('=')))) result.push_back(text);
  }
  for (const auto& [name, value] : variables) result.push_back(name + "=" + value);
  return result;
}

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  require(::pipe2(ends.data(), O_CLOEXEC) == 0, "there is a pipe");
  return ends;
}

void close_if_open(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

}  // namespace

Child::Child(const Project& project, const ChildOptions& options) {
  Variables variables = options.variables;
  variables.insert({"COMPOSE_PROJECT_NAME", project.name()});
  variables.insert({"NO_COLOR", "1"});
  if (options.streams == Streams::terminal) variables["TERM"] = "xterm";
  Pointers environment(environment_with(variables));
  Words words = {program().string()};
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  Pointers argv(words);
  const std::string directory = (project / options.directory).native();
  std::array<int, 2> out = {-1, -1};
  std::array<int, 2> err = {-1, -1};
  if (options.streams == Streams::pipes) {
    out = make_pipe();
    err = make_pipe();
  }
  process_ = options.streams == Streams::terminal ? ::forkpty(&out_, nullptr, nullptr, nullptr) : ::fork();
  require(process_ >= 0, "there is a process");
  if (process_ == 0) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(number, SIG_DFL);
    if (options.streams == Streams::pipes) {
      ::dup2(out[1], STDOUT_FILENO);
      ::dup2(err[1], STDERR_FILENO);
    }
    if (options.streams == Streams::none)
      for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::close(stream);
    if (::chdir(directory.c_str()) == 0) ::execve(argv.get()[0], argv.get(), environment.get());
    ::_exit(127);
  }
  if (options.streams == Streams::pipes) {
    ::close(out[1]);
    ::close(err[1]);
    out_ = out[0];
    err_ = err[0];
  }
  // Other children of ours must not hold a terminal open.
  for (const int stream : {out_, err_}) {
    if (stream < 0) continue;
    ::fcntl(stream, F_SETFD, FD_CLOEXEC);
    ::fcntl(stream, F_SETFL, O_NONBLOCK);
  }
}

Child::~Child() {
  if (state_ != State::ended) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  close_if_open(out_);
  close_if_open(err_);
}

void Child::read(int& stream, std::string& text) {
  std::array<char, 4096> buffer{};
  while (stream >= 0) {
    const ssize_t count = ::read(stream, buffer.data(), buffer.size());
    if (count > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(count));
    } else if (count < 0 && errno == EINTR) {
      continue;
    } else if (count < 0 && errno == EAGAIN) {
      return;
    } else {
      close_if_open(stream);  // the end; a terminal that nobody has open any more gives EIO
    }
  }
}

Child::State Child::look() {
  if (state_ == State::ended) return state_;
  int status = 0;
  const pid_t changed = ::waitpid(process_, &status, WNOHANG | WUNTRACED | WCONTINUED);
  read(out_, result_.standard_output);
  read(err_, result_.standard_error);
  if (changed != process_) return state_;
  if (WIFSTOPPED(status)) return state_ = State::stands;
  if (WIFCONTINUED(status)) return state_ = State::runs;
  result_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  result_.signal_number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return state_ = State::ended;
}

Child::State Child::settle() {
  wait_until(
      fmt::format("process {} to stand still or end", process_), [&] { return look() != State::runs; },
      kPatience);
  return state_;
}

void Child::wait_for_stop() {
  const State state = settle();
  require(state == State::stands, "the run ended before the place: " + output_of(result_));
}

void Child::wait_for_words(const std::string& words) {
  wait_until("the words " + words, [&] {
    require(look() != State::ended, "the run ended before it said so: " + output_of(result_));
    return (result_.standard_output + result_.standard_error).find(words) != std::string::npos;
  });
}

ProcessResult Child::wait() {
  wait_until(
      fmt::format("the end of process {}", process_),
      [&] {
        require(look() != State::stands, "the run stands still");
        return state_ == State::ended;
      },
      kPatience);
  return result_;
}

void Child::signal(int number) const {
  require(::kill(process_, number) == 0, "the process takes a signal");
}

// Not told by WCONTINUED alone: a look right after this must not find it standing.
void Child::go_on() {
  state_ = State::runs;
  signal(SIGCONT);
}

// One that stands still dies without going on first: it is not to be found standing until then.
void Child::kill() {
  state_ = State::runs;
  signal(SIGKILL);
}

void Child::type(const std::string& keys) const {
  require(::write(out_, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()),
          "keys can be typed on the terminal");
}

void Child::close_streams() {
  look();
  const bool terminal = err_ < 0;
  close_if_open(out_);
  close_if_open(err_);
  if (terminal) state_ = State::runs;
}

}  // namespace pgupgrade::test::campaign
