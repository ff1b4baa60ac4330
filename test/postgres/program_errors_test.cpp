#include "pgupgrade/postgres/program_errors.hpp"

#include <filesystem>

#include "pgupgrade/base/files.hpp"
#include "support/catch.hpp"
#include "support/paths.hpp"

using namespace pgupgrade;
using namespace pgupgrade::postgres;

namespace {

// As the programs of 17 and 18 wrote it.
std::string output(const std::string& name) {
  return read_file(test::test_data() / "postgres" / "program_output" / (name + ".txt"));
}

struct Case {
  std::string output;
  std::string object;
  std::string cause;
  std::string cure;
};

}  // namespace

TEST_CASE("what a program said is told with object, cause and cure") {
  const std::vector<Case> cases = {
      {"analyze_foreign", "",
       R"(could not connect to server "archive" (connection to server on socket "/pgupgrade/run/.s.PGSQL.5432" failed: FATAL:  database "archive" does not exist))",
       R"(the foreign server cannot be asked while the upgrade runs: drop what reads it, and create it again after the upgrade)"},
      {"check_function", R"(table a_sightings)",
       R"(relation "z_kinds" does not exist, in function public.is_kind(integer,text))",
       R"(a restore has an empty search_path; on the old server: ALTER FUNCTION public.is_kind(integer,text) SET search_path = public, pg_temp, or name the schemas in its body)"},
      {"check_violation", R"(table blocks)",
       R"(new row for relation "blocks" violates check constraint "chain" (Failing row contains (2, b2, b1)))",
       R"(on the old server, correct the row, or drop the constraint and add it again NOT VALID)"},
      {"cipher", R"(index lookups_encrypted of table public.lookups)",
       R"(encrypt error: Cipher cannot be initialized)",
       R"(OpenSSL 3 of the new image has no Blowfish, CAST5 and DES; on the old server, drop what computes with them, and encrypt with aes what the applications have to read)"},
      {"database_parameter", R"(database c33)",
       R"(unrecognized configuration parameter "force_parallel_mode")",
       R"(on the old server: ALTER DATABASE c33 RESET force_parallel_mode)"},
      {"dictionary_file", R"(text search dictionary public.plain)",
       R"(could not open stop-word file "/usr/share/postgresql/17/tsearch_data/ours.stop": No such file or directory)",
       R"(the new image lacks the file: mount it in the service where the message says (beside where the old version has it), recreate the container and run again, or choose an image that has it with --image)"},
      {"dump_encoding", R"(table prices)",
       R"(character with byte sequence 0xe2 0x82 0xac in encoding "UTF8" has no equivalent in encoding "LATIN1")",
       R"(on the old server: ALTER DATABASE … RESET client_encoding)"},
      {"dump_owner", "", R"(role with OID 16393 does not exist)",
       R"(find what it owned: SELECT pg_describe_object(classid, objid, objsubid) FROM pg_shdepend WHERE refobjid = 16393; and give each an owner: ALTER … OWNER TO)"},
      {"duplicate_key", R"(index rooms_alias_key of table public.rooms)",
       R"(could not create unique index "rooms_alias_key" (Key (alias)=(#room7) is duplicated))",
       R"(on the old server, find them without the index (SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off), remove all but one, then REINDEX INDEX rooms_alias_key)"},
      {"globals_parameter", "", R"(unrecognized configuration parameter "operator_precedence_warning")",
       R"(on the old server: RESET operator_precedence_warning where it is set (\drds in psql shows roles and databases))"},
      {"grant_function", R"(the privileges of function public.pg_stat_statements_reset)",
       R"(function public.pg_stat_statements_reset(oid, oid, bigint) does not exist)",
       R"(the function has other arguments in the new version, or is gone; on the old server, REVOKE the grant, and GRANT it again after the upgrade)"},
      {"initdb_locale", "", R"(invalid locale name "xx_XX")",
       R"(If the locale name is specific to ICU, use --icu-locale.)"},
      {"inlined_function", R"(table public.pages)",
       R"(function short_id(bytea) does not exist, in function short_id)",
       R"(a restore has an empty search_path; on the old server: ALTER FUNCTION short_id SET search_path = public, pg_temp, or name the schemas in its body)"},
      {"no_login", "", R"(role "postgres" is not permitted to log in)",
       R"(as another superuser: ALTER ROLE postgres LOGIN)"},
      {"node_tree", R"(table save_pg_proc)", R"(cannot accept a value of type pg_node_tree)",
       R"(on the old server: ALTER TABLE save_pg_proc ALTER COLUMN proargdefaults TYPE text, or drop the table)"},
      {"not_null_name", R"(constraint users_email_not_null of table public.users)",
       R"(constraint "users_email_not_null" for relation "users" already exists)",
       R"(from 18 on NOT NULL is a constraint that has this name; on the old server: ALTER TABLE users RENAME CONSTRAINT users_email_not_null TO another name)"},
      {"orphan", R"(constraint child_parent_id_fkey of table public.child)",
       R"(insert or update on table "child" violates foreign key constraint "child_parent_id_fkey" (Key (parent_id)=(363836) is not present in table "parent"))",
       R"(on the old server, delete the rows of table child that refer to nothing, or add what they refer to)"},
      {"partition_constraint", R"(table users_2)",
       R"(new row for relation "users_2" violates partition constraint (Failing row contains (Straße2@Example.org, 2)))",
       R"(the new version hashes or compares the partition key otherwise (a collation of ICU, an enum); on the old server, partition the table by another key)"},
      {"postfix_operator", R"(operator public.%%)",
       R"(operator right argument type must be specified (Postfix operators are not supported))",
       R"(on the old server, drop the operator and use a function in its place)"},
      {"refresh_foreign", R"(materialized view public.stock_now)",
       R"(could not connect to server "warehouse" (connection to server on socket "/run/.s.PGSQL.5432" failed: FATAL:  database "warehouse" does not exist))",
       R"(the foreign server cannot be asked while the upgrade runs: drop what reads it, and create it again after the upgrade)"},
      {"refresh_inlined", R"(materialized view public.mention_counts)",
       R"(function mentions_by_software() does not exist, in function count_mentions)",
       R"(a restore has an empty search_path; on the old server: ALTER FUNCTION count_mentions SET search_path = public, pg_temp, or name the schemas in its body)"},
      {"removed_function", R"(view public.backup_state)", R"(function pg_is_in_backup() does not exist)",
       R"(the new version may no longer have it; on the old server, change or drop view public.backup_state)"},
      {"system_view", R"(view postgres_exporter.pg_stat_activity)",
       R"(column reference "backend_type" is ambiguous)",
       R"(a system view that it reads has more columns in the new version; on the old server, drop view postgres_exporter.pg_stat_activity, and create it again after the upgrade)"},
  };
  for (const Case& c : cases) {
    INFO(c.output);
    const Explanation explanation = explain(parse_failure(output(c.output)));
    CHECK(explanation.object == c.object);
    CHECK(explanation.cause == c.cause);
    CHECK(explanation.cure == c.cure);
  }
}

TEST_CASE("the fields of a failure are kept apart, and the statement is whole") {
  const ProgramFailure failure = parse_failure(output("inlined_function"));
  CHECK(failure.error == "function short_id(bytea) does not exist");
  CHECK(failure.detail.empty());
  CHECK(failure.hint ==
        "No function matches the given name and argument types. You might need to add explicit type casts.");
  CHECK(failure.context == "SQL function \"short_id\" during inlining");
  CHECK(failure.statement ==
        "CREATE TABLE \"public\".\"pages\" (\n    \"id\" \"uuid\" NOT NULL,\n    \"title\" \"text\" NOT "
        "NULL,\n    "
        "\"slug\" \"text\" GENERATED ALWAYS AS (\"public\".\"slugify\"(\"title\")) STORED,\n    \"short\" "
        "\"text\" "
        "GENERATED ALWAYS AS (\"public\".\"short_id\"(\"id\")) STORED\n);");
  CHECK(parse_failure(output("analyze_foreign")).database == "c16");
  CHECK(parse_failure(output("globals_parameter")).line == 32);
  CHECK(parse_failure(
            "pg_restore: while PROCESSING TOC:\npg_restore: from TOC entry 215; 1259 16390 VIEW public "
            "v boss\npg_restore: error: could not execute query: ERROR:  nothing known\n")
            .entry == "VIEW public v boss");
}

TEST_CASE(
    "who has a parameter that the new version does not know is told with the statement that takes it away") {
  ProgramFailure failure = parse_failure(output("globals_parameter"));
  failure.statement =
      "ALTER ROLE \"a \"\"b\"\" c\" IN DATABASE \"Shop\" SET \"operator_precedence_warning\" TO 'on';";
  const Explanation explanation = explain(failure);
  CHECK(explanation.object == "role \"a \"\"b\"\" c\"");
  CHECK(explanation.cure ==
        "on the old server: ALTER ROLE \"a \"\"b\"\" c\" IN DATABASE \"Shop\" RESET "
        "operator_precedence_warning");
}

TEST_CASE("labels that no library gives are cured by an image that has it, or by taking them away") {
  CHECK(explain(parse_failure("pg_restore: error: could not execute query: ERROR:  security label provider "
                              "\"anon\" is not loaded\n"))
            .cure.find("SECURITY LABEL FOR … ON … IS NULL") != std::string::npos);
}

TEST_CASE("an output without an error explains nothing") {
  CHECK(explain(parse_failure("")).cause.empty());
  CHECK(explain(parse_failure("Killed\n")).cause.empty());
  CHECK(explain(parse_failure("pg_restore: warning: something\n")).cause.empty());
}

TEST_CASE("passwords in what a program quotes are not told") {
  const Explanation explanation =
      explain(parse_failure("psql:/dump/globals.sql:3: ERROR:  syntax error in ALTER ROLE app PASSWORD "
                            "'SCRAM-SHA-256$4096:abc'\n"));
  CHECK(explanation.cause.find("abc") == std::string::npos);
}
