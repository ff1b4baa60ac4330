#include <map>
#include <optional>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/postgres/server.hpp"
#include "postgres/dumpable_sql.hpp"
#include "postgres/fingerprint_sql.hpp"
#include "postgres/inspect_sql.hpp"
#include "postgres/names.hpp"
#include "postgres/row_forms.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::postgres;

namespace {

// All statements that a version is asked, in one text.
std::string statements(int version_num) {
  return databases_sql(version_num) + dumpable_counts_sql(version_num) +
         tables_sql(row_hash_named(best_row_hash(version_num)), {}, version_num);
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

TEST_CASE("rows are hashed by what the older server has") {
  REQUIRE(best_row_hash(100023) == "hashtext of columns, floating-point numbers in binary");
  REQUIRE(best_row_hash(110000) == "hashtextextended of columns, floating-point numbers in binary");
  REQUIRE(best_row_hash(120000) == "hashtextextended of columns");
  REQUIRE(best_row_hash(180000) == "hashtextextended of columns");
  for (const int version : {100000, 110000, 120000})
    REQUIRE(row_hash_named(best_row_hash(version)).binary_floats == (version < 120000));
  REQUIRE(hash_of_row(row_hash_named(best_row_hash(100000)), "a, b") ==
          "pg_catalog.hashtext((ROW(a, b)::pg_catalog.text) COLLATE pg_catalog.\"C\")");
  REQUIRE(hash_of_row(row_hash_named(best_row_hash(180000)), "a, b") ==
          "pg_catalog.hashtextextended((ROW(a, b)::pg_catalog.text) COLLATE pg_catalog.\"C\", "
          "0::pg_catalog.int8)");
}

TEST_CASE("a fingerprint whose rows were hashed by another version of the program is refused") {
  try {
    row_hash_named("hashtextextended");
    FAIL("it was taken");
  } catch (const Error& error) {
    REQUIRE(error.is("E-FINGERPRINT-FORMAT"));
    REQUIRE_THAT(error.what(), ContainsSubstring("\"hashtextextended\""));
  }
}

namespace {

Row type_row(const char* oid, const char* kind, const char* name, const char* length,
             const std::optional<std::string>& within, const char* output) {
  return {oid, kind, "pg_catalog", name, length, within, "pg_catalog", output, std::nullopt, std::nullopt};
}

// Oid -> form.
std::map<std::string, std::string> forms_of(const std::vector<Row>& types, int version_num) {
  std::map<std::string, std::string> forms;
  for (const auto& [type, form] : row_forms(types, row_hash_named(best_row_hash(version_num))))
    forms[type] = form;
  return forms;
}

}  // namespace

TEST_CASE("a column's form is its value, unless that may be long or depends on the version") {
  const std::vector<Row> types = {type_row("23", "b", "int4", "4", std::nullopt, "int4out"),
                                  type_row("19", "b", "name", "64", "18", "nameout"),
                                  type_row("18", "b", "char", "1", std::nullopt, "charout"),
                                  type_row("25", "b", "text", "-1", std::nullopt, "textout"),
                                  type_row("701", "b", "float8", "8", std::nullopt, "float8out"),
                                  type_row("1022", "a", "_float8", "-1", "701", "array_out"),
                                  type_row("1700", "b", "numeric", "-1", std::nullopt, "numeric_out"),
                                  type_row("3802", "b", "jsonb", "-1", std::nullopt, "jsonb_out")};
  const std::string value = kValue;
  const RowHash hash = row_hash_named(best_row_hash(130000));
  REQUIRE(forms_of(types, 130000) ==
          std::map<std::string, std::string>{
              {"18", "pg_catalog.charsend(" + value + ")"},
              {"25", hash_of(hash, value + "::pg_catalog.text")},
              {"1022", hash_of(hash, "pg_catalog.textin(\"pg_catalog\".\"array_out\"(" + value + "))")},
              {"3802", hash_of(hash, "pg_catalog.textin(\"pg_catalog\".\"jsonb_out\"(" + value + "))")}});
  // Up to 11 the text of a floating-point number is not exact.
  REQUIRE(forms_of(types, 110000).at("701") == "pg_catalog.float8send(" + value + ")");
  REQUIRE(forms_of(types, 110000).at("1022") ==
          hash_of(row_hash_named(best_row_hash(110000)),
                  "pg_catalog.encode(pg_catalog.array_send(" + value + "), 'hex')"));
}

TEST_CASE("types are asked of the versions that have them") {
  REQUIRE_FALSE(ContainsSubstring("rngmultitypid").match(types_sql(130000)));
  REQUIRE(ContainsSubstring("rngmultitypid").match(types_sql(140000)));
  const RowHash hash = row_hash_named(best_row_hash(100000));
  REQUIRE_FALSE(ContainsSubstring("attgenerated").match(tables_sql(hash, {}, 110000)));
  REQUIRE(ContainsSubstring("attgenerated").match(tables_sql(hash, {}, 120000)));
  REQUIRE_FALSE(ContainsSubstring("pg_partitioned_table").match(tables_sql(hash, {}, 100000)));
  REQUIRE(ContainsSubstring("pg_partitioned_table").match(tables_sql(hash, {}, 110000)));
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
