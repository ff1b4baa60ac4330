#include "pgupgrade/base/error.hpp"
#include "pgupgrade/postgres/server.hpp"
#include "postgres/dumpable_sql.hpp"
#include "postgres/fingerprint_sql.hpp"
#include "postgres/inspect_sql.hpp"
#include "postgres/names.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::postgres;

namespace {

// All statements that a version is asked, in one text.
std::string statements(int version_num) {
  return databases_sql(version_num) + dumpable_counts_sql(version_num) + tables_sql("hashtext", version_num);
}

bool asks(int version_num, const std::string& column) {
  return statements(version_num).find(column) != std::string::npos;
}

}  // namespace

TEST_CASE("columns are asked of the versions that have them") {
  struct Column {
    std::string name;
    int since;
  };
  const std::vector<Column> columns = {
      {"prokind", 110000},
      {"attgenerated", 120000},
      {"datlocprovider", 150000},
      {"d.datlocale", 170000},
  };
  for (const Column& column : columns) {
    INFO(column.name);
    REQUIRE_FALSE(asks(column.since - 10000, column.name));
    REQUIRE(asks(column.since, column.name));
    REQUIRE(asks(180000, column.name));
  }
  REQUIRE(asks(100000, "proisagg"));
  REQUIRE_FALSE(asks(110000, "proisagg"));
  REQUIRE(asks(160000, "daticulocale"));
  REQUIRE_FALSE(asks(170000, "daticulocale"));
}

TEST_CASE("rows are hashed by the function that the older server has") {
  REQUIRE(best_row_hash(100023) == "hashtext");
  REQUIRE(best_row_hash(110000) == "hashtextextended");
  REQUIRE(best_row_hash(180000) == "hashtextextended");
  REQUIRE_THAT(
      tables_sql("hashtext", 100000),
      ContainsSubstring("'SELECT hashtext(ROW(' || columns.list || ')::text COLLATE \"C\") AS h FROM '"));
  REQUIRE_THAT(
      tables_sql("hashtextextended", 170000),
      ContainsSubstring(
          "'SELECT hashtextextended(ROW(' || columns.list || ')::text COLLATE \"C\", 0) AS h FROM '"));
  REQUIRE_THROWS_AS(tables_sql("pg_sleep", 170000), Error);
}

TEST_CASE("the rows of a table are counted and summed up") {
  REQUIRE(table_hash_sql("SELECT 1 AS h") ==
          "SELECT count(*)::text, coalesce(sum(h), 0)::text FROM (SELECT 1 AS h) rows");
}

TEST_CASE("names are shown without quotes where they need none on any version") {
  REQUIRE(display_name("public", "orders_2") == "public.orders_2");
  REQUIRE(display_name("public", "json_table") == "public.json_table");
  REQUIRE(display_name("", "orders") == "orders");
  REQUIRE(display_name("Odd", "a.b") == "\"Odd\".\"a.b\"");
  REQUIRE(display_name("a\"b") == "\"a\"\"b\"");
  REQUIRE(display_name("2nd") == "\"2nd\"");
  REQUIRE(display_name("") == "\"\"");
}

TEST_CASE("a database is named by a connection string in quotes") {
  REQUIRE(database_conninfo("shop") == "dbname='shop'");
  REQUIRE(database_conninfo("a b=c") == "dbname='a b=c'");
  REQUIRE(database_conninfo("it's \\ 1") == "dbname='it\\'s \\\\ 1'");
}
