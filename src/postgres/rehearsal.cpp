#include "pgupgrade/postgres/rehearsal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "pgupgrade/base/text.hpp"
#include "postgres/catalog.hpp"
#include "postgres/names.hpp"
#include "postgres/remote_sql.hpp"

namespace pgupgrade::postgres {
namespace {

using Argv = std::vector<std::string>;

// A postmaster.pid has in its lines: process, data directory, start, port, first socket directory.
constexpr const char* kFindPostmaster = R"sh(
set -eu
line() { sed -n "$1p" "$2/postmaster.pid"; }
process=$(line 1 "$1")
socket=$(line 5 "$1")
printf 'process\t%s\nport\t%s\n' "$process" "$(line 4 "$1")"
case $socket in /*) printf 'socket\t%s\n' "$(cd -P -- "$socket" && pwd)" ;; esac
printf 'owner\t%s:%s\n' "$(stat -c %u "/proc/$process")" "$(stat -c %g "/proc/$process")"
echo end
)sh";

std::string words(const Argv& argv) {
  std::vector<std::string> quoted;
  for (const std::string& argument : argv) quoted.push_back(shell_word(argument));
  return join(quoted, " ");
}

int number(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Each while connected to the other, as a restore replaces them.
std::vector<std::size_t> in_order(const Inventory& inventory) {
  std::vector<std::size_t> order;
  const auto& databases = inventory.databases;
  for (const char* built_in : {"template1", "postgres"})
    for (std::size_t index = 0; index < databases.size(); ++index)
      if (databases[index].name == built_in) order.push_back(index);
  for (std::size_t index = 0; index < databases.size(); ++index)
    if (databases[index].name != "template1" && databases[index].name != "postgres") order.push_back(index);
  return order;
}

void add_connection(Argv& argv, const Connection& connection, int port) {
  argv.insert(argv.end(), {"--host=" + connection.socket, "--port=" + std::to_string(port),
                           "--username=" + connection.superuser, "--no-password"});
}

// What pg_dumpall leaves out, as statements that psql runs: both in one query, and so in one transaction,
// since the value may forbid to write. set_config() takes a list as one text.
constexpr const char* kAllRoleSettings =
    "SELECT pg_catalog.format(E'SELECT pg_catalog.set_config(%L, %L, false) \\\\; ALTER ROLE ALL SET %s FROM "
    "CURRENT \\\\g /dev/null\\nRESET %s;', s.name, s.value, s.quoted, s.quoted) FROM (SELECT "
    "pg_catalog.split_part(u.t, '=', 1) AS "
    "name, pg_catalog.substr(u.t, pg_catalog.strpos(u.t, '=') + 1) AS value, (SELECT "
    "pg_catalog.string_agg(pg_catalog.quote_ident(p.t), '.') FROM pg_catalog.regexp_split_to_table("
    "pg_catalog.split_part(u.t, '=', 1), '[.]') p(t)) AS quoted FROM pg_catalog.pg_db_role_setting d, "
    "LATERAL "
    "pg_catalog.unnest(d.setconfig) u(t) WHERE d.setdatabase = 0 AND d.setrole = 0) s";
constexpr const char* kAllRoles = "all-roles.sql";
constexpr const char* kRoles = "globals.sql";

// Restores what comes before the rows: $1 is the dump, $2 the database to connect to, what follows are
// options. Newer minor releases mark columns (pg_attver); an upgrade's dump is made without that, and a
// server that does not know the mark refuses the table. In a script the mark can be taken out.
constexpr const char* kPreData =
    "pre_data() {{\n"
    "  dump=$1 database=$2\n"
    "  shift 2\n"
    "  pg_restore --section=pre-data --create \"$@\" --file=pre-data.sql \"$dump\" 2>&1\n"
    "  if grep -q 'pg_attver=' pre-data.sql; then\n"
    "    sed -e '/ SET (pg_attver=[^,)]*);$/d' -e 's/\\(([^()]*\\), pg_attver=[^,)]*/\\1/' "
    "-e 's/(pg_attver=[^,)]*, /(/' pre-data.sql >unmarked.sql\n"
    "    {} --dbname=\"$database\" --file=unmarked.sql 2>&1\n"
    "  else\n"
    "    restore --section=pre-data --create \"$@\" --dbname=\"$database\" \"$dump\"\n"
    "  fi\n"
    "}}\n";

// Dumps and the cluster that is made of them, with its indexes.
std::int64_t room_needed(const Inventory& inventory, const std::vector<bool>& with_rows) {
  std::int64_t bytes = 512LL << 20;
  for (std::size_t index = 0; index < inventory.databases.size(); ++index)
    if (with_rows.at(index)) bytes += 4 * inventory.databases[index].size_bytes;
  return bytes;
}

// In the order in which a restore makes them, so one that reads another comes later. Nothing asks a foreign
// server.
std::string refresh_views_script() {
  return "SET search_path = '';\n"
         "SELECT pg_catalog.format('REFRESH MATERIALIZED VIEW %s', c.oid::pg_catalog.regclass) FROM "
         "pg_catalog.pg_class c "
         "WHERE c.relkind = 'm' AND c.oid::pg_catalog.text NOT IN (SELECT r.oid FROM (" +
         sql::all_remote_views() + ") r(oid, schema, name)) ORDER BY c.oid \\gexec\n";
}

}  // namespace

std::vector<std::string> find_postmaster(const std::string& data_directory) {
  return {"sh", "-c", kFindPostmaster, "sh", data_directory};
}

std::optional<LivePostmaster> parse_postmaster(const std::string& output) {
  LivePostmaster found;
  const std::vector<std::string> lines = split_lines(output);
  if (lines.empty() || lines.back() != "end") return std::nullopt;
  for (const std::string& line : lines) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string::npos) continue;
    const std::string key = line.substr(0, tab);
    const std::string value = line.substr(tab + 1);
    if (key == "process") found.process = number(value);
    if (key == "port") found.port = number(value);
    if (key == "socket") found.socket_directory = value;
    if (key == "owner") found.owner = value;
  }
  if (found.process <= 0 || found.port <= 0 || found.owner.empty()) return std::nullopt;
  if (!found.socket_directory.starts_with('/')) return std::nullopt;
  return found;
}

std::string socket_through_process(const LivePostmaster& postmaster) {
  return fmt::format("/proc/{}/root{}", postmaster.process, postmaster.socket_directory);
}

std::vector<bool> rows_to_rehearse(const Inventory& inventory, std::int64_t bytes) {
  std::vector<std::size_t> order = in_order(inventory);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t one, std::size_t other) {
    return inventory.databases[one].size_bytes < inventory.databases[other].size_bytes;
  });
  std::vector<bool> wanted(inventory.databases.size());
  for (const std::size_t index : order) {
    bytes -= inventory.databases[index].size_bytes;
    wanted[index] = bytes >= 0;
  }
  return wanted;
}

std::string rehearsal_dump_script(const Connection& live, int port, const Inventory& inventory,
                                  const std::vector<bool>& with_rows, const std::string& directory) {
  const auto connected = [&](Argv argv) {
    add_connection(argv, live, port);
    return words(argv);
  };
  // Clients that want a table that somebody has locked would queue up behind this program.
  const std::string patience = "--lock-wait-timeout=5s";
  std::string script = fmt::format(
      "umask 077\n"
      "cd {} || exit 3\n"
      "schema=--schema-only\n"
      "[ \"$(df -Pk . | sed -n '2s/^[^ ]* *[0-9]* *[0-9]* *\\([0-9]*\\) .*/\\1/p')\" -ge {} ] && schema=\n"
      "dump() {{\n"
      "  echo \"== database $1\"\n"
      "  {} --dbname=\"$2\" ${{3:+\"--encoding=$3\"}} --file=\"db-$1.dump\" ${{4:-$schema}} 2>&1\n"
      "}}\n"
      "echo '== roles'\n"
      "{} --file={} 2>&1\n"
      "{} --dbname=template1 --output={} --command={} 2>&1\n",
      shell_word(directory), room_needed(inventory, with_rows) / 1024,
      connected({"pg_dump", "--format=custom", "--compress=1", "--quote-all-identifiers", patience}),
      connected(
          {"pg_dumpall", "--globals-only", "--quote-all-identifiers", "--encoding=SQL_ASCII", patience}),
      kRoles, connected({"psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align"}), kAllRoles,
      shell_word(kAllRoleSettings));
  for (const std::size_t index : in_order(inventory)) {
    const DatabaseFacts& database = inventory.databases[index];
    script += fmt::format("dump {} {} {} {}\n", index, shell_word(database_conninfo(database.name)),
                          shell_word(database.encoding), with_rows.at(index) ? "" : "--schema-only");
  }
  return script + fmt::format("echo '{}'\n", kRehearsalEnd);
}

std::string rehearsal_restore_script(const Inventory& inventory, const Rehearsal& rehearsal) {
  const std::string& directory = rehearsal.directory;
  const std::string data = directory + "/data";
  const std::string hba = rehearsal.socket + "/pg_hba.conf";
  const auto connected = [&](Argv argv) {
    add_connection(argv, {.socket = rehearsal.socket, .superuser = inventory.superuser}, 5432);
    return words(argv);
  };
  const std::string talkative = connected({"psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
                                           "--set=VERBOSITY=verbose", "--set=ECHO=all"});
  std::string script = fmt::format(
      "umask 077\n"
      "cd {0} || exit 3\n"
      "export PGOPTIONS={1}\n"
      "{2} >log 2>&1 || {{ cat log; exit 4; }}\n"
      "{3} >server.log 2>&1 &\n"
      "server=$!\n"
      "until pg_isready --quiet --host={9} --port=5432; do\n"
      "  kill -0 $server 2>/dev/null || {{ cat server.log; exit 5; }}\n"
      "  sleep 0.1\n"
      "done\n"
      "restore() {{ {4} \"$@\" 2>&1; }}\n"
      "{11}"
      "sql() {{ {5} --dbname=\"$1\" 2>&1; }}\n"
      "echo '== roles'\n"
      "grep -vxF {10} {7} >roles.sql\n"  // initdb has made that one
      "{6} --dbname=template1 --file=roles.sql 2>&1\n"
      "echo '== all-roles'\n"
      "sql template1 <{8}\n",
      shell_word(directory), shell_word(rehearsal.exchange_options),
      words(initdb(inventory, rehearsal.new_major, data)),
      words(server(data, "", rehearsal.socket, hba, rehearsal.settings)), connected({"pg_restore"}),
      talkative, connected({"psql", "--no-psqlrc", "--quiet"}), kRoles, kAllRoles, rehearsal.socket,
      shell_word(fmt::format("CREATE ROLE {};", quoted_identifier(inventory.superuser))),
      fmt::format(kPreData, connected({"psql", "--no-psqlrc", "--quiet", "--echo-errors"})));
  for (const std::size_t index : in_order(inventory)) {
    const std::string& name = inventory.databases[index].name;
    const std::string database = shell_word(database_conninfo(name));
    const bool built_in = name == "postgres" || name == "template1";
    std::string statements;
    if (index < rehearsal.statements.size())
      for (const std::string& statement : rehearsal.statements[index]) statements += statement + ";\n";
    script += fmt::format(
        "if [ -s db-{0}.dump ]; then\n"
        "echo '== database {0}'\n"
        "pre_data db-{0}.dump {1} {2}\n",
        index, name == "postgres" ? "template1" : "postgres", built_in ? "--clean --if-exists" : "");
    if (!statements.empty())
      script += fmt::format("printf %s {} | sql {}\n", shell_word(statements), database);
    script += fmt::format(
        "restore --section=data --dbname={1} db-{0}.dump\n"
        "pg_restore --list db-{0}.dump | grep -v ' MATERIALIZED VIEW DATA ' >list\n"
        "restore --section=post-data --use-list=list --dbname={1} db-{0}.dump\n"
        "echo '== views {0}'\n"
        "printf %s {2} | PGOPTIONS={3} sql {1}\n"
        "fi\n",
        index, database, shell_word(refresh_views_script()), shell_word(rehearsal.refresh_options));
  }
  return script + fmt::format("echo '{}'\nwait $server\n", kRehearsalEnd);
}

namespace {

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

Fingerprint read_live_catalogs(SqlReader& live, const Inventory& inventory) {
  Fingerprint fingerprint{.version_num = inventory.version_num};
  for (const DatabaseFacts& database : inventory.databases) {
    const AskSql ask = ask_through(live, database.name);
    if (fingerprint.shared.empty()) fingerprint.shared = objects_by_name(ask, CatalogScope::shared);
    fingerprint.databases[database.name].objects = objects_by_name(ask, CatalogScope::database);
  }
  return fingerprint;
}

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
