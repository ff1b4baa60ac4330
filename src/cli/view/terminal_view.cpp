#include <fmt/format.h>

#include "cli/view/hook_line.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/process/signals.hpp"
#include "pgupgrade/cli/view/views.hpp"

namespace pgupgrade::cli {

namespace {
constexpr std::chrono::milliseconds kShortest{100};  // between two redraws
constexpr std::string_view kHideCursor = "\x1b[?25l";
constexpr std::string_view kShowCursor = "\x1b[?25h";
}  // namespace

TerminalView::TerminalView(Write write, std::function<Style()> style, Clock& clock,
                           const Cancellation& cancellation)
    : write_(std::move(write)), style_(std::move(style)), clock_(clock), cancellation_(cancellation) {}

TerminalView::~TerminalView() {
  try {
    finish();
  } catch (
      ...) {  // NOLINT(bugprone-empty-catch): a screen that cannot be written to has nothing to be left on
  }
}

// Back to the first line of what is drawn, and everything from there on cleared. The cursor stands behind the
// last line, which has no line feed, so that a block at the bottom of the screen does not scroll it.
std::string TerminalView::erasure() const {
  if (drawn_.empty()) return {};
  std::string text = "\r";
  if (drawn_.size() > 1) text += fmt::format("\x1b[{}A", drawn_.size() - 1);
  return text + "\x1b[J";
}

void TerminalView::redraw(Urgency urgency) {
  const auto now = clock_.monotonic();
  if (urgency == Urgency::when_due && last_draw_ && now - *last_draw_ < kShortest) return;
  last_draw_ = now;
  state_.stopping = cancellation_.requested();
  const Style style = style_();
  std::vector<std::string> lines = live_block(state_, now, style);
  if (lines.empty() && !looking_at_.empty()) lines.push_back(cut(looking_at_, style.width));
  std::string output = erasure();
  if (!cursor_hidden_ && !lines.empty()) {
    output.insert(0, kHideCursor);
    cursor_hidden_ = true;
    note_hidden_cursor(true);
  }
  output += join(lines, "\n");
  drawn_ = std::move(lines);
  if (!output.empty()) write_(output);
}

void TerminalView::looking(const std::string& what) {
  const std::lock_guard lock(mutex_);
  looking_at_ = printable(what, 500);
  redraw(Urgency::now);
}

void TerminalView::step(const upgrade::StepEvent& event) {
  const std::lock_guard lock(mutex_);
  state_.apply(event, clock_.monotonic());
  redraw(Urgency::now);
}

void TerminalView::progress(const upgrade::Progress& progress) {
  const std::lock_guard lock(mutex_);
  state_.apply(progress, clock_.monotonic());
  redraw(Urgency::when_due);
}

void TerminalView::waiting(const upgrade::Waiting& waiting) {
  const std::lock_guard lock(mutex_);
  state_.apply(waiting);
  redraw(Urgency::now);
}

void TerminalView::message(const Diagnostic& diagnostic) {
  const bool hook = is_hook_line(diagnostic);
  if (diagnostic.severity == Severity::note && !hook) return;
  const std::lock_guard lock(mutex_);
  const bool warning = diagnostic.severity == Severity::warning;
  const Style style = style_();
  const std::string sign =
      hook ? paint(style, Color::dim, "  |")
           : paint(style, warning ? Color::yellow : Color::red, warning ? "warning:" : "error:");
  write_(fmt::format("{}{} {}\n", erasure(), sign, printable(diagnostic.message, 2000)));
  drawn_.clear();
  redraw(Urgency::now);
}

void TerminalView::tick() {
  const std::lock_guard lock(mutex_);
  redraw(Urgency::when_due);
}

void TerminalView::finish() {
  const std::lock_guard lock(mutex_);
  std::string output;
  if (state_.total == 0) {
    output = erasure();  // what was looked at is no news
  } else if (!drawn_.empty()) {
    // What was done stays; what ran and whether it was safe to interrupt does not.
    output = erasure();
    for (const std::string& line : state_.finished) output += "✔ " + line + "\n";
  }
  if (cursor_hidden_) {
    output += kShowCursor;
    cursor_hidden_ = false;
    note_hidden_cursor(false);
  }
  drawn_.clear();
  looking_at_.clear();
  state_ = {};
  if (!output.empty()) write_(output);
}

}  // namespace pgupgrade::cli
