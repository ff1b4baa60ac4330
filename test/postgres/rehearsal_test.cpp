#include "pgupgrade/postgres/rehearsal.hpp"

#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::postgres;

namespace {

Inventory inventory_of(std::vector<DatabaseFacts> databases) {
  Inventory inventory;
  inventory.superuser = "postgres";
  inventory.databases = std::move(databases);
  return inventory;
}

Inventory usual() {
  return inventory_of({{.name = "postgres", .size_bytes = 8, .encoding = "UTF8"},
                       {.name = "shop", .size_bytes = 100, .encoding = "UTF8"},
                       {.name = "template1", .size_bytes = 7, .encoding = "UTF8"}});
}

std::vector<std::string> found_in(const std::string& output, bool with_rows = false) {
  const Inventory inventory = usual();
  std::vector<std::string> texts;
  for (const auto& failed :
       parse_rehearsal(inventory, std::vector<bool>(inventory.databases.size(), with_rows), output)) {
    const Explanation explanation = explain(failed.failure);
    texts.push_back(failed.database + "|" + explanation.object + "|" + explanation.cause);
  }
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a server tells where it takes connections") {
  const auto found =
      parse_postmaster("process\t7\nport\t5433\nsocket\t/run/postgresql\nowner\t999:998\nend\n");
  REQUIRE(found);
  CHECK(found->process == 7);
  CHECK(found->port == 5433);
  CHECK(found->owner == "999:998");
  CHECK(socket_through_process(*found) == "/proc/7/root/run/postgresql");
  CHECK_FALSE(parse_postmaster("process\t7\nport\t5433\nsocket\t/run/postgresql\nowner\t999:998\n"));  // cut
  CHECK_FALSE(parse_postmaster("process\t7\nport\t5433\nowner\t999:998\nend\n"));  // by TCP only
  CHECK_FALSE(parse_postmaster(""));
}

TEST_CASE("rows of the smallest databases are rehearsed, up to a limit in all") {
  CHECK(rows_to_rehearse(usual(), 114) == std::vector<bool>{true, false, true});
  CHECK(rows_to_rehearse(usual(), 115) == std::vector<bool>{true, true, true});
  CHECK(rows_to_rehearse(usual(), 0) == std::vector<bool>{false, false, false});
}

TEST_CASE(
    "what a plan carries over is run once the tables are there, and what needs all constraints at the end") {
  const Inventory inventory = inventory_of({{.name = "shop", .encoding = "UTF8"}});
  const std::string script = rehearsal_restore_script(inventory, {.directory = "/d",
                                                                  .socket = "/s",
                                                                  .new_major = 17,
                                                                  .statements = {{"ALTER x"}},
                                                                  .last_statements = {{"UPDATE y"}}});
  const auto at = [&](const std::string& text) {
    INFO(text);
    REQUIRE(script.find(text) != std::string::npos);
    return script.find(text);
  };
  CHECK(at("pre_data db-0.dump") < at("SET event_triggers = off;\nALTER x;\n'"));
  CHECK(at("SET event_triggers = off;\nALTER x;\n'") < at("--section=data"));
  CHECK(at("--section=post-data") < at("SET event_triggers = off;\nUPDATE y;\n'"));
  CHECK(at("SET event_triggers = off;\nUPDATE y;\n'") < at("== views 0"));
}

TEST_CASE("names of databases are words of the scripts, whatever is in them") {
  const Inventory odd = inventory_of({{.name = "it's $(x)", .encoding = "UTF8"}});
  const std::string dump =
      rehearsal_dump_script({.socket = "/s", .superuser = "o'hara"}, 5432, odd, {true}, "/d");
  CHECK(dump.find("'dbname='\\''it\\'\\''s $(x)'\\'''") != std::string::npos);
  CHECK(dump.find("'--username=o'\\''hara'") != std::string::npos);
}

TEST_CASE("failures of a restore that goes on are told apart") {
  CHECK(found_in(
            "== roles\n"
            "psql:globals.sql:32: ERROR:  unrecognized configuration parameter "
            "\"operator_precedence_warning\"\n"
            "== database 1\n"
            "pg_restore: error: could not execute query: ERROR:  function pg_is_in_backup() does not exist\n"
            "LINE 2:  SELECT \"pg_is_in_backup\"() AS \"now\";\n"
            "                ^\n"
            "HINT:  No function matches the given name and argument types.\n"
            "Command was: CREATE VIEW \"public\".\"maintenance\" AS\n"
            " SELECT \"pg_is_in_backup\"() AS \"now\";\n\n\n"
            "pg_restore: from TOC entry 12; 1255 16390 FUNCTION x() postgres\n"
            "pg_restore: error: could not execute query: ERROR:  language \"plperl\" does not exist\n"
            "Command was: CREATE FUNCTION \"public\".\"x\"() RETURNS void LANGUAGE plperl AS '';\n\n\n"
            "pg_restore: warning: errors ignored on restore: 2\n"
            "== end\n") == Texts{"||unrecognized configuration parameter \"operator_precedence_warning\"",
                                 "shop|view public.maintenance|function pg_is_in_backup() does not exist",
                                 "shop|function public.x|language \"plperl\" does not exist"});
}

TEST_CASE("what follows from an earlier failure is not told") {
  const std::string refused =
      "pg_restore: error: could not execute query: ERROR:  function short(text) does not exist\n"
      "CONTEXT:  SQL function \"code_of\" during inlining\n"
      "Command was: CREATE TABLE \"public\".\"codes\" (\n    \"name\" \"text\"\n);\n\n\n";
  CHECK(found_in(
            "== database 1\n" + refused +
            "pg_restore: error: could not execute query: ERROR:  relation \"public.codes\" does not exist\n"
            "Command was: ALTER TABLE public.codes OWNER TO postgres;\n\n"
            "pg_restore: error: could not execute query: ERROR:  relation \"public.codes\" does not exist\n"
            "Command was: ALTER TABLE ONLY \"public\".\"codes\"\n    ADD CONSTRAINT \"k\" PRIMARY KEY "
            "(\"name\");\n"
            "== end\n")
            .size() == 1);
  // In another database it follows from nothing.
  CHECK(found_in(
            "== database 1\n" + refused +
            "== database 0\n"
            "pg_restore: error: could not execute query: ERROR:  relation \"public.codes\" does not exist\n"
            "Command was: CREATE VIEW \"public\".\"v\" AS SELECT 1;\n"
            "== end\n")
            .size() == 2);
  // A key cannot find rows that could not be loaded.
  CHECK(found_in(
            "== database 1\n"
            "pg_restore: error: COPY failed for table \"zoos\": ERROR:  relation \"places\" does not exist\n"
            "CONTEXT:  COPY zoos, line 1: \"1\"\n"
            "pg_restore: error: could not execute query: ERROR:  insert or update on table \"animals\" "
            "violates "
            "foreign key constraint \"animals_zoo_fkey\"\n"
            "DETAIL:  Key (zoo)=(1) is not present in table \"zoos\".\n"
            "Command was: ALTER TABLE ONLY \"public\".\"animals\"\n    ADD CONSTRAINT \"animals_zoo_fkey\";\n"
            "== end\n",
            true)
            .size() == 1);
}

TEST_CASE("a materialized view counts when a name is missing, and with its rows when they are to blame") {
  const auto refresh = [](const std::string& error) {
    return "== views 1\nSET search_path = '';\nREFRESH MATERIALIZED VIEW public.per_shelf\nERROR:  " + error +
           "\nLOCATION:  here, there.c:1\n== end\n";
  };
  // The next one, which fails as well, has its own name.
  CHECK(
      found_in("== views 1\nREFRESH MATERIALIZED VIEW public.a\nERROR:  42883: function f() does not exist\n"
               "LOCATION:  here, there.c:1\nREFRESH MATERIALIZED VIEW public.b\n"
               "ERROR:  42883: function g() does not exist\nLOCATION:  here, there.c:1\n== end\n") ==
      Texts{"shop|materialized view public.a|function f() does not exist",
            "shop|materialized view public.b|function g() does not exist"});
  const std::string missing = refresh("42883: function all_books() does not exist");
  CHECK(found_in(missing) ==
        Texts{"shop|materialized view public.per_shelf|function all_books() does not exist"});
  const std::string zero = refresh("22012: division by zero");
  CHECK(found_in(zero).empty());
  CHECK(found_in(zero, true) == Texts{"shop|materialized view public.per_shelf|division by zero"});
  CHECK(found_in(refresh("08001: could not connect to server \"depot\""), true).empty());
}

TEST_CASE("a setting of all roles is told once, with its cure") {
  const std::string refused = "ERROR:  42704: unrecognized configuration parameter \"gone\"\n";
  const std::string output =
      "== all-roles\nSELECT pg_catalog.set_config('gone', 'on', false) \\; ALTER ROLE ALL SET gone FROM "
      "CURRENT "
      "\\g /dev/null\n" +
      refused + "RESET gone;\n" + refused + "== end\n";
  const auto found = parse_rehearsal(usual(), {false, false, false}, output);
  REQUIRE(found.size() == 1);
  CHECK(explain(found[0].failure).cure == "on the old server: ALTER ROLE ALL RESET gone");
}

TEST_CASE("a script without the marks of columns tells its failures as pg_restore does") {
  CHECK(found_in("== database 1\n"
                 "psql:unmarked.sql:7: ERROR:  function gone() does not exist\n"
                 "LINE 2:  SELECT gone();\n"
                 "                ^\n"
                 "psql:unmarked.sql:7: STATEMENT:  CREATE VIEW \"public\".\"v\" AS\n SELECT gone();\n"
                 "psql:unmarked.sql:9: ERROR:  relation \"public.v\" does not exist\n"
                 "psql:unmarked.sql:9: STATEMENT:  ALTER VIEW public.v OWNER TO postgres;\n== end\n") ==
        Texts{"shop|view public.v|function gone() does not exist"});
}

TEST_CASE("a mark of newer minor releases is no failure") {
  CHECK(found_in("== database 1\n"
                 "pg_restore: error: could not execute query: ERROR:  unrecognized parameter \"pg_attver\"\n"
                 "Command was: ALTER TABLE \"t\" ALTER COLUMN \"c\" SET (pg_attver=1);\n== end\n")
            .empty());
}

TEST_CASE("locks and connections say nothing of the new version") {
  CHECK(is_of_the_moment({.error = "canceling statement due to lock timeout"}));
  CHECK(is_of_the_moment({.error = "connection to server on socket \"/proc/1/root/run\" failed: FATAL: no"}));
  CHECK_FALSE(is_of_the_moment({.error = "role with OID 16385 does not exist"}));
  CHECK(is_whole_rehearsal("== roles\n== end\n"));
  CHECK_FALSE(is_whole_rehearsal("== roles\n"));
}
