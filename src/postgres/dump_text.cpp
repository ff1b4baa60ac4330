// Texts that PostgreSQL's own programs write.
#include <algorithm>
#include <array>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/commands.hpp"
#include "postgres/names.hpp"

namespace pgupgrade::postgres {
namespace {

// Follows quotes through the lines of an SQL script: a line that only looks like a statement may stand inside
// a literal, such as a comment that somebody put on a role. (pg_dumpall doubles quotes inside literals and
// names.)
class QuoteTracker {
 public:
  bool inside() const { return quote_ != '\0'; }

  void pass(std::string_view line) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      const char c = line[i];
      if (inside()) {
        if (c == quote_) quote_ = '\0';
      } else if (c == '\'' || c == '"') {
        quote_ = c;
      } else if (c == '-' && i + 1 < line.size() && line[i + 1] == '-') {
        return;  // a comment, in which names of roles stand with their quotes
      }
    }
  }

 private:
  char quote_ = '\0';
};

// Kinds of more than one word, the longer first where one begins another.
constexpr std::array<std::string_view, 34> kLongKinds = {
    "PUBLICATION TABLES IN SCHEMA",
    "MATERIALIZED VIEW DATA",
    "ACCESS METHOD",
    "BLOB COMMENTS",
    "BLOB METADATA",
    "CHECK CONSTRAINT",
    "DATABASE PROPERTIES",
    "DEFAULT ACL",
    "EVENT TRIGGER",
    "FK CONSTRAINT",
    "FOREIGN DATA WRAPPER",
    "FOREIGN SERVER",
    "FOREIGN TABLE",
    "INDEX ATTACH",
    "LARGE OBJECT",
    "MATERIALIZED VIEW",
    "OPERATOR CLASS",
    "OPERATOR FAMILY",
    "PROCEDURAL LANGUAGE",
    "PUBLICATION TABLE",
    "ROW SECURITY",
    "SECURITY LABEL",
    "SEQUENCE OWNED BY",
    "SEQUENCE SET",
    "SHELL TYPE",
    "STATISTICS DATA",
    "SUBSCRIPTION TABLE",
    "TABLE ATTACH",
    "TABLE DATA",
    "TEXT SEARCH CONFIGURATION",
    "TEXT SEARCH DICTIONARY",
    "TEXT SEARCH PARSER",
    "TEXT SEARCH TEMPLATE",
    "USER MAPPING",
};

// What follows "id; oid oid " in a line of pg_restore --list; nothing for comments.
std::string_view after_numbers(std::string_view line) {
  const std::size_t semicolon = line.find(';');
  if (semicolon == 0 || semicolon == std::string_view::npos) return {};
  line = trim(line.substr(semicolon + 1));
  for (int i = 0; i < 2; ++i) {
    const std::size_t digits = std::min(line.find_first_not_of("0123456789"), line.size());
    if (digits == 0) return {};
    line = trim(line.substr(digits));
  }
  return line;
}

std::string kind_of(std::string_view entry) {
  for (const std::string_view kind : kLongKinds) {
    if (entry.substr(0, kind.size() + 1) == std::string(kind) + " ") return std::string(kind);
  }
  return std::string(entry.substr(0, entry.find(' ')));
}

}  // namespace

std::string cluster_state(const std::string& control_data_output) {
  constexpr std::string_view kLabel = "Database cluster state:";
  for (const std::string& line : split_lines(control_data_output)) {
    if (line.compare(0, kLabel.size(), kLabel) == 0) return std::string(trim(line.substr(kLabel.size())));
  }
  return {};
}

std::string without_superuser_creation(const std::string& globals, const std::string& superuser) {
  const std::array<std::string, 2> statements = {"CREATE ROLE " + quoted_identifier(superuser) + ";",
                                                 "CREATE ROLE " + display_name(superuser) + ";"};
  QuoteTracker quotes;
  std::string kept;
  std::size_t found = 0;
  for (std::size_t start = 0; start < globals.size();) {
    const std::size_t end = std::min(globals.find('\n', start), globals.size());
    const std::string_view line = std::string_view(globals).substr(start, end - start);
    const std::size_t next = std::min(end + 1, globals.size());
    const bool creates =
        !quotes.inside() && std::find(statements.begin(), statements.end(), line) != statements.end();
    if (creates) {
      ++found;
    } else {
      kept.append(globals, start, next - start);
    }
    quotes.pass(line);
    start = next;
  }
  if (found != 1) {
    throw Error(ErrorKind::failed, "E-GLOBALS",
                "cannot prepare the dump of the roles: it creates the superuser \"" + printable(superuser) +
                    "\" " + plural(found, "time") + ", expected 1");
  }
  return kept;
}

std::map<std::string, std::int64_t> count_listing(const std::string& listing) {
  std::map<std::string, std::int64_t> counts;
  for (const std::string& line : split_lines(listing)) {
    const std::string_view entry = after_numbers(line);
    if (!entry.empty()) ++counts[kind_of(entry)];
  }
  return counts;
}

}  // namespace pgupgrade::postgres
