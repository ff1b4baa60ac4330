#include "pgupgrade/cli/page/page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/page/page_parts.hpp"
#include "cli/page/page_style.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/text/style.hpp"
#include "pgupgrade/model/json.hpp"

namespace pgupgrade::cli {

namespace {

constexpr std::size_t kLongest = 10'000;  // bytes of one text

std::uint64_t natural(std::int64_t value) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
}

std::string name_of(const RunReport& report) {
  return report.project.empty() ? "the project" : report.project;
}

std::string versions_of(const RunReport& report) {
  std::vector<std::string> parts;
  for (const ServiceReport& service : report.services) {
    const std::string target = service.new_version.empty() ? service.new_image : service.new_version;
    const std::string pair = fmt::format("{} → {}", service.old_version, target);
    if (std::find(parts.begin(), parts.end(), pair) == parts.end()) parts.push_back(pair);
  }
  return join(parts, ", ");
}

bool all_identical(const RunReport& report) {
  return std::all_of(report.services.begin(), report.services.end(),
                     [](const ServiceReport& service) { return service.identical; });
}

ContentCounts total_counts(const RunReport& report) {
  ContentCounts total;
  for (const ServiceReport& service : report.services) {
    total.tables += service.counts.tables;
    total.rows += service.counts.rows;
    total.sequences += service.counts.sequences;
    total.roles += service.counts.roles;
  }
  return total;
}

bool has_succeeded(const RunReport& report) {
  return report.direction == Direction::forward &&
         (report.outcome == RunOutcome::succeeded || report.outcome == RunOutcome::cleaned);
}

std::string downtime_text(const RunReport& report) {
  if (report.downtime_started_ms == 0) return "none";
  if (report.downtime_ended_ms == 0) return "goes on";
  return human_duration(report.downtime_ended_ms - report.downtime_started_ms);
}

// One sentence or two that say it all.
std::string outcome_text(const RunReport& report) {
  if (has_succeeded(report)) {
    const ContentCounts counts = total_counts(report);
    const std::string rows = std::all_of(report.services.begin(), report.services.end(),
                                         [](const ServiceReport& service) { return service.rows_compared; })
                                 ? plural(natural(counts.rows), "row") + ", "
                                 : std::string();
    return fmt::format(
        "Upgraded. Old and new are identical: {}, {}{}, {}. The applications stood still for {}.",
        plural(natural(counts.tables), "table"), rows, plural(natural(counts.sequences), "sequence"),
        plural(natural(counts.roles), "role"), downtime_text(report));
  }
  if (report.outcome == RunOutcome::rolled_back || report.outcome == RunOutcome::cleaned)
    return fmt::format("Rolled back: everything is as before the run. Downtime: {}.", downtime_text(report));
  if (report.direction == Direction::back)
    return "The rollback has not finished. Your data: " + report.data + ".";
  if (report.prepared) return "Prepared. Nothing was stopped, and nothing of yours was changed.";
  return fmt::format("Not finished. Your data: {}.", report.data);
}

std::string tile(const std::string& name, const std::string& value, const std::string& small = {}) {
  return fmt::format("<div><dt>{}</dt><dd>{}{}</dd></div>\n", html(name), html(value),
                     small.empty() ? "" : "<small>" + html(small) + "</small>");
}

std::string tiles(const RunReport& report) {
  std::int64_t bytes = 0;
  for (const ServiceReport& service : report.services) bytes += service.data_bytes;
  std::string text = tile(
      "Downtime", downtime_text(report),
      report.estimated_downtime_ms > 0 ? "forecast: " + about(report.estimated_downtime_ms) : std::string());
  text += tile("Whole run", human_duration(report.ended_ms - report.started_ms), utc_time(report.started_ms));
  text += tile("Data", human_bytes(natural(bytes)), plural(report.services.size(), "service"));
  if (all_identical(report))
    text += tile("Compared", plural(natural(total_counts(report).tables), "table"), "identical");
  return "<dl class=\"tiles\">\n" + text + "</dl>\n";
}

std::string header(const RunReport& report) {
  const bool good = has_succeeded(report) || report.outcome == RunOutcome::rolled_back || report.prepared;
  return fmt::format(
      "<header>\n<p class=\"kicker\">pgupgrade, run {}, strategy {}</p>\n<h1>{}: PostgreSQL {}</h1>\n"
      "<p class=\"outcome {}\">{}</p>\n{}</header>\n",
      html(report.run_id), html(report.strategy), html(name_of(report)), html(versions_of(report)),
      good ? "good" : "bad", html(outcome_text(report)), tiles(report));
}

std::string failure_section(const RunReport& report) {
  const FailureReport& failure = report.failure;
  if (failure.code.empty()) return {};
  std::vector<std::string> context;
  for (const std::string& one : failure.context) context.push_back(html(one));
  std::string lines;
  for (const std::string& line : split_lines(failure.message)) lines += html(line) + "\n";
  return section("failure", "What failed",
                 fmt::format("<p class=\"bad-text\">{}</p>\n<pre>{}</pre>\n", html(failure.code), lines) +
                     facts_of({{"Where", join(context, ", ")},
                               {"Hint", html(failure.hint)},
                               {"More", "<code>pgupgrade explain " + html(failure.code) + "</code>"}}));
}

// What a command is for, of those that next_commands gives.
std::string meaning_of(const std::string& command) {
  const std::vector<std::pair<std::string, std::string>> meanings = {
      {"pgupgrade cleanup",
       "When you are content, to remove what the run has left, and with it the way back:"},
      {"pgupgrade rollback --discard-new-writes",
       "To go back to the old data, losing what was written since the upgrade:"},
      {"pgupgrade rollback", "To bring everything back as it was before the run:"},
      {"pgupgrade resume", "To continue, once the cause is gone:"},
      {"pgupgrade run", "To stop the applications and do the rest:"},
      {"pgupgrade cancel", "To give it up:"}};
  for (const auto& [start, meaning] : meanings)
    if (command.starts_with(start)) return meaning;
  return "Then:";
}

std::string next_section(const RunReport& report) {
  std::string text = fmt::format("<p>Your data: {}.</p>\n", html(report.data));
  if (report.next.empty())
    return section("next", "What to do next", text + "<p>Nothing is left to do.</p>\n");
  for (const std::string& command : report.next)
    text += fmt::format("<p>{}</p>\n<pre>{}</pre>\n", meaning_of(command), html(command));
  return section("next", "What to do next", text);
}

std::string way_back_text(const RunReport& report) {
  if (report.outcome == RunOutcome::cleaned) return "Closed: cleanup has removed what it needs.";
  if (report.outcome == RunOutcome::rolled_back) return "Gone: this run has been taken back.";
  if (report.outcome == RunOutcome::succeeded)
    return "Open until pgupgrade cleanup; no date ends it. It loses what was written to the new server "
           "since, so it "
           "asks for --discard-new-writes.";
  if (report.direction == Direction::back) return "Under way: pgupgrade rollback continues it.";
  return "Open: pgupgrade rollback. It is refused where clients may have written to the new server since.";
}

std::string way_back_section(const RunReport& report) {
  return section("way-back", "Way back", fmt::format("<p>{}</p>\n", html(way_back_text(report))));
}

std::string diagnostic_item(const Diagnostic& diagnostic) {
  std::string text = fmt::format("<code>{}</code> {}: {}", html(diagnostic.code),
                                 text_of(diagnostic.severity), html(diagnostic.message));
  if (!diagnostic.hint.empty()) text += "<br>→ " + html(diagnostic.hint);
  return text;
}

std::string warnings_section(const RunReport& report) {
  std::vector<std::string> items;
  for (const Diagnostic& diagnostic : report.diagnostics) items.push_back(diagnostic_item(diagnostic));
  std::string text = items.empty() ? "<p>The plan had no warnings.</p>\n" : list_of(items);
  std::vector<std::string> codes;
  for (const std::string& code : report.accepted) codes.push_back("<code>" + html(code) + "</code>");
  if (!codes.empty()) text += fmt::format("<p>Accepted beforehand: {}.</p>\n", join(codes, ", "));
  return section("warnings", "Warnings of the plan", text);
}

std::string clients_section(const RunReport& report) {
  std::vector<std::string> names;
  for (const std::string& name : report.stopped_clients) names.push_back(html(name));
  return section("clients", "Applications",
                 names.empty()
                     ? "<p>None was to be stopped.</p>\n"
                     : "<p>To be stopped for the downtime, and started after it:</p>\n" + list_of(names));
}

}  // namespace

std::string html(std::string_view text) {
  std::string result;
  for (const char c : printable(text, kLongest)) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string section(const std::string& id, const std::string& title, const std::string& body) {
  return fmt::format("<section aria-labelledby=\"{0}\">\n<h2 id=\"{0}\">{1}</h2>\n{2}</section>\n", id, title,
                     body);
}

std::string list_of(const std::vector<std::string>& items) {
  if (items.empty()) return {};
  std::string text;
  for (const std::string& item : items) text += "<li>" + item + "</li>\n";
  return "<ul class=\"plain\">\n" + text + "</ul>\n";
}

std::string facts_of(const std::vector<std::pair<std::string, std::string>>& facts) {
  std::string text;
  for (const auto& [name, value] : facts)
    if (!value.empty()) text += fmt::format("<dt>{}</dt><dd>{}</dd>\n", html(name), value);
  return text.empty() ? text : "<dl class=\"facts\">\n" + text + "</dl>\n";
}

std::string scrolled(const std::string& label, const std::string& table) {
  return fmt::format("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"{}\">\n{}\n</div>\n",
                     html(label), table);
}

std::string report_page(const RunReport& report) {
  const std::string title = fmt::format("{}: PostgreSQL {}", name_of(report), versions_of(report));
  std::string body = header(report) + failure_section(report) + next_section(report) +
                     timeline_section(report) + services_section(report) + files_section(report) +
                     clients_section(report) + warnings_section(report) + way_back_section(report);
  body += fmt::format("<footer>Made by pgupgrade {} from <code>{}</code>.</footer>\n",
                      html(report.tool_version), html(report.state_file));
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n{}</main>\n</body>\n</html>\n",
      html(title), kPageStyle, body);
}

}  // namespace pgupgrade::cli
