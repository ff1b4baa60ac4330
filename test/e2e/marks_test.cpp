// Minor releases that keep a mark at each column (17.12: pg_attver), by which they read values of row types,
// and servers of the next major that refuse the mark.
#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {
namespace {

constexpr const char* kRowTypes =
    "CREATE TYPE address AS (street text, zip int);\n"
    "CREATE TABLE item (id int PRIMARY KEY, name text);\nALTER TABLE item ALTER COLUMN name SET (n_distinct "
    "= 5);\n"
    "CREATE DOMAIN checked AS address;\n"
    "CREATE TABLE customer (id int PRIMARY KEY, home address, others address[], bought item, list item[], c "
    "checked);\n"
    "ALTER TABLE customer ALTER COLUMN id SET (n_distinct = 7);\n"
    "INSERT INTO item VALUES (1, 'spoon');\nINSERT INTO customer SELECT i, ROW('s', i)::address, "
    "ARRAY[ROW('t', i)::address], item, ARRAY[item], ROW('u', i)::checked FROM item, generate_series(1, 20) "
    "i;\n"
    "ALTER TYPE address ADD ATTRIBUTE town text;\nINSERT INTO customer (id, home) VALUES (21, ROW('s', 1, "
    "'x'));\n";
constexpr const char* kRows = "SELECT * FROM customer ORDER BY id";
constexpr const char* kOptions =
    "SELECT attrelid::regclass::text, attname, attoptions FROM pg_attribute WHERE attrelid >= 16384 AND "
    "attoptions::text ~ "
    "'distinct' ORDER BY 1, 2";

}  // namespace

TEST_CASE("values of row types are read by the marks of their columns, and a newer major gets no marks") {
  for (const std::string strategy : {"dump", "warm"}) {
    INFO(strategy);
    Project project("marks");
    project.write("docker-compose.yml", small_project(17));
    project.up();
    project.sql("db", "postgres", "CREATE DATABASE shop");
    project.script("db", "shop", kRowTypes);
    const std::string rows = project.sql("db", "shop", kRows);
    const ProcessResult result =
        project.pgupgrade({"--compose", "docker-compose.yml", "--to", "18", "--yes", "--strategy", strategy});
    INFO(output_of(result));
    REQUIRE(result.exit_code == 0);
    CHECK(project.server_version("db") == "18");
    CHECK(project.sql("db", "shop", kRows) == rows);
    CHECK(project.sql("db", "shop", kOptions) == "customer|id|{n_distinct=7}\nitem|name|{n_distinct=5}");
  }
}

}  // namespace pgupgrade::test
