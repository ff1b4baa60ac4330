#include "planning/review.hpp"

#include <algorithm>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/preflight.hpp"

namespace pgupgrade::planning {

namespace {

CheckOutcome outcome_of(Severity severity) {
  switch (severity) {
    case Severity::note:
      return CheckOutcome::noted;
    case Severity::warning:
      return CheckOutcome::warned;
    case Severity::error:
      break;
  }
  return CheckOutcome::refused;
}

}  // namespace

CheckLine& Review::line_of(const CheckName& check) {
  const auto known = std::find_if(lines_.begin(), lines_.end(),
                                  [&](const CheckLine& line) { return line.title == check.title; });
  if (known != lines_.end()) return *known;
  return lines_.emplace_back(CheckLine{.title = check.title, .codes = split_list(check.codes, " ")});
}

void Review::add(const CheckName& check, const std::string& service, Diagnostics found) {
  CheckLine& line = line_of(check);
  for (const Diagnostic& diagnostic : found)
    line.outcome = std::max(line.outcome, outcome_of(diagnostic.severity));
  if (!found.empty() && !service.empty()) line.services.push_back(service);
  say(std::move(found));
}

void Review::postpone(const CheckName& check) {
  CheckLine& line = line_of(check);
  line.outcome = std::max(line.outcome, CheckOutcome::postponed);
}

void Review::say(Diagnostics more) {
  std::move(more.begin(), more.end(), std::back_inserter(diagnostics_));
}

void run_checks(std::span<const Check> checks, const Subject& subject, Review& review) {
  for (const Check& check : checks) {
    if (check.applies != nullptr && !check.applies(subject)) continue;
    review.add({.title = check.title, .codes = check.codes}, subject.service.service,
               with_acceptance(check.find(subject), subject.request.acknowledged));
  }
}

}  // namespace pgupgrade::planning
