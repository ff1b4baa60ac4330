#include <fmt/format.h>

#include <algorithm>

#include "cli/page/page_parts.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/text/style.hpp"

namespace pgupgrade::cli {

namespace {

struct Span {
  std::int64_t start = 0;  // Unix milliseconds
  std::int64_t end = 0;
  std::int64_t length() const { return std::max<std::int64_t>(end - start, 0); }
};

// From the start of the run to the last thing that is known of it.
Span whole_of(const RunReport& report) {
  return {report.started_ms, std::max(report.ended_ms, report.started_ms + 1)};
}

Span downtime_of(const RunReport& report) {
  const std::int64_t end = report.downtime_ended_ms != 0 ? report.downtime_ended_ms : report.ended_ms;
  return {report.downtime_started_ms, end};
}

double percent(std::int64_t part, std::int64_t whole) {
  return std::clamp(100.0 * static_cast<double>(part) / static_cast<double>(std::max<std::int64_t>(whole, 1)),
                    0.0, 100.0);
}

// The whole run as one bar, the downtime marked in it.
std::string strip(const RunReport& report) {
  const Span whole = whole_of(report);
  std::string inner = R"(<rect class="whole" x="0" y="0" width="1000" height="14" rx="3"/>)";
  std::string label = fmt::format("The run took {}.", human_duration(whole.length()));
  if (report.downtime_started_ms != 0) {
    const Span down = downtime_of(report);
    const double from = 10 * percent(down.start - whole.start, whole.length());
    const double width = std::max(3.0, 10 * percent(down.length(), whole.length()));
    inner += fmt::format(R"(<rect class="stands" x="{:.1f}" y="0" width="{:.1f}" height="14" rx="3"/>)",
                         std::min(from, 997.0), width);
    label += fmt::format(" The downtime was {} of it.", human_duration(down.length()));
  }
  return fmt::format(
      "<svg class=\"strip\" viewBox=\"0 0 1000 14\" preserveAspectRatio=\"none\" role=\"img\" "
      "aria-label=\"{}\">{}</svg>\n",
      html(label), inner);
}

std::string key_of(const RunReport& report) {
  if (report.downtime_started_ms == 0) return {};
  return "<ul class=\"key\"><li><i></i>the applications ran</li><li "
         "class=\"down\"><i></i>downtime</li></ul>\n";
}

struct Row {
  std::string name;
  std::string description;
  Span span;
  int attempt = 1;
  std::int64_t bytes = 0;
  bool ended = true;
};

std::vector<Row> rows_of(const RunReport& report) {
  std::vector<Row> rows;
  for (const StepReport& step : report.steps)
    rows.push_back({.name = step.step,
                    .description = step.description,
                    .span = {step.started_ms, step.ended_ms != 0 ? step.ended_ms : report.ended_ms},
                    .attempt = step.attempt,
                    .bytes = step.bytes,
                    .ended = step.ended_ms != 0 && step.state != StepPhase::started});
  for (auto step = report.steps.rbegin(); step != report.steps.rend(); ++step) {
    if (step->state != StepPhase::undone && step->state != StepPhase::undo_started) continue;
    rows.push_back({.name = "undo " + step->step,
                    .description = {},
                    .span = {step->undo_started_ms, step->undone_ms != 0 ? step->undone_ms : report.ended_ms},
                    .ended = step->undone_ms != 0});
  }
  return rows;
}

bool stands_still(const RunReport& report, const Row& row) {
  if (report.downtime_started_ms == 0) return false;
  const Span down = downtime_of(report);
  return row.span.start >= down.start && (report.downtime_ended_ms == 0 || row.span.end <= down.end);
}

std::string rate_text(const Row& row) {
  constexpr std::int64_t kShortest = 100;  // ms; below it a rate is noise
  if (row.bytes <= 0 || row.span.length() < kShortest || row.attempt > 1) return {};
  return human_bytes(static_cast<std::uint64_t>(row.bytes * 1000 / row.span.length())) + "/s";
}

std::string line_of(const RunReport& report, const Row& row) {
  const Span whole = whole_of(report);
  const double from = percent(row.span.start - whole.start, whole.length());
  const double width = std::min(percent(row.span.length(), whole.length()), 100 - from);
  std::string took = row.ended ? human_duration(row.span.length()) : "not finished";
  if (row.attempt > 1) took += fmt::format("<small>attempt {}</small>", row.attempt);
  const std::string bytes = row.bytes > 0 ? human_bytes(static_cast<std::uint64_t>(row.bytes)) : "";
  const std::string small =
      row.description.empty() ? "" : fmt::format("<small>{}</small>", html(row.description));
  return fmt::format(
      "<tr{}><th scope=\"row\">{}{}</th><td class=\"number\">{}</td><td class=\"track\"><span "
      "style=\"margin-left:{:.2f}%;width:{:.2f}%\"></span></td><td class=\"number\">{}</td><td "
      "class=\"number\">{}</td><td class=\"number\">{}</td></tr>\n",
      stands_still(report, row) ? " class=\"down\"" : "", html(row.name), small,
      human_duration(row.span.start - whole.start), from, width, took, bytes, rate_text(row));
}

}  // namespace

std::string timeline_section(const RunReport& report) {
  if (report.steps.empty()) return section("timeline", "Timeline", "<p>No step was begun.</p>\n");
  std::string table = fmt::format(
      "<table>\n<caption>Times count from {}. Amounts are what the step told while it went.</caption>\n"
      "<thead><tr><th scope=\"col\">Step</th><th scope=\"col\" class=\"number\">Began</th><th "
      "scope=\"col\">When</th><th scope=\"col\" class=\"number\">Took</th><th scope=\"col\" "
      "class=\"number\">Amount</th><th scope=\"col\" class=\"number\">Rate</th></tr></thead>\n<tbody>\n",
      utc_time(report.started_ms));
  for (const Row& row : rows_of(report)) table += line_of(report, row);
  table += "</tbody>\n</table>";
  return section("timeline", "Timeline",
                 strip(report) + key_of(report) + scrolled("Steps of the run", table));
}

}  // namespace pgupgrade::cli
