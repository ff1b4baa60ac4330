#include "pgupgrade/postgres/rehearsal.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/text.hpp"
#include "postgres/catalog.hpp"
#include "postgres/names.hpp"
#include "postgres/remote_sql.hpp"

namespace pgupgrade::postgres {
namespace {

using Argv = std::vector<std::string>;

std::string words(const Argv& argv) {
  std::vector<std::string> quoted;
  for (const std::string& argument : argv) quoted.push_back(shell_word(argument));
  return join(quoted, " ");
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
    "    {} pre-data.sql >unmarked.sql\n"
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
      fmt::format(kPreData, words(without_column_marks()),
                  connected({"psql", "--no-psqlrc", "--quiet", "--echo-errors"})));
  for (const std::size_t index : in_order(inventory)) {
    const std::string& name = inventory.databases[index].name;
    const std::string database = shell_word(database_conninfo(name));
    const bool built_in = name == "postgres" || name == "template1";
    const auto run = [&](const std::vector<std::vector<std::string>>& all) {
      std::string statements;
      if (index < all.size())
        for (const std::string& statement : all[index]) statements += statement + ";\n";
      if (statements.empty()) return std::string();
      // The event triggers of a database are meant for its users' statements.
      statements.insert(0, rehearsal.new_major >= 17 ? "SET event_triggers = off;\n"
                                                     : "SET session_replication_role = replica;\n");
      return fmt::format("printf %s {} | sql {}\n", shell_word(statements), database);
    };
    script += fmt::format(
        "if [ -s db-{0}.dump ]; then\n"
        "echo '== database {0}'\n"
        "pre_data db-{0}.dump {1} {2}\n",
        index, name == "postgres" ? "template1" : "postgres", built_in ? "--clean --if-exists" : "");
    script += run(rehearsal.statements);
    script += fmt::format(
        "restore --section=data --dbname={1} db-{0}.dump\n"
        "pg_restore --list db-{0}.dump | grep -v -e ' MATERIALIZED VIEW DATA ' -e ' TRIGGER .* "
        "RI_ConstraintTrigger_[ac]_[0-9]* ' >list\n"
        "restore --section=post-data --use-list=list --dbname={1} db-{0}.dump\n"
        "{4}"
        "echo '== views {0}'\n"
        "printf %s {2} | PGOPTIONS={3} sql {1}\n"
        "fi\n",
        index, database, shell_word(refresh_views_script()), shell_word(rehearsal.refresh_options),
        run(rehearsal.last_statements));
  }
  return script + fmt::format("echo '{}'\nwait $server\n", kRehearsalEnd);
}

Fingerprint read_live_catalogs(SqlReader& live, const Inventory& inventory) {
  Fingerprint fingerprint{.version_num = inventory.version_num};
  for (const DatabaseFacts& database : inventory.databases) {
    const AskSql ask = ask_through(live, database.name);
    if (fingerprint.shared.empty()) fingerprint.shared = objects_by_name(ask, CatalogScope::shared);
    fingerprint.databases[database.name].objects = objects_by_name(ask, CatalogScope::database);
  }
  return fingerprint;
}

}  // namespace pgupgrade::postgres
