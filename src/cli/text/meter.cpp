#include "pgupgrade/cli/text/meter.hpp"

#include <algorithm>

namespace pgupgrade::cli {

namespace {
constexpr std::chrono::milliseconds kWindow{10'000};
constexpr std::chrono::milliseconds kSpacing{250};  // between kept samples
constexpr std::chrono::milliseconds kLeast{1'000};  // before a rate means anything
}  // namespace

void Meter::restart(std::chrono::milliseconds now) {
  samples_.assign({{now, 0}});
  total_ = 0;
}

void Meter::update(std::int64_t done, std::int64_t total, std::chrono::milliseconds now) {
  // What goes backwards has begun anew.
  if (!samples_.empty() && done < samples_.back().done) samples_.clear();
  total_ = total;
  // The newest sample is replaced until it is far enough from the one before.
  if (samples_.size() >= 2 && now - samples_[samples_.size() - 2].at < kSpacing)
    samples_.back() = {now, done};
  else
    samples_.push_back({now, done});
  while (samples_.size() > 2 && now - samples_[1].at >= kWindow) samples_.pop_front();
}

std::optional<double> Meter::rate() const {
  if (samples_.size() < 2) return std::nullopt;
  const auto length = samples_.back().at - samples_.front().at;
  if (length < kLeast) return std::nullopt;
  return static_cast<double>(samples_.back().done - samples_.front().done) * 1000.0 /
         static_cast<double>(length.count());
}

std::optional<std::chrono::milliseconds> Meter::left() const {
  const auto speed = rate();
  if (!speed || *speed <= 0 || total_ <= 0) return std::nullopt;
  const std::int64_t missing = std::max<std::int64_t>(total_ - samples_.back().done, 0);
  return std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(missing) * 1000.0 / *speed));
}

}  // namespace pgupgrade::cli
