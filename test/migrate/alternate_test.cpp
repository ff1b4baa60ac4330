#include "pgupgrade/migrate/alternate.hpp"

#include "migrate/commands.hpp"
#include "migrate/comparable.hpp"
#include "migrate/listing.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace pgupgrade;
using namespace pgupgrade::migrate;
using pgupgrade::test::TemporaryDirectory;

namespace {

std::string told_by(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code() + ": " + error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("what belongs to a schema is told by the first name that has a schema") {
  DatabasePrint print;
  const std::vector<std::string> kept = {
      "schema \"s\"",
      "table \"s\".\"t\"",
      "column \"s\".\"t\".\"c\"",
      "constraint \"c\" on \"s\".\"t\"",
      "comment on table \"s\".\"t\"",
      "function \"s\".\"f\"(\"other\".\"type\")",
      "operator 1 (\"other\".\"a\") of \"s\".\"family\" USING btree",
      "inheritance \"s\".\"t\" from \"other\".\"t\"",
      "default acl for role \"r\" in schema \"s\" on tables",
  };
  for (const std::string& object : kept) print.objects[object];
  const Objects expected = print.objects;
  for (const std::string& object :
       {"schema \"other\"", "table \"other\".\"s\"", "comment on schema \"s\"",
        "function \"other\".\"f\"(\"s\".\"type\")", "inheritance \"other\".\"t\" from \"s\".\"t\"",
        "cast (\"s\".\"a\" AS \"s\".\"b\")", "extension \"s\"",
        "publication relation \"s\".\"t\" in publication \"p\"", "default acl for role \"r\" on tables",
        "table \"odd\"\"s\".\"t\""})
    print.objects[object];
  leave_out({.schemas = {"s"}}, print);
  CHECK(print.objects == expected);
  print.objects["table \"odd\"\"s\".\"t\""];
  leave_out({.schemas = {"odd\"s"}}, print);
  CHECK(print.objects.size() == 1);
}

TEST_CASE("schemas that are there already are not made again, and keep their comment") {
  const std::string listing =
      "; a comment\n"
      "7; 2615 16399 SCHEMA - sales app\n"
      "3001; 0 0 COMMENT - SCHEMA \"sales\" app\n"
      "3002; 0 0 ACL - SCHEMA \"sales\" app\n"
      "210; 1259 16400 TABLE sales orders app\n";
  CHECK(without_schemas(listing) ==
        "; a comment\n3002; 0 0 ACL - SCHEMA \"sales\" app\n210; 1259 16400 TABLE sales orders app\n");
}

TEST_CASE("a script is known by its bytes, and may not lead to other files or databases") {
  const TemporaryDirectory directory;
  const std::string plain = directory.write("a.sql", "SELECT 1;\n").native();
  const std::string own = directory.write("b.sql", "BEGIN;\nSELECT 1;\nCOMMIT;\n").native();
  const auto scripts = read_scripts({plain, own});
  REQUIRE(scripts.size() == 2);
  CHECK(scripts[0].one_transaction);
  CHECK_FALSE(scripts[1].one_transaction);
  CHECK(scripts[0].sha256 == "b4e0497804e46e0a0b0b8c31975b062152d551bac49c3c2e80932567b4085dcd");
  for (const std::string line :
       {"\\connect shop", "\\c shop", "  \\i other.sql", "SELECT 1; \\ir other.sql", "\\include x"}) {
    INFO(line);
    const std::string leads = directory.write("c.sql", "SELECT 1;\n" + line + "\n").native();
    CHECK_THAT(told_by([&] { read_scripts({leads}); }), ContainsSubstring("its line 2 (\\"));
  }
  for (const std::string line : {"\\copy t FROM STDIN", "SELECT 'x' AS \"\\c\";", "\\echo done"}) {
    INFO(line);
    CHECK(told_by([&] { read_scripts({directory.write("d.sql", line + "\n").native()}); }).empty());
  }
}

TEST_CASE("a script runs to its first error, in a transaction that notes its number before it is committed") {
  const postgres::Endpoint server{.name = "the server",
                                  .parameters = {{"host", "db"}, {"user", "app"}},
                                  .password = Secret{std::string("s3cret")}};
  const Command own =
      run_script(server, "shop", {.script = "/x/1.sql", .output = "/x/1.out", .confirmation = {}});
  CHECK(own.argv ==
        std::vector<std::string>{"psql", "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1",
                                 "--dbname=application_name='pgupgrade script' client_encoding='UTF8' "
                                 "host='db' user='app' dbname='shop'",
                                 "--output=/x/1.out", "--file=/x/1.sql"});
  CHECK(own.password.reveal() == "s3cret");
  const Command one = run_script(
      server, "shop", {.script = "/x/1.sql", .output = "/x/1.out", .confirmation = "/x/1.transaction"});
  CHECK(std::vector<std::string>(one.argv.begin() + 8, one.argv.end()) ==
        std::vector<std::string>{"--single-transaction", "--set=pgupgrade_file=/x/1.transaction",
                                 "--command=\\o :pgupgrade_file",
                                 "--command=SELECT 'transaction ' || txid_current()", "--command=\\o"});
}

TEST_CASE("only the very scripts that have passed are applied, for the same schemas") {
  AlternateState state{.into = "alt_db", .schemas = {"s"}};
  const Script a{.path = "/x/a.sql", .sha256 = "1"};
  const Script b{.path = "/x/b.sql", .sha256 = "2"};
  const auto told = [&](const Schemas& schemas, const std::vector<Script>& scripts) {
    return told_by([&] { require_passed(state, schemas, scripts); });
  };
  CHECK_THAT(told({"s"}, {a}), ContainsSubstring("E-NOT-REHEARSED: cannot apply: no script has passed"));
  state.passed = {a, b};
  CHECK(told({"s"}, {a, b}).empty());
  CHECK_THAT(told({"s", "t"}, {a, b}), ContainsSubstring("on other schemas: s"));
  CHECK_THAT(told({"s"}, {b, a}),
             ContainsSubstring("/x/b.sql is not what passed in database \"alt_db\" as number 1"));
  CHECK_THAT(told({"s"}, {a}), ContainsSubstring("2 scripts passed in database \"alt_db\", and 1 is given"));
}

TEST_CASE("what a rehearsal within a server leaves is removed, but its state and log, and nothing halfway") {
  const TemporaryDirectory root;
  AlternateState state = load_alternate(root.path(), "db:5432", "shop", "alt_db");
  state.passed = {{.path = "/x/a.sql", .sha256 = "1"}, {.path = "/x/b.sql", .sha256 = "2"}};
  state.applied = {state.passed.front()};
  const auto directory = root / state.id;
  state.dump = (directory / "before-1.dump").native();
  state.way_back = {"pg_restore …"};
  save_alternate(root.path(), state);
  const auto file = directory / kAlternateFile;
  for (const char* name : {"before-1.dump", "1.sql", "1.out", "run.log"})
    write_file_durably(directory / name, "x");
  CHECK(is_midway(state));
  CHECK_THAT(told_by([&] { clean_up_alternate(file); }),
             ContainsSubstring("E-UNFINISHED: cannot clean up: scripts were applied to database \"shop\""));
  CHECK(alternate_leftovers(file) == std::vector<std::filesystem::path>{directory / "1.out",
                                                                        directory / "1.sql",
                                                                        directory / "before-1.dump"});
  state.applied = state.passed;
  state.applied_ms = 5;
  save_alternate(root.path(), state);
  CHECK_FALSE(is_midway(state));
  CHECK(clean_up_alternate(file).dump.empty());
  CHECK(alternate_leftovers(file).empty());
  CHECK(std::filesystem::exists(directory / "run.log"));
  state.dump.clear();
  state.way_back.clear();
  CHECK(read_alternate(file) == state);
  CHECK(find_alternates(root.path()) == std::vector<std::filesystem::path>{file});
  state.under_way = "1";
  CHECK(is_midway(state));
}

TEST_CASE("the state of a rehearsal within a server is read as it was written, and by its database alone") {
  const TemporaryDirectory root;
  AlternateState state = load_alternate(root.path(), "db:5432", "shop", "alt_db");
  CHECK(state.id.starts_with("alternate-"));
  state.schemas = {"a", "b"};
  state.passed = {{.path = "/x/a.sql", .sha256 = "1", .one_transaction = false}};
  state.under_way = "1";
  save_alternate(root.path(), state);
  CHECK(load_alternate(root.path(), "db:5432", "shop", "alt_db") == state);
  CHECK(load_alternate(root.path(), "db:5432", "shop", "other").passed.empty());
  write_file_durably(root / state.id / kAlternateFile, "{");
  CHECK_THAT(told_by([&] { load_alternate(root.path(), "db:5432", "shop", "alt_db"); }),
             ContainsSubstring("E-STATE-DAMAGED"));
}
