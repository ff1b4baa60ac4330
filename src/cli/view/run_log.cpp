#include "pgupgrade/cli/view/run_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>

#include <cstring>
#include <mutex>
#include <vector>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/base/unique_fd.hpp"
#include "pgupgrade/cli/view/live_block.hpp"
#include "pgupgrade/postgres/without_passwords.hpp"

namespace pgupgrade::cli {

namespace {

constexpr std::size_t kLongest = 4000;  // bytes of a line

}  // namespace

struct RunLog::State {
  std::filesystem::path file;
  std::unique_ptr<spdlog::logger> logger;
  std::vector<std::pair<spdlog::level::level_enum, std::string>> held_back;
  std::string problem;
  std::string last_progress;
  std::int64_t last_waiting_ms = 0;
  std::mutex mutex;

  // All that is logged comes by here: whatever a program or a server has quoted, no password gets further.
  void write(spdlog::level::level_enum level, const std::string& line) {
    const std::lock_guard lock(mutex);
    const std::string text = postgres::without_passwords(line);
    if (!problem.empty()) return;
    if (logger == nullptr && !open()) {
      if (problem.empty()) held_back.emplace_back(level, text);
      return;
    }
    logger->log(level, text);
  }

  // False while the run's directory is not there. The file is made here, since spdlog would make it readable
  // for others.
  bool open() {
    std::error_code ignored;
    if (!std::filesystem::is_directory(file.parent_path(), ignored)) return false;
    const UniqueFd created(
        ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!created) {
      problem = fmt::format("could not write {}: {}", file.native(), std::strerror(errno));
      return false;
    }
    try {
      auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.native(), false);
      logger = std::make_unique<spdlog::logger>("run", std::move(sink));
    } catch (const spdlog::spdlog_ex& error) {
      problem = fmt::format("could not write {}: {}", file.native(), error.what());
      return false;
    }
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    logger->flush_on(spdlog::level::trace);
    logger->set_error_handler([](const std::string&) {});  // a full disk is told by the run itself
    for (const auto& [level, text] : held_back) logger->log(level, text);
    held_back.clear();
    return true;
  }
};

RunLog::RunLog(std::filesystem::path file) : state_(std::make_unique<State>()) {
  state_->file = std::move(file);
}
RunLog::~RunLog() = default;

void RunLog::step(const upgrade::StepEvent& event) {
  const bool failed = event.kind == upgrade::StepEventKind::failed;
  state_->write(failed ? spdlog::level::err : spdlog::level::info, step_line(event));
}

void RunLog::progress(const upgrade::Progress& progress) {
  const std::string thing = fmt::format("{}: {}", progress.step, progress.what);
  if (progress.what.empty() || thing == state_->last_progress) return;
  state_->last_progress = thing;
  state_->write(spdlog::level::info, printable(thing, 1000));
}

void RunLog::waiting(const upgrade::Waiting& waiting) {
  constexpr std::int64_t kBetweenWaits = 600'000;
  if (state_->last_waiting_ms != 0 && waiting.now_ms - state_->last_waiting_ms < kBetweenWaits) return;
  state_->last_waiting_ms = waiting.now_ms;
  line(Severity::note, waiting_line(waiting));
}

void RunLog::message(const Diagnostic& diagnostic) {
  line(diagnostic.severity, diagnostic.message);
}

void RunLog::line(Severity severity, const std::string& text) {
  const auto level = severity == Severity::error     ? spdlog::level::err
                     : severity == Severity::warning ? spdlog::level::warn
                                                     : spdlog::level::info;
  for (const std::string& each : split_lines(text)) state_->write(level, printable(each, kLongest));
}

const std::string& RunLog::problem() const {
  return state_->problem;
}

}  // namespace pgupgrade::cli
