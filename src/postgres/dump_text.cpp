// Texts that PostgreSQL's own programs write.
#include <algorithm>
#include <array>
#include <optional>

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

// Kinds with which a longer one begins, so that a schema called "DATA" would make TABLE into TABLE DATA. An
// entry of these has the number of their catalog in it, one of the longer kind has not.
struct OwnCatalog {
  std::string_view number;
  std::string_view kind;
};
constexpr std::array<OwnCatalog, 7> kOwnCatalogs = {{{"1259", "MATERIALIZED VIEW"},
                                                     {"1259", "TABLE"},
                                                     {"1259", "SEQUENCE"},
                                                     {"1259", "INDEX"},
                                                     {"2604", "DEFAULT"},
                                                     {"2617", "OPERATOR"},
                                                     {"3381", "STATISTICS"}}};

struct ListedEntry {
  std::string_view catalog;
  std::string_view oid;
  std::string_view text;  // kind, schema, name, owner; blanks at its end may be a name
};

std::string_view take_number(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const std::size_t digits = std::min(line.find_first_not_of("0123456789"), line.size());
  const std::string_view number = line.substr(0, digits);
  line.remove_prefix(digits);
  return number;
}

// "id; catalog oid text"; nothing for comments.
std::optional<ListedEntry> entry_of(std::string_view line) {
  const std::size_t semicolon = line.find(';');
  if (semicolon == 0 || semicolon == std::string_view::npos) return std::nullopt;
  line.remove_prefix(semicolon + 1);
  ListedEntry entry{.catalog = take_number(line), .oid = {}, .text = {}};
  entry.oid = take_number(line);
  if (entry.catalog.empty() || entry.oid.empty() || line.empty()) return std::nullopt;
  entry.text = line.substr(1);
  return entry;
}

bool is_of_kind(std::string_view text, std::string_view kind) {
  return text.starts_with(kind) && text.substr(kind.size()).starts_with(' ');
}

bool has_word(std::string_view text, const std::string& word) {
  return (std::string(text) + " ").find(" " + word + " ") != std::string::npos;
}

std::string kind_of(const ListedEntry& entry) {
  for (const auto& [number, kind] : kOwnCatalogs) {
    if (entry.catalog == number && is_of_kind(entry.text, kind)) return std::string(kind);
  }
  for (const std::string_view kind : kLongKinds) {
    if (is_of_kind(entry.text, kind)) return std::string(kind);
  }
  return std::string(entry.text.substr(0, entry.text.find(' ')));
}

std::string control_value(const std::string& control_data_output, std::string_view label) {
  for (const std::string& line : split_lines(control_data_output)) {
    if (line.compare(0, label.size(), label) == 0) return std::string(trim(line.substr(label.size())));
  }
  return {};
}

}  // namespace

std::string cluster_state(const std::string& control_data_output) {
  return control_value(control_data_output, "Database cluster state:");
}

std::string next_transaction(const std::string& control_data_output) {
  return control_value(control_data_output, "Latest checkpoint's NextXID:");
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
                "could not prepare the dump of the roles: it creates the superuser \"" +
                    printable(superuser) + "\" " + plural(found, "time") + ", expected 1");
  }
  return kept;
}

SplitListing split_listing(const std::string& listing, const std::string& kind,
                           const std::set<std::string>& left_out) {
  SplitListing split;
  for (const std::string& line : split_lines(listing)) {
    const auto entry = entry_of(line);
    if (!entry || kind_of(*entry) != kind) {
      split.others += line + "\n";
    } else if (!left_out.contains(std::string(entry->oid))) {
      split.of_kind += line + "\n";
    }
  }
  return split;
}

std::string without_key_triggers(const std::string& listing) {
  std::string kept;
  for (const std::string& line : split_lines(listing)) {
    const auto entry = entry_of(line);
    // A user's trigger may have such a name, but not with the oid that it has itself.
    const bool is_key = entry && is_of_kind(entry->text, "TRIGGER") &&
                        (has_word(entry->text, "RI_ConstraintTrigger_c_" + std::string(entry->oid)) ||
                         has_word(entry->text, "RI_ConstraintTrigger_a_" + std::string(entry->oid)));
    if (!is_key) kept += line + "\n";
  }
  return kept;
}

std::map<std::string, std::int64_t> count_listing(const std::string& listing) {
  std::map<std::string, std::int64_t> counts;
  for (const std::string& line : split_lines(listing)) {
    if (const auto entry = entry_of(line)) ++counts[kind_of(*entry)];
  }
  return counts;
}

}  // namespace pgupgrade::postgres
