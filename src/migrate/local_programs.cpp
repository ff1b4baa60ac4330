#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <future>
#include <system_error>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/process.hpp"
#include "pgupgrade/base/unique_fd.hpp"
#include "pgupgrade/migrate/programs.hpp"

namespace pgupgrade::migrate {
namespace {

constexpr std::chrono::hours kNoLimit{24 * 365};  // a copy may take days; it can be cancelled
constexpr std::chrono::milliseconds kTick{500};

ProgramOutput output_of(ProcessResult result) {
  constexpr int kSignalled = 128;
  return {.exit_code = result.signal_number == 0 ? result.exit_code : kSignalled + result.signal_number,
          .output = std::move(result.standard_output),
          .message = std::move(result.standard_error)};
}

void wait_for(const std::future<ProgramOutput>& result, const std::function<void()>& tick) {
  while (result.wait_for(kTick) != std::future_status::ready)
    if (tick) tick();
}

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw Error(ErrorKind::failed, "E-PROCESS",
                "could not make a pipe: " + std::generic_category().message(errno));
  return {.read_end = UniqueFd(ends[0]), .write_end = UniqueFd(ends[1])};
}

class LocalPrograms final : public Programs {
 public:
  LocalPrograms(ClientPrograms which, const Cancellation& cancellation)
      : which_(std::move(which)), cancellation_(cancellation) {}

  const ClientPrograms& which() const override { return which_; }

  ProgramOutput run(const Command& command, const std::function<void()>& tick) override {
    auto result = started(command, {});
    wait_for(result, tick);
    return result.get();
  }

  // Each end is ours until its program has ended, so that the other one is not kept waiting by it.
  ProgramOutput pipe(const Command& from, const Command& to, const std::function<void()>& tick) override {
    Pipe ends = make_pipe();
    auto reader = started(to, {.input = std::move(ends.read_end), .output = {}});
    auto writer = started(from, {.input = {}, .output = std::move(ends.write_end)});
    wait_for(reader, tick);
    wait_for(writer, tick);
    ProgramOutput written = writer.get();
    ProgramOutput read = reader.get();
    return {.exit_code = read.exit_code != 0 ? read.exit_code : written.exit_code,
            .output = std::move(read.output),
            .message = written.message + read.message};
  }

 private:
  struct Streams {
    UniqueFd input;   // nothing: /dev/null
    UniqueFd output;  // nothing: kept as text
  };

  std::future<ProgramOutput> started(const Command& command, Streams streams) const {
    return std::async(std::launch::async, [this, command, streams = std::move(streams)]() mutable {
      const Streams own = std::move(streams);  // closed here, not with the future
      std::vector<std::string> argv = command.argv;
      argv.front() = (which_.directory / argv.front()).native();
      ProcessOptions options{.timeout = kNoLimit, .cancellation = &cancellation_};
      options.extra_environment["LC_ALL"] = "C";  // this program reads what they say
      if (!command.password.empty()) options.extra_environment["PGPASSWORD"] = command.password.reveal();
      if (own.input) options.standard_input = own.input.get();
      if (own.output) options.standard_output = own.output.get();
      return output_of(run_process(argv, options));
    });
  }

  ClientPrograms which_;
  const Cancellation& cancellation_;
};

}  // namespace

std::unique_ptr<Programs> programs_on_this_machine(const ClientPrograms& which,
                                                   const Cancellation& cancellation) {
  return std::make_unique<LocalPrograms>(which, cancellation);
}

}  // namespace pgupgrade::migrate
