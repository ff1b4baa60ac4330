#include <algorithm>
#include <array>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/preflight.hpp"
#include "planning/checks.hpp"

namespace pgupgrade::planning {

namespace {

// Each can be right to accept: the user knows that nobody misses it, or knows the disk better than we do.
constexpr std::array<std::string_view, 14> kAcceptable = {
    "E-BROKEN-ROWS",       "E-BUILT-IN-CHANGES",  "E-CATALOG-OBJECTS", "E-COLUMN-ORDER", "E-DISK",
    "E-EXTENSION-CHANGES", "E-GENERATED-CHANGES", "E-LEFT-BEHIND",     "E-MD5-UNKNOWN",  "E-OIDS-GONE",
    "E-REHEARSAL",         "E-REPLICATION",       "E-SUBSCRIPTIONS",   "E-XATTR"};

std::string listed(std::vector<std::string> names) {
  constexpr std::size_t kShown = 10;
  if (names.size() <= kShown) return join(names, ", ");
  const std::size_t more = names.size() - kShown;
  names.resize(kShown);
  return join(names, ", ") + " and " + std::to_string(more) + " more";
}

}  // namespace

bool can_be_accepted(std::string_view code) {
  return std::find(kAcceptable.begin(), kAcceptable.end(), code) != kAcceptable.end();
}

Diagnostics with_acceptance(Diagnostics diagnostics, const std::vector<std::string>& acknowledged) {
  for (Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.severity != Severity::error || !can_be_accepted(diagnostic.code)) continue;
    if (std::find(acknowledged.begin(), acknowledged.end(), diagnostic.code) != acknowledged.end()) {
      diagnostic.severity = Severity::warning;
    } else {
      diagnostic.hint +=
          (diagnostic.hint.empty() ? "" : "; or ") + ("proceed anyway with --accept " + diagnostic.code);
    }
  }
  return diagnostics;
}

Diagnostics findings(std::span<const Check> checks, const Subject& subject) {
  Diagnostics result;
  for (const Check& check : checks) {
    if (check.applies != nullptr && !check.applies(subject)) continue;
    for (Diagnostic& found : check.find(subject)) result.push_back(std::move(found));
  }
  return result;
}

std::string service_name(const ServiceFacts& service) {
  return service.plain_container ? "container " + printable(service.service) : service_name(service.service);
}

std::string start_command(const ServiceFacts& service) {
  return (service.plain_container ? "docker start " : "docker compose up -d ") + printable(service.service);
}

std::string log_command(const ServiceFacts& service) {
  return (service.plain_container ? "docker logs " : "docker compose logs ") + printable(service.service);
}

std::string service_name(const std::string& service) {
  return "service " + printable(service);
}

std::string mount_name(const Mount& mount) {
  return (mount.kind == MountKind::volume ? "volume " : "directory ") + printable(mount.source);
}

std::string quoted(const std::string& name) {
  return "\"" + printable(name) + "\"";
}

std::string quoted_list(const std::vector<std::string>& names) {
  std::vector<std::string> shown;
  for (const std::string& name : names) shown.push_back(quoted(name));
  return listed(std::move(shown));
}

std::string plain_list(const std::vector<std::string>& names) {
  std::vector<std::string> shown;
  for (const std::string& name : names) shown.push_back(printable(name));
  return listed(std::move(shown));
}

std::string statements(const std::vector<std::string>& sql) {
  constexpr std::size_t kShown = 5;
  constexpr std::size_t kLength = 500;
  std::string result;
  for (std::size_t i = 0; i < sql.size() && i < kShown; ++i)
    result += (result.empty() ? "" : "; ") + printable(sql[i], kLength);
  if (sql.size() > kShown) result += "; and " + plural(sql.size() - kShown, "more statement");
  return result;
}

std::string origin_of_password(const ServiceFacts& service, const std::string& role) {
  for (const PasswordMatch& match : service.md5_passwords) {
    if (match.role == role) return match.origin;
  }
  return {};
}

}  // namespace pgupgrade::planning
