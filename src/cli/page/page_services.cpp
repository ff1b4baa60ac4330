#include <fmt/format.h>

#include <algorithm>

#include "cli/page/page_parts.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::cli {

namespace {

std::string count(std::int64_t value) {
  return value < 0 ? "–" : human_count(static_cast<std::uint64_t>(value));
}

std::string code(const std::string& text) {
  return text.empty() ? std::string() : "<code>" + html(text) + "</code>";
}

std::string size(std::int64_t bytes) {
  return human_bytes(static_cast<std::uint64_t>(std::max<std::int64_t>(bytes, 0)));
}

std::string backup_text(const ServiceReport& service) {
  if (service.backup_file.empty()) return {};
  return fmt::format("{} ({}, sha256 {})", code(service.backup_file), size(service.backup_bytes),
                     code(service.backup_sha256));
}

std::string verdict(const ServiceReport& service) {
  return service.identical ? "<span class=\"good-text\">identical</span>" : "not compared to the end";
}

std::string database_line(const ServiceReport& service, const DatabaseReport& database) {
  return fmt::format(
      "<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td><td class=\"number\">{}</td><td "
      "class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td><td "
      "class=\"number\">{}</td><td>{}</td></tr>\n",
      html(database.name), count(database.tables), count(database.old_rows), count(database.new_rows),
      count(database.sequences), count(database.large_objects), count(database.objects), verdict(service));
}

std::string verification(const RunReport& report, const ServiceReport& service) {
  if (service.databases.empty()) return "<p>Nothing was compared.</p>\n";
  std::string table = fmt::format(
      "<table>\n<caption>{}</caption>\n<thead><tr><th scope=\"col\">Database</th><th scope=\"col\" "
      "class=\"number\">Tables</th><th scope=\"col\" class=\"number\">Rows, old</th><th scope=\"col\" "
      "class=\"number\">Rows, new</th><th scope=\"col\" class=\"number\">Sequences</th><th scope=\"col\" "
      "class=\"number\">Large objects</th><th scope=\"col\" class=\"number\">Other objects</th><th "
      "scope=\"col\">Old and new</th></tr></thead>\n<tbody>\n",
      service.rows_compared ? "Every row was read on both sides and compared."
                            : "All but the rows was compared: the new cluster has the files of the copy.");
  for (const DatabaseReport& database : service.databases) table += database_line(service, database);
  return scrolled("Databases of service " + service.service, table + "</tbody>\n</table>");
}

std::string logins(const ServiceReport& service) {
  if (service.logins.empty()) return "none tried: no password is known";
  std::vector<std::string> roles;
  for (const std::string& role : service.logins) roles.push_back(html(role));
  return fmt::format("{} of {} accepted by the new server ({})", service.logins_accepted,
                     service.logins.size(), join(roles, ", "));
}

std::string versions(const ServiceReport& service) {
  return fmt::format("{} → {}", html(service.old_version),
                     service.new_version.empty() ? "?" : html(service.new_version));
}

std::string one_service(const RunReport& report, const ServiceReport& service) {
  std::string text = fmt::format("<h3>Service {}</h3>\n", html(service.service));
  text += facts_of(
      {{"PostgreSQL", versions(service)},
       {"Failed",
        service.failure.empty() ? "" : "it went back alone, and is as before: " + html(service.failure)},
       {"Image", fmt::format("{} → {}", code(service.old_image), code(service.new_image))},
       {"Data", fmt::format("{}, {}", html(service.data), size(service.data_bytes))},
       {"Backup", backup_text(service)},
       {"Old data", service.old_data.empty() ? "" : html(service.old_data) + ", kept until cleanup"},
       {"Dumps", code(service.kept_dumps)},
       {"Logins", logins(service)}});
  text += verification(report, service);
  std::vector<std::string> notes;
  for (const std::string& note : service.notes) notes.push_back(html(note));
  return text + list_of(notes);
}

std::string diff_of(const FileEdit& edit) {
  std::string lines;
  const auto add = [&](const std::string& text, char sign, const char* kind) {
    for (const std::string& line : split_lines(text))
      lines += fmt::format("<span class=\"{}\">{} {}</span>", kind, sign, html(line));
  };
  add(edit.old_text, '-', "gone");
  add(edit.new_text, '+', "come");
  return fmt::format("<p><code>{}</code>, line {}</p>\n<pre class=\"diff\">{}</pre>\n", html(edit.file),
                     edit.line, lines);
}

std::string diffs_of(const std::vector<FileEdit>& edits) {
  std::string text;
  for (const FileEdit& edit : edits) text += diff_of(edit);
  return text;
}

std::string edits_text(const RunReport& report) {
  if (report.edits.empty()) return {};
  if (report.edited) return diffs_of(report.edits);
  const bool back = report.direction == Direction::back;
  return fmt::format("<p>{}</p>\n", back ? "The files are as they were before the run."
                                         : "Not edited yet. This is what the run would change:") +
         (back ? "" : diffs_of(report.edits));
}

}  // namespace

std::string services_section(const RunReport& report) {
  std::string text;
  for (const ServiceReport& service : report.services) text += one_service(report, service);
  return section("proof", "Data and proof", text);
}

std::string files_section(const RunReport& report) {
  std::string text = edits_text(report);
  if (!report.to_set.empty())
    text += "<p>The files were left alone (--no-edit). Set this before the next docker compose up:</p>\n" +
            diffs_of(report.to_set);
  if (text.empty()) text = "<p>No file is changed.</p>\n";
  return section("files", "Changed files", text);
}

}  // namespace pgupgrade::cli
