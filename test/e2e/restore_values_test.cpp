// What the old server's settings decide while a cluster is restored, what another server has to be asked for,
// and what a failed restore says.
#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {
namespace {

// The command line sets what every session of the server has; TimeZone, which this program's own sessions
// set, among it.
std::string project_with_settings() {
  std::string compose = small_project(13);
  const std::string place = "    restart: unless-stopped\n";
  compose.insert(compose.find(place),
                 "    command: [postgres, -c, TimeZone=Europe/Berlin, -c, max_stack_depth=7MB]\n");
  return compose;
}

// Each yields a text that depends on one of the settings, or fails to be restored without it.
const std::vector<std::pair<std::string, std::string>> kValues = {
    {"money", "SELECT sum(v::numeric), min(v::numeric), max(v::numeric) FROM t"},
    {"money", "SELECT string_agg(shown, ';' ORDER BY id) FROM shown"},
    {"money", "SELECT pg_get_expr(indpred, indrelid) FROM pg_index WHERE indexrelid = 'dear'::regclass"},
    {"trees", "SELECT md5(doc::text), length(doc::text) FROM trees"},
    {"dates", "SELECT id, day, moment FROM days ORDER BY id"},
    {"dates", "SELECT id, parts, parts[2] IS NULL, parts[3] IS NULL FROM lists ORDER BY id"},
    {"dates", "SELECT words FROM found"},
    {"remote", "SELECT count(*), sum(n) FROM stock_now"},
    {"remote",
     "SELECT relname FROM pg_class WHERE relname IN ('orders', 'log', 'near') AND EXISTS (SELECT 1 FROM "
     "pg_statistic WHERE starelid = pg_class.oid) ORDER BY 1"},
    {"postgres",
     "SELECT name, setting FROM pg_settings WHERE name IN ('DateStyle', 'TimeZone', 'array_nulls', "
     "'default_text_search_config', 'lc_monetary', 'max_stack_depth', 'shop.country') ORDER BY 1"}};

void fill(const Project& project) {
  project.script(
      "db", "postgres",
      "ALTER SYSTEM SET lc_monetary = 'de_DE.UTF-8'; ALTER SYSTEM SET datestyle = 'SQL, DMY';\n"
      "ALTER SYSTEM SET array_nulls = off;\n"
      "ALTER SYSTEM SET default_text_search_config = 'pg_catalog.german';\n"
      "ALTER ROLE ALL SET shop.country = 'DE';\n"
      "CREATE DATABASE money; CREATE DATABASE trees; CREATE DATABASE dates; CREATE DATABASE remote;\n"
      "CREATE DATABASE warehouse;\n");
  project.compose({"restart", "--timeout", "10", "db"});
  project.up();
  project.script("db", "money",
                 "CREATE TABLE t (id int PRIMARY KEY, v money NOT NULL DEFAULT 1.5::numeric::money);\n"
                 "INSERT INTO t SELECT i, (i * 1234.56)::numeric::money FROM generate_series(1, 100) i;\n"
                 "CREATE INDEX dear ON t (id) WHERE v > '1.000,50'::money;\n"
                 "CREATE MATERIALIZED VIEW shown AS SELECT id, v::text AS shown FROM t WHERE id < 5;\n");
  project.script("db", "trees",
                 "CREATE TABLE trees (id int PRIMARY KEY, doc jsonb);\n"
                 "INSERT INTO trees VALUES (1, (repeat('[', 20000) || repeat(']', 20000))::jsonb);\n");
  project.script(
      "db", "dates",
      "CREATE FUNCTION since(text) RETURNS date LANGUAGE sql STABLE AS $$ SELECT $1::date $$;\n"
      "CREATE TABLE terms (id int PRIMARY KEY, term text CHECK (public.since(term) < "
      "'2024-03-01'::date));\n"
      "INSERT INTO terms VALUES (1, '01/02/2024'), (2, '31/01/2024');\n"
      "CREATE MATERIALIZED VIEW days AS SELECT id, public.since(term)::text AS day, "
      "public.since(term)::timestamptz::text || current_setting('shop.country') AS moment FROM terms;\n"
      "CREATE TABLE lists (id int PRIMARY KEY, parts text[]);\n"
      "INSERT INTO lists VALUES (1, ARRAY['a', NULL, 'NULL']), (2, '{a,NULL,b}');\n"
      "CREATE MATERIALIZED VIEW found AS SELECT to_tsvector('die Häuser stehen')::text AS words;\n");
  project.script("db", "warehouse",
                 "CREATE TABLE stock (sku int PRIMARY KEY, n int NOT NULL);\n"
                 "INSERT INTO stock SELECT i, i * 10 FROM generate_series(1, 100) i;\n"
                 "CREATE TABLE orders_2019 (id int, placed date);\n"
                 "INSERT INTO orders_2019 SELECT i, '2019-05-05' FROM generate_series(1, 100) i;\n"
                 "CREATE TABLE old_log (id int, what text);\n");
  project.script(
      "db", "remote",
      "CREATE EXTENSION postgres_fdw;\n"
      "CREATE SERVER warehouse FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '/var/run/postgresql', "
      "dbname 'warehouse');\n"
      "CREATE USER MAPPING FOR CURRENT_USER SERVER warehouse;\n"
      "IMPORT FOREIGN SCHEMA public LIMIT TO (stock) FROM SERVER warehouse INTO public;\n"
      "CREATE VIEW stock_view AS SELECT * FROM stock;\n"
      "CREATE MATERIALIZED VIEW stock_now AS SELECT sku, n FROM stock_view;\n"
      "CREATE UNIQUE INDEX stock_now_sku ON stock_now (sku);\n"
      "CREATE TABLE near AS SELECT i FROM generate_series(1, 100) i;\n"
      "CREATE MATERIALIZED VIEW near_now AS SELECT count(*) FROM near;\n"
      "CREATE TABLE orders (id int, placed date) PARTITION BY RANGE (placed);\n"
      "CREATE TABLE orders_2024 PARTITION OF orders FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');\n"
      "CREATE FOREIGN TABLE orders_2019 PARTITION OF orders FOR VALUES FROM ('2019-01-01') TO "
      "('2020-01-01') SERVER warehouse;\n"
      "INSERT INTO orders SELECT i, '2024-05-05' FROM generate_series(1, 100) i;\n"
      "CREATE TABLE log AS SELECT i AS id, 'x'::text AS what FROM generate_series(1, 100) i;\n"
      "CREATE FOREIGN TABLE old_log () INHERITS (log) SERVER warehouse;\n"
      "ANALYZE;\n");
}

}  // namespace

TEST_CASE(
    "values come out of the restore as the old server's settings made them, and foreign servers are asked "
    "last") {
  Project project("values");
  project.write("docker-compose.yml", project_with_settings());
  project.up();
  fill(project);
  std::vector<std::string> before;
  for (const auto& [database, query] : kValues) before.push_back(project.sql("db", database, query));

  const ProcessResult result =
      project.pgupgrade({"--compose", "docker-compose.yml", "--to", "17", "--strategy", "dump", "--yes"});
  INFO(output_of(result));
  REQUIRE(result.exit_code == 0);
  CHECK(project.server_version("db") == "17");
  for (std::size_t index = 0; index < kValues.size(); ++index) {
    INFO(kValues[index].second);
    CHECK(project.sql("db", kValues[index].first, kValues[index].second) == before[index]);
  }
  CHECK(project.sql("db", "remote", "SELECT * FROM near_now") == "100");
}

TEST_CASE("a failed restore names the object, the cause and the cure, and is rolled back") {
  Project project("cause");
  project.write("docker-compose.yml", small_project(13));
  project.up();
  project.script(
      "db", "postgres",
      "CREATE DATABASE \"Shop\";\n\\connect Shop\n"
      "CREATE FUNCTION short_id(raw bytea) RETURNS text LANGUAGE sql IMMUTABLE STRICT\n"
      "AS $$ SELECT left(encode(raw, 'hex'), 8) $$;\n"
      "CREATE FUNCTION short_id(u uuid) RETURNS text LANGUAGE sql IMMUTABLE STRICT\n"
      "AS $$ SELECT short_id(decode(replace(u::text, '-', ''), 'hex')) $$;\n"
      "CREATE TABLE pages (id uuid PRIMARY KEY, short text GENERATED ALWAYS AS (short_id(id)) STORED);\n"
      "INSERT INTO pages (id) SELECT md5(i::text)::uuid FROM generate_series(1, 100) i;\n");
  // Debian 13 has no such names of time zones.
  project.sql("db", "postgres", "ALTER SYSTEM SET timezone = 'US/Eastern'");
  const ProcessResult refused = project.pgupgrade({"plan", "--compose", "docker-compose.yml", "--to", "17"});
  INFO(output_of(refused));
  CHECK(refused.exit_code == 3);
  CHECK(refused.standard_error.find("E-SETTING-VALUE") != std::string::npos);
  CHECK(refused.standard_error.find("of service db: invalid value for parameter \"TimeZone\": "
                                    "\"US/Eastern\"") != std::string::npos);
  project.sql("db", "postgres", "ALTER SYSTEM RESET timezone");

  // The rehearsal has found it before.
  const ProcessResult result =
      project.pgupgrade({"--compose", "docker-compose.yml", "--to", "17", "--strategy", "dump", "--yes",
                         "--rollback-on-failure", "--accept", "E-REHEARSAL"});
  INFO(output_of(result));
  CHECK(result.exit_code == 4);
  CHECK(result.standard_error.find("could not restore table public.pages in database \"Shop\": function "
                                   "short_id(bytea) does not exist, in function short_id\n") !=
        std::string::npos);
  CHECK(
      result.standard_error.find(
          "a restore has an empty search_path; on the old server: ALTER FUNCTION short_id SET search_path = "
          "public, pg_temp, or name the schemas in its body\n") != std::string::npos);
  CHECK(project.server_version("db") == "13");
  CHECK(project.sql("db", "Shop", "SELECT count(short) FROM pages") == "100");
}

}  // namespace pgupgrade::test
