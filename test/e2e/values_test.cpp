// Databases whose values are hard to carry, or hard to compare: many in one cluster.
#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {
namespace {

// The function behind a stored generated column was replaced after rows had been written.
constexpr const char* kReplacedFunction =
    "CREATE FUNCTION with_vat(net numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT round(net * "
    "1.16, 2)';\n"
    "CREATE TABLE invoice (id int PRIMARY KEY, net numeric NOT NULL, gross numeric GENERATED ALWAYS AS "
    "(with_vat(net)) STORED);\nINSERT INTO invoice (id, net) VALUES (1, 100), (2, 100);\n"
    "CREATE OR REPLACE FUNCTION with_vat(net numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS "
    "'SELECT round(net * 1.19, 2)';\nINSERT INTO invoice (id, net) VALUES (3, 100);\n";

// earthdistance up to 1.1 has functions that name "earth" and "cube" without a schema; the planner inlines
// them.
constexpr const char* kIndexFunction =
    "CREATE EXTENSION cube;\nCREATE EXTENSION earthdistance;\n"
    "CREATE TABLE places (id int PRIMARY KEY, latitude float8 NOT NULL, longitude float8 NOT NULL, "
    "\"earthCoord\" "
    "earth GENERATED ALWAYS AS (ll_to_earth(latitude, longitude)) STORED);\n"
    "INSERT INTO places (id, latitude, longitude) SELECT i, 42.5 + i / 1000.0, 1.6 + i / 1000.0 FROM "
    "generate_series(1, 500) i;\nCREATE INDEX ON places USING gist (ll_to_earth(latitude, longitude));\n";

// The hash of an enum is that of its oid, which a restore changes.
constexpr const char* kHashedByEnum =
    "CREATE TYPE state AS ENUM ('new', 'paid', 'sent', 'back', 'lost');\n"
    "CREATE TABLE orders (id int, s state NOT NULL) PARTITION BY HASH (s);\n"
    "CREATE TABLE orders_0 PARTITION OF orders FOR VALUES WITH (MODULUS 3, REMAINDER 0);\n"
    "CREATE TABLE orders_1 PARTITION OF orders FOR VALUES WITH (MODULUS 3, REMAINDER 1);\n"
    "CREATE TABLE orders_2 PARTITION OF orders FOR VALUES WITH (MODULUS 3, REMAINDER 2) PARTITION BY RANGE "
    "(id);\n"
    "CREATE TABLE orders_2_low PARTITION OF orders_2 FOR VALUES FROM (MINVALUE) TO (250);\n"
    "CREATE TABLE orders_2_high PARTITION OF orders_2 FOR VALUES FROM (250) TO (MAXVALUE);\n"
    "INSERT INTO orders SELECT i, (enum_range(NULL::state))[1 + i % 5] FROM generate_series(1, 500) i;\n";

// Settings for one old program that no dump, no restore and no session of ours may go by.
constexpr const char* kOddSettings =
    "CREATE TABLE prices (id int PRIMARY KEY, note text, parts text[]);\n"
    "INSERT INTO prices VALUES (1, '12 €', '{NULL,x}'), (2, 'Ω', '{}'), (3, 'größe', NULL);\n"
    "CREATE TABLE \"größe €\" (\"€\" text COLLATE \"C\");\nCREATE ROLE nobody;\n"
    "ALTER DATABASE odd SET client_encoding = 'LATIN1';\nALTER DATABASE odd SET role = 'nobody';\n"
    "ALTER DATABASE odd SET search_path = '';\nALTER DATABASE odd SET array_nulls = off;\n"
    "ALTER DATABASE odd SET session_replication_role = 'replica';\n"
    "ALTER DATABASE odd SET default_transaction_isolation = 'serializable';\n"
    "ALTER DATABASE odd SET default_transaction_deferrable = on;\n"
    "ALTER DATABASE odd SET row_security = off;\nALTER DATABASE odd SET zero_damaged_pages = on;\n"
    "ALTER DATABASE odd SET transform_null_equals = on;\nALTER DATABASE odd SET lock_timeout = 1;\n"
    "ALTER DATABASE postgres SET client_encoding = 'LATIN1';\n";

// Bytes that are no valid UTF-8, in a row and in names.
constexpr const char* kBytes =
    "SET client_encoding = 'SQL_ASCII';\nCREATE TABLE t (id int PRIMARY KEY, v text);\n"
    "DO $$ BEGIN EXECUTE "
    "convert_from('\\x494e5345525420494e544f207075626c69632e742056414c5545532028312c2027fcfff627293b'"
    "::bytea, 'SQL_ASCII'); END $$;\n"
    "DO $$ BEGIN EXECUTE "
    "convert_from('\\x435245415445205441424c45207075626c69632e2267726ff6df65222028226920fc2220696e74"
    "293b'::bytea, 'SQL_ASCII'); END $$;\nINSERT INTO t SELECT i, repeat('x', i) FROM generate_series(2, 50) "
    "i;\n"
    "CREATE SEQUENCE s;\n";

// Nothing but the deployer may drop anything, and the schema that every database begins with is gone.
constexpr const char* kEventTrigger =
    "DROP SCHEMA public;\nCREATE SCHEMA app;\nCREATE TABLE app.t (i int);\n"
    "CREATE FUNCTION app.no_drops() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN IF session_user <> "
    "'deployer' THEN RAISE EXCEPTION 'only deployer may drop things'; END IF; END $$;\n"
    "CREATE EVENT TRIGGER no_drops ON sql_drop EXECUTE FUNCTION app.no_drops();\n"
    "ALTER EVENT TRIGGER no_drops ENABLE ALWAYS;\n";

// Casts and operators that make what is unique elsewhere ambiguous.
constexpr const char* kCasts =
    "CREATE CAST (int AS text) WITH INOUT AS IMPLICIT;\nCREATE CAST (bigint AS text) WITH INOUT AS "
    "IMPLICIT;\n"
    "CREATE CAST (smallint AS text) WITH INOUT AS IMPLICIT;\nCREATE CAST (oid AS text) WITH INOUT AS "
    "IMPLICIT;\n"
    "CREATE CAST (text AS int) WITH INOUT AS IMPLICIT;\nCREATE CAST (text AS bigint) WITH INOUT AS "
    "IMPLICIT;\n"
    "CREATE CAST (text AS numeric) WITH INOUT AS IMPLICIT;\nCREATE CAST (numeric AS text) WITH INOUT AS "
    "IMPLICIT;\n"
    "CREATE CAST (float8 AS text) WITH INOUT AS IMPLICIT;\nCREATE CAST (date AS text) WITH INOUT AS "
    "IMPLICIT;\n"
    "CREATE CAST (timestamptz AS text) WITH INOUT AS IMPLICIT;\nCREATE CAST (boolean AS int2) WITH INOUT AS "
    "IMPLICIT;\n"
    "CREATE CAST (varchar AS int) WITH INOUT AS IMPLICIT;\nCREATE CAST (text AS boolean) WITH INOUT AS "
    "IMPLICIT;\n"
    "CREATE FUNCTION same(text, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';\n"
    "CREATE OPERATOR = (leftarg = text, rightarg = int, procedure = same);\n"
    "CREATE FUNCTION joined(int, text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''x''::text';\n"
    "CREATE OPERATOR || (leftarg = int, rightarg = text, procedure = joined);\n"
    "CREATE TABLE t (a int, b text, c varchar(10), d numeric, e float8, f date, g timestamptz, h boolean, i "
    "oid, "
    "j jsonb, k text GENERATED ALWAYS AS (b || 'x') STORED);\n"
    "INSERT INTO t VALUES (1, 'b', 'c', 1.0, 0.1, '2024-01-01', '2024-01-01', true, 7, '{}');\n"
    "CREATE SEQUENCE s;\nSELECT lo_from_bytea(0, '\\x010200');\n";

}  // namespace

TEST_CASE(
    "values that are hard to carry or to compare are as before, and lost ones are not called identical") {
  Project project("values");
  project.write("docker-compose.yml", small_project(13));
  project.up();
  const auto make = [&](const std::string& database, const std::string& script,
                        const std::string& options = "") {
    project.sql("db", "postgres", "CREATE DATABASE " + database + " " + options);
    project.script("db", database, script);
  };
  const auto upgrade = [&] {
    return project.pgupgrade({"--compose", "docker-compose.yml", "--to", "17", "--strategy", "dump", "--yes",
                              "--rollback-on-failure"});
  };

  make("vat", kReplacedFunction);
  const std::string gross = "SELECT string_agg(gross::text, ' ' ORDER BY id) FROM invoice";
  const ProcessResult refused = upgrade();
  INFO(output_of(refused));
  REQUIRE(refused.exit_code != 0);
  CHECK(refused.standard_error.find("invoice") != std::string::npos);
  CHECK(project.server_version("db") == "13");
  CHECK(project.sql("db", "vat", gross) == "116.00 116.00 119.00");
  project.sql("db", "postgres", "DROP DATABASE vat");

  make("earth", kIndexFunction);
  make("hashed", kHashedByEnum);
  make("legacy", kBytes, "TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'");
  make("latin", "SET client_encoding = 'UTF8'; CREATE TABLE \"größe\" AS SELECT 'Ärger'::text AS \"wört\";",
       "TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
  make("japanese",
       "SET client_encoding = 'UTF8'; CREATE TABLE \"注文\" AS SELECT '日本語'::text AS \"言葉\";",
       "TEMPLATE template0 ENCODING 'EUC_JP' LOCALE 'C'");
  make("windows", "SET client_encoding = 'UTF8'; CREATE TABLE \"€\" AS SELECT '„€“'::text AS \"Š\";",
       "TEMPLATE template0 ENCODING 'WIN1252' LOCALE 'C'");
  make("without_public", kEventTrigger);
  make("reset", "DROP SCHEMA public;\nCREATE SCHEMA public;\nCREATE TABLE t (i int);\n");
  make("casts", kCasts);
  // The text of the row would be twice as long as that of its value: each quote is doubled.
  make("wide",
       "CREATE TABLE blobs (id int PRIMARY KEY, note text, raw bytea);\nINSERT INTO blobs VALUES (1, "
       "repeat('\"', 30000000), decode(repeat('00', 30000000), 'hex'));\n");
  make("odd", kOddSettings);
  const ProcessResult result = upgrade();
  INFO(output_of(result));
  REQUIRE(result.exit_code == 0);
  CHECK(project.server_version("db") == "17");
  CHECK(project.sql("db", "hashed", "SELECT count(*), sum(id) FROM orders WHERE s = 'paid'") == "100|24850");
  CHECK(project.sql("db", "earth", "SELECT count(\"earthCoord\") FROM places") == "500");
  CHECK(project.sql("db", "without_public", "SELECT to_regnamespace('public')").empty());
  CHECK(project.sql("db", "reset", "SELECT obj_description('public'::regnamespace, 'pg_namespace')").empty());
  CHECK(project.sql(
            "db", "latin",
            "SELECT encode(convert_to(relname::text, 'LATIN1'), 'hex') FROM pg_class WHERE relnamespace = "
            "'public'::regnamespace") == "6772f6df65");
  CHECK(project.sql("db", "wide", "SELECT length(note), length(raw) FROM blobs") == "30000000|30000000");
  CHECK(
      project.sql("db", "odd",
                  "SET ROLE NONE; SELECT parts IS NULL, parts[1] IS NULL FROM public.prices WHERE id = 1") ==
      "f|t");
  CHECK(project.sql("db", "legacy", "SELECT encode(convert_to(v, 'SQL_ASCII'), 'hex') FROM t WHERE id = 1") ==
        "fcfff6");
  CHECK(project.sql(
            "db", "legacy",
            "SELECT count(*) FROM pg_class WHERE encode(relname::text::bytea, 'hex') = '67726ff6df65'") ==
        "1");
  const ProcessResult again = project.pgupgrade({"status"});
  CHECK(again.exit_code == 0);
}

}  // namespace pgupgrade::test
