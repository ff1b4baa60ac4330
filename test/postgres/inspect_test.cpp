#include "pgupgrade/postgres/inspect.hpp"

#include <algorithm>
#include <utility>

#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::postgres;

namespace {

// A cluster that is made of rows: answers by what a statement reads from.
class RowsReader final : public SqlReader {
 public:
  std::vector<std::pair<std::string, std::vector<std::string>>> answers;  // part of the statement -> rows
  std::vector<std::string> asked;                                         // databases

  std::vector<std::string> query(const std::string& database, const std::string& sql) override {
    asked.push_back(database);
    for (const auto& [part, rows] : answers) {
      if (sql.find(part) != std::string::npos) return rows;
    }
    return {};
  }
};

RowsReader sample() {
  RowsReader reader;
  reader.answers = {
      {"server_version_num", {"150008"}},
      {"data_directory') AS",
       {R"({"version":"15.8","data_directory":"/data","config_file":"/data/postgresql.conf","hba_file":"/data/pg_hba.conf","ident_file":"/data/pg_ident.conf","superuser":"boss","checksums":true,"wal_segment_bytes":16777216,"password_encryption":"md5","shared_preload_libraries":"pg_cron, \"auto explain\"","session_preload_libraries":"","local_preload_libraries":"pg_cron","in_recovery":false})"}},
      {"AS verifier FROM pg_authid WHERE rolpassword", {R"({"role":"app","verifier":"md5aa"})"}},
      {"FROM pg_authid",
       {R"({"name":"app","superuser":false,"login":true,"verifier":"md5"})",
        R"({"name":"boss","superuser":true,"login":true,"verifier":"scram"})",
        R"({"name":"grp","superuser":false,"login":false,"verifier":"none"})"}},
      {"pg_file_settings",
       {R"({"name":"TimeZone","value":"UTC","file":"/data/postgresql.conf"})",
        R"({"name":"work_mem","value":"8MB","file":"/data/postgresql.conf"})"}},
      {"postmaster.opts",
       {R"({"content":"/bin/postgres \"-c\" \"DateStyle=SQL, DMY\" \"-c\" \"config_file=/etc/a.conf\"\n"})"}},
      {"pg_read_file", {R"({"content":"# Do not edit\nwork_mem = '16MB'\ntimezone = 'Europe/Berlin'\n"})"}},
      {"'command line'", {R"({"name":"shared_buffers","value":"1GB"})"}},
      {"pg_prepared_xacts",
       {R"({"kind":"prepared","name":"tx1"})", R"({"kind":"slot","name":"s1"})",
        R"({"kind":"tablespace","name":"fast"})"}},
      {"pg_stat_activity",
       {R"({"address":"172.18.0.3","database":"shop","role":"app","application":"web"})"}},
      {"pg_database_size",
       {R"({"name":"closed","size":1,"encoding":"UTF8","collate":"C","ctype":"C","provider":"c","locale":null,"rules":null,"allow":false,"template":false})",
        R"({"name":"shop","size":77,"encoding":"UTF8","collate":"C","ctype":"C","provider":"i","locale":"de","rules":null,"allow":true,"template":false})"}},
      {"pg_largeobject_metadata",
       {R"({"tables":3,"rows":42,"large_objects":1,"extensions":["hstore","plpgsql"],"versions":["1.8","1.0"],"libraries":["$libdir/x"]})"}},
  };
  return reader;
}

std::string problem_of(SqlReader& reader) {
  try {
    read_inventory(reader, "postgres");
  } catch (const Error& error) {
    return error.code() + ": " + error.what();
  }
  return "no problem";
}

}  // namespace

TEST_CASE("an inventory is read from the answers of a cluster") {
  RowsReader reader = sample();
  const Inventory inventory = read_inventory(reader, "postgres");
  using Origin = SettingFacts::Origin;

  Inventory expected;
  expected.version_num = 150008;
  expected.version = "15.8";
  expected.data_directory = "/data";
  expected.config_file = "/data/postgresql.conf";
  expected.hba_file = "/data/pg_hba.conf";
  expected.ident_file = "/data/pg_ident.conf";
  expected.superuser = "boss";
  expected.checksums = true;
  expected.wal_segment_bytes = 16777216;
  expected.password_encryption = "md5";
  expected.preload_libraries = {"pg_cron", "auto explain"};
  DatabaseFacts closed{.name = "closed", .size_bytes = 1, .encoding = "UTF8", .collate = "C", .ctype = "C"};
  closed.allow_connections = false;
  DatabaseFacts shop{.name = "shop", .size_bytes = 77, .encoding = "UTF8", .collate = "C", .ctype = "C"};
  shop.locale_provider = 'i';
  shop.icu_locale = "de";
  shop.tables = 3;
  shop.estimated_rows = 42;
  shop.large_objects = 1;
  shop.extensions = {{.name = "hstore", .version = "1.8"}, {.name = "plpgsql", .version = "1.0"}};
  shop.procedural_libraries = {"$libdir/x"};
  expected.databases = {closed, shop};
  expected.roles = {{.name = "app", .superuser = false, .can_login = true, .verifier = VerifierKind::md5},
                    {.name = "boss", .superuser = true, .can_login = true, .verifier = VerifierKind::scram},
                    {.name = "grp", .superuser = false, .can_login = false, .verifier = VerifierKind::none}};
  const std::string auto_conf = "/data/postgresql.auto.conf";
  expected.settings = {
      {.name = "DateStyle", .value = "SQL, DMY", .origin = Origin::command_line, .file = ""},
      {.name = "shared_buffers", .value = "1GB", .origin = Origin::command_line, .file = ""},
      {.name = "timezone", .value = "Europe/Berlin", .origin = Origin::auto_conf, .file = auto_conf},
      {.name = "work_mem", .value = "16MB", .origin = Origin::auto_conf, .file = auto_conf}};
  expected.tablespaces = {"fast"};
  expected.replication_slots = {"s1"};
  expected.prepared_transactions = {"tx1"};
  expected.connections = {
      {.client_address = "172.18.0.3", .database = "shop", .role = "app", .application = "web"}};
  REQUIRE(inventory == expected);
}

TEST_CASE("a database that allows no connections is not connected to") {
  RowsReader reader = sample();
  read_inventory(reader, "postgres");
  REQUIRE(std::count(reader.asked.begin(), reader.asked.end(), "closed") == 0);
  REQUIRE(std::count(reader.asked.begin(), reader.asked.end(), "shop") == 1);
}

TEST_CASE("md5 verifiers are read by role") {
  RowsReader reader = sample();
  const auto verifiers = read_md5_verifiers(reader, "postgres");
  REQUIRE(verifiers.size() == 1);
  REQUIRE(verifiers.at("app").reveal() == "md5aa");
}

TEST_CASE("an answer that is no answer is an error") {
  RowsReader silent;
  REQUIRE(problem_of(silent) == "E-SQL: could not determine the server's version from its answer");
  RowsReader broken = sample();
  broken.answers[1].second = {"not json"};
  REQUIRE(problem_of(broken) == "E-SQL: could not understand the server's answer about the server: not json");
  broken.answers[1].second = {};
  REQUIRE(problem_of(broken) == "E-SQL: the server answered 0 rows about the server, expected 1");
}

TEST_CASE("lines of postgresql.auto.conf are unquoted and the last one counts") {
  REQUIRE(parse_auto_conf("# Do not edit this file manually!\n"
                          "work_mem = '8MB'\n"
                          "  search_path='\"$user\", it''s'  # why\n"
                          "port 5433\n"
                          "archive_command = 'cp %p \\'x\\' \\\\n'\n"
                          "my.ext = on # c\n"
                          "work_mem = '16MB'\n"
                          "empty = ''\n\n") ==
          std::map<std::string, std::string>{{"archive_command", "cp %p 'x' \\n"},
                                             {"empty", ""},
                                             {"my.ext", "on"},
                                             {"port", "5433"},
                                             {"search_path", "\"$user\", it's"},
                                             {"work_mem", "16MB"}});
  REQUIRE(parse_auto_conf("").empty());
}
