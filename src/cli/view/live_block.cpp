#include "pgupgrade/cli/view/live_block.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "pgupgrade/base/text.hpp"

namespace pgupgrade::cli {

namespace {

constexpr std::size_t kBarWidth = 20;

std::uint64_t natural(std::int64_t value) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
}

std::string amount(std::int64_t value, upgrade::Progress::Unit unit) {
  return unit == upgrade::Progress::Unit::bytes ? human_bytes(natural(value)) : human_count(natural(value));
}

double share(const upgrade::Progress& progress) {
  return std::clamp(static_cast<double>(progress.done) / static_cast<double>(progress.total), 0.0, 1.0);
}

std::string bar(const LiveState& state, const Style& style) {
  if (!state.progress || state.progress->total <= 0) return {};
  const auto full = static_cast<std::size_t>(share(*state.progress) * kBarWidth);
  std::string filled;
  std::string open;
  for (std::size_t i = 0; i < full; ++i) filled += "━";
  for (std::size_t i = full; i < kBarWidth; ++i) open += style.color ? "━" : "─";
  return paint(style, Color::green, filled) + paint(style, Color::dim, open);
}

std::string spinner(std::chrono::milliseconds now) {
  constexpr std::array<const char*, 10> kFrames = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
  return kFrames[static_cast<std::size_t>(now.count() / 100) % kFrames.size()];
}

// The newest finished steps that fit.
std::string finished_line(const LiveState& state, const Style& style) {
  const std::string counter = step_counter(state.number, state.total);
  const std::string mark = state.undoing ? "↩" : "✔";
  std::size_t room = style.width > display_width(counter) ? style.width - display_width(counter) : 0;
  std::vector<std::string> shown;
  for (auto step = state.finished.rbegin(); step != state.finished.rend(); ++step) {
    const std::size_t needed = display_width(*step) + 4;
    if (needed > room) break;
    room -= needed;
    shown.push_back(fmt::format(" {} {} ", paint(style, Color::green, mark), *step));
  }
  std::reverse(shown.begin(), shown.end());
  std::string text = counter + join(shown, "");
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

std::string running_line(const LiveState& state, std::chrono::milliseconds now, const Style& style) {
  const std::string verb = state.undoing ? "undo " : "";
  std::string name = verb + printable(state.step);
  if (state.progress && !state.progress->what.empty()) name += " " + printable(state.progress->what);
  std::string numbers = progress_text(state);
  if (numbers.empty()) numbers = human_duration((now - state.step_began).count());
  const std::string meter = bar(state, style);
  const std::size_t fixed = 3 + 2 + (meter.empty() ? 0 : kBarWidth + 2);
  const std::size_t room =
      style.width > fixed + display_width(numbers) ? style.width - fixed - display_width(numbers) : 0;
  if (room < 8)  // narrow: the bar goes first
    return cut(fmt::format(" {} {}  {}", spinner(now), name, numbers), style.width);
  return fmt::format(" {} {}  {}{}", spinner(now), cut(name, room), meter.empty() ? "" : meter + "  ",
                     numbers);
}

std::string safety_line(const LiveState& state, const Style& style) {
  std::string text = "   Safe to interrupt: nothing destructive has happened.";
  if (!state.waiting.empty()) text = "   Ctrl-C ends the wait and leaves all ready: pgupgrade run goes on.";
  if (state.destructive_behind)
    text = "   Safe to interrupt: the old data can come back, resume or rollback goes on.";
  if (state.undoing) text = "   Safe to interrupt: pgupgrade rollback goes on.";
  if (state.stopping) text = "   Stopping at the next safe point…  Ctrl-C again exits at once.";
  return paint(style, Color::dim, cut(text, style.width));
}

}  // namespace

void LiveState::apply(const upgrade::StepEvent& event, std::chrono::milliseconds now) {
  using Kind = upgrade::StepEventKind;
  number = event.number;
  total = event.total;
  destructive_behind = event.destructive_behind;
  const bool begins = event.kind == Kind::started || event.kind == Kind::undo_started;
  const bool back = event.kind == Kind::undo_started || event.kind == Kind::undone;
  if (back && !undoing) finished.clear();
  if (event.kind != Kind::failed) undoing = back;
  waiting.clear();
  progress.reset();
  meter.restart(now);
  if (begins) {
    step = event.step;
    step_began = now;
    return;
  }
  step.clear();
  if (event.kind == Kind::failed) return;
  std::string words = printable(event.step);
  if (!event.detail.empty()) words += " " + printable(event.detail);
  if (event.kind != Kind::already) words += " " + human_duration(event.duration_ms);
  finished.push_back(words);
}

void LiveState::apply(const upgrade::Progress& update, std::chrono::milliseconds now) {
  if (!progress || progress->what != update.what || progress->step != update.step) meter.restart(now);
  progress = update;
  meter.update(update.done, update.total, now);
}

void LiveState::apply(const upgrade::Waiting& update) {
  waiting = waiting_line(update);
}

std::string waiting_line(const upgrade::Waiting& waiting) {
  std::vector<std::string> parts = {fmt::format("waiting until {}, {} left", local_time(waiting.until_ms),
                                                human_duration(waiting.until_ms - waiting.now_ms))};
  for (const std::string& line : waiting.ready) parts.push_back(printable(line, 300));
  return join(parts, "; ");
}

std::string step_counter(int number, int total) {
  const std::size_t digits = std::to_string(total).size();
  return fmt::format("[{:>{}}/{}]", number, digits, total);
}

std::string progress_text(const LiveState& state) {
  if (!state.progress) return {};
  const upgrade::Progress& progress = *state.progress;
  std::vector<std::string> parts;
  if (progress.total > 0) {
    parts.push_back(fmt::format("{:.0f} %", std::floor(share(progress) * 100)));
    parts.push_back(fmt::format("{} of {}", amount(std::min(progress.done, progress.total), progress.unit),
                                amount(progress.total, progress.unit)));
  } else if (progress.done > 0) {
    parts.push_back(amount(progress.done, progress.unit));
  }
  const auto rate = state.meter.rate();
  if (rate && *rate >= 1 && progress.unit == upgrade::Progress::Unit::bytes)
    parts.push_back(human_bytes(static_cast<std::uint64_t>(*rate)) + "/s");
  if (const auto left = state.meter.left()) parts.push_back(human_duration(left->count()) + " left");
  return join(parts, "  ");
}

std::string step_line(const upgrade::StepEvent& event) {
  using Kind = upgrade::StepEventKind;
  std::string words;
  switch (event.kind) {
    case Kind::started:
      words = "started";
      break;
    case Kind::done:
      words = "done in " + human_duration(event.duration_ms);
      break;
    case Kind::already:
      words = "done already";
      break;
    case Kind::failed:
      words = "failed after " + human_duration(event.duration_ms);
      break;
    case Kind::undo_started:
      words = "undo started";
      break;
    case Kind::undone:
      words = "undone in " + human_duration(event.duration_ms);
      break;
  }
  if (!event.detail.empty()) words += fmt::format(" ({})", printable(event.detail));
  return fmt::format("{} {}: {}", step_counter(event.number, event.total), printable(event.step), words);
}

std::vector<std::string> live_block(const LiveState& state, std::chrono::milliseconds now,
                                    const Style& style) {
  if (state.total == 0) return {};
  std::vector<std::string> lines = {finished_line(state, style)};
  if (!state.step.empty()) lines.push_back(running_line(state, now, style));
  if (!state.waiting.empty())
    lines.push_back(cut(fmt::format(" {} {}", spinner(now), state.waiting), style.width));
  lines.push_back(safety_line(state, style));
  return lines;
}

}  // namespace pgupgrade::cli
