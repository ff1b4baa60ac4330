#include "pgupgrade/cli/view/events.hpp"
#include "pgupgrade/cli/view/views.hpp"

namespace pgupgrade::cli {

namespace {
constexpr std::chrono::milliseconds kBetweenProgress{1'000};
}

JsonView::JsonView(Write write, Clock& clock) : write_(std::move(write)), clock_(clock) {}

void JsonView::line(const std::string& event) {
  write_(event + "\n");
}

void JsonView::step(const upgrade::StepEvent& event) {
  const std::lock_guard lock(mutex_);
  last_progress_.reset();
  metered_.clear();
  line(step_event(event, clock_.unix_ms()));
}

void JsonView::progress(const upgrade::Progress& progress) {
  const std::lock_guard lock(mutex_);
  const auto now = clock_.monotonic();
  const std::string thing = progress.step + "\n" + progress.what;
  if (thing != metered_) {
    meter_.restart(now);
    metered_ = thing;
  }
  meter_.update(progress.done, progress.total, now);
  if (last_progress_ && now - *last_progress_ < kBetweenProgress) return;
  last_progress_ = now;
  const auto left = meter_.left();
  line(progress_event(progress, meter_.rate(), left ? std::optional(left->count()) : std::nullopt,
                      clock_.unix_ms()));
}

void JsonView::waiting(const upgrade::Waiting& waiting) {
  const std::lock_guard lock(mutex_);
  line(waiting_event(waiting, clock_.unix_ms()));
}

void JsonView::message(const Diagnostic& diagnostic) {
  const std::lock_guard lock(mutex_);
  line(diagnostic_event(diagnostic, clock_.unix_ms()));
}

}  // namespace pgupgrade::cli
