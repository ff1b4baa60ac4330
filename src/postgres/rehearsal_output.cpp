#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/rehearsal.hpp"

// What the scripts of a rehearsal have said.
namespace pgupgrade::postgres {
namespace {

int number(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool begins_failure(std::string_view line) {
  return line.starts_with("pg_restore: from TOC entry ") || line.starts_with("pg_restore: error: ") ||
         line.starts_with("pg_dump: error: ") || line.starts_with("pg_dumpall: error: ") ||
         ((line.starts_with("psql:") || line.starts_with("psql: ")) &&
          line.find("ERROR: ") != std::string_view::npos) ||
         line.starts_with("ERROR:  ");
}

// "42883: function …" of a verbose message.
std::string take_state(std::string& error) {
  constexpr std::size_t kLength = 5;
  if (error.size() < kLength + 2 || error.compare(kLength, 2, ": ") != 0) return {};
  const std::string state = error.substr(0, kLength);
  const bool is_state = std::all_of(state.begin(), state.end(),
                                    [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
  if (!is_state) return {};
  error.erase(0, kLength + 2);
  return state;
}

// Whether the new version is to blame for a materialized view that cannot be computed. A name that does not
// exist is missed in any case; other errors may come from rows that are not there, or from servers.
bool is_refusal(const std::string& state, bool with_rows) {
  if (state.starts_with("42")) return true;
  return with_rows && (state.starts_with("22") || state.starts_with("23") || state.starts_with("P0"));
}

// "psql:unmarked.sql:12: STATEMENT:  CREATE …" of a script whose errors are echoed.
std::string as_of_pg_restore(const std::string& line) {
  constexpr std::string_view kStatement = ": STATEMENT:  ";
  const std::size_t at = line.find(kStatement);
  if (!line.starts_with("psql:") || at == std::string::npos) return line;
  return "Command was: " + line.substr(at + kStatement.size());
}

bool is_shown_statement(std::string_view line) {
  return line.starts_with("SELECT ") || line.starts_with("ALTER ") || line.starts_with("RESET ");
}

// Of psql's echo what names the object: a setting of all roles, a materialized view.
std::string shown_statement(const std::string& line) {
  constexpr std::string_view kSet = "SELECT pg_catalog.set_config('";
  if (line.starts_with("REFRESH MATERIALIZED VIEW ")) return line;
  if (!line.starts_with(kSet)) return {};
  const std::string name = line.substr(kSet.size(), line.find('\'', kSet.size()) - kSet.size());
  return "ALTER ROLE ALL SET " + name + " TO DEFAULT";
}

std::string without_quotes(std::string text) {
  std::erase(text, '"');
  return text;
}

// The objects that failed, for what misses them afterwards.
class Failed {
 public:
  bool explain(const ProgramFailure& failure) const {
    constexpr std::string_view kReferred = "is not present in table ";
    const std::size_t at = failure.detail.find(kReferred);
    if (at != std::string::npos) {
      std::string table = without_quotes(failure.detail.substr(at + kReferred.size()));
      if (table.ends_with('.')) table.pop_back();
      return std::any_of(names_.begin(), names_.end(), [&](const std::string& name) {
        return name == table || name.ends_with("." + table);
      });
    }
    if (failure.error.find("does not exist") == std::string::npos) return false;
    const std::string error = without_quotes(failure.error);
    return std::any_of(names_.begin(), names_.end(), [&](const std::string& name) {
      return name.find('.') != std::string::npos && error.find(name) != std::string::npos;
    });
  }
  void add(const ProgramFailure& failure) {
    const std::string object = postgres::explain(failure).object;
    const std::size_t blank = object.rfind(' ');
    const std::string name = without_quotes(blank == std::string::npos ? object : object.substr(blank + 1));
    if (!name.empty()) names_.push_back(name);
  }

 private:
  std::vector<std::string> names_;  // "public.orders", or "orders" where its schema is not told
};

}  // namespace

bool is_of_the_moment(const ProgramFailure& failure) {
  constexpr std::array<std::string_view, 7> kReasons = {
      "lock timeout",     "out of shared memory",       "out of memory",         "connection to server",
      "too many clients", "remaining connection slots", "terminating connection"};
  return std::any_of(kReasons.begin(), kReasons.end(), [&](std::string_view reason) {
    return failure.error.find(reason) != std::string::npos ||
           failure.detail.find(reason) != std::string::npos;
  });
}

bool is_whole_rehearsal(const std::string& output) {
  const std::vector<std::string> lines = split_lines(output);
  return !lines.empty() && lines.back() == kRehearsalEnd;
}

std::vector<RehearsalFailure> parse_rehearsal(const Inventory& inventory, const std::vector<bool>& with_rows,
                                              const std::string& output) {
  std::vector<RehearsalFailure> failures;
  std::map<std::string, Failed> failed;  // by database
  std::string mark;
  std::string shown;  // the statement that psql has shown last
  std::string block;
  const auto finish = [&] {
    if (block.empty()) return;
    ProgramFailure failure = parse_failure(block);
    block.clear();
    if (failure.error.empty()) return;
    const std::string state = take_state(failure.error);
    if (failure.statement.empty()) failure.statement = shown;
    // The dump of an upgrade is made without this mark of newer minor releases.
    if (failure.statement.find("pg_attver") != std::string::npos) return;
    std::string database;
    const std::size_t blank = mark.find(' ');
    if (blank != std::string::npos) {
      const auto index = static_cast<std::size_t>(number(std::string_view(mark).substr(blank + 1)));
      if (index >= inventory.databases.size()) return;
      database = inventory.databases[index].name;
      if (mark.starts_with("views ") && !is_refusal(state, with_rows.at(index))) return;
    }
    Failed& earlier = failed[database];
    const bool follows = earlier.explain(failure);
    earlier.add(failure);
    // One that psql goes on after may be told by the next statement again.
    const bool again = !failures.empty() && failures.back().database == database &&
                       failures.back().failure.error == failure.error && mark == "all-roles";
    if (!follows && !again) failures.push_back({.database = database, .failure = std::move(failure)});
  };
  for (const std::string& printed : split_lines(output)) {
    const std::string line = as_of_pg_restore(printed);
    if (line.starts_with("== ")) {
      finish();
      mark = line.substr(3);
      shown.clear();
      continue;
    }
    if (mark == "all-roles" && is_shown_statement(line)) finish();
    if (const std::string statement = shown_statement(line); !statement.empty()) {
      finish();
      shown = statement;
    }
    if (begins_failure(line)) {
      // "from TOC entry" stands before the error of that entry.
      const bool same = line.starts_with("pg_restore: error: ") &&
                        block.starts_with("pg_restore: from TOC entry ") &&
                        block.find("pg_restore: error: ") == std::string::npos;
      if (!same) finish();
      block += line + "\n";
    } else if (!block.empty()) {
      block += line + "\n";
    }
  }
  finish();
  return failures;
}

}  // namespace pgupgrade::postgres
