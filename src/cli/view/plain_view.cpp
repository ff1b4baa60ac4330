#include <fmt/format.h>

#include "cli/view/hook_line.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/view/views.hpp"

namespace pgupgrade::cli {

namespace {
constexpr std::chrono::milliseconds kHeartbeat{30'000};
constexpr std::chrono::minutes kBetweenWaits{10};
}  // namespace

PlainView::PlainView(Write write, Clock& clock, const Cancellation& cancellation)
    : write_(std::move(write)), clock_(clock), cancellation_(cancellation) {}

void PlainView::line(const std::string& text) {
  write_(text + "\n");
  last_line_ = clock_.monotonic();
}

void PlainView::looking(const std::string& what) {
  const std::lock_guard lock(mutex_);
  line(printable(what, 500));
}

void PlainView::step(const upgrade::StepEvent& event) {
  const std::lock_guard lock(mutex_);
  state_.apply(event, clock_.monotonic());
  line(step_line(event));
}

void PlainView::progress(const upgrade::Progress& progress) {
  const std::lock_guard lock(mutex_);
  state_.apply(progress, clock_.monotonic());
}

void PlainView::waiting(const upgrade::Waiting& waiting) {
  const std::lock_guard lock(mutex_);
  const auto now = clock_.monotonic();
  if (last_waiting_ && now - *last_waiting_ < kBetweenWaits) return;
  last_waiting_ = now;
  line(waiting_line(waiting));
}

void PlainView::message(const Diagnostic& diagnostic) {
  const bool hook = is_hook_line(diagnostic);
  if (diagnostic.severity == Severity::note && !hook) return;
  const std::lock_guard lock(mutex_);
  if (hook) return line(printable(diagnostic.message, 2000));
  line(fmt::format("{}: {}", diagnostic.severity == Severity::warning ? "warning" : "error",
                   printable(diagnostic.message, 2000)));
}

void PlainView::tick() {
  const std::lock_guard lock(mutex_);
  if (cancellation_.requested() && !told_to_stop_) {
    told_to_stop_ = true;
    line("stopping at the next safe point…  a second signal exits at once");
  }
  const auto now = clock_.monotonic();
  if (state_.step.empty() || now - last_line_ < kHeartbeat) return;
  std::string words = progress_text(state_);
  if (state_.progress && !state_.progress->what.empty())
    words = printable(state_.progress->what) + (words.empty() ? "" : "  ") + words;
  line(fmt::format("{} {}: {} for {}{}{}", step_counter(state_.number, state_.total), printable(state_.step),
                   state_.undoing ? "being undone" : "running",
                   human_duration((now - state_.step_began).count()), words.empty() ? "" : "  ", words));
}

}  // namespace pgupgrade::cli
