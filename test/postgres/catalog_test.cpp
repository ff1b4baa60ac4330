#include "postgres/catalog.hpp"

#include "pgupgrade/base/error.hpp"
#include "postgres/array_text.hpp"
#include "postgres/catalog_rules.hpp"
#include "postgres/catalog_sql.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::postgres;

using Elements = std::vector<std::optional<std::string>>;

TEST_CASE("the text of an array is taken apart as the server puts it together") {
  REQUIRE(parse_array("{}") == Elements{});
  REQUIRE(parse_array("{a,NULL,\"\",\"NULL\",\"a,b\"}") == Elements{"a", std::nullopt, "", "NULL", "a,b"});
  REQUIRE(parse_array("{\"a \\\"b\\\" \\\\n\",\"two\\nlines\\r\"}") ==
          Elements{"a \"b\" \\n", "two\nlines\r"});
  REQUIRE(parse_array("{\xff,\"{1,2}\"}") == Elements{"\xff", "{1,2}"});
  for (const char* broken : {"", "{", "a", "{a", "{\"a}", "{\"a\"b}"}) {
    INFO(broken);
    REQUIRE_THROWS_AS(parse_array(broken), Error);
  }
}

TEST_CASE("bytes without an encoding become characters of their own") {
  REQUIRE(without_digits("plain 123") == "plain 123");
  REQUIRE(without_digits("\\\\344") == "\\344");
  REQUIRE(without_digits("{\"gr\\374n\\377\"}") == "{\"gr\xef\x9f\xbcn\xef\x9f\xbf\"}");
  REQUIRE(without_digits("\\200\\\\n\\") == "\xef\x9e\x80\\n\\");
  REQUIRE(parse_catalogs({"150004 SQL_ASCII"}).encoding == Encoding::none);
  REQUIRE(parse_catalogs({"150004 UTF8"}).encoding == Encoding::known);
}

static Catalogs server_with(const std::string& line) {
  return parse_catalogs({"170002 UTF8", line});
}

TEST_CASE("a catalog or a column of numbers that nobody has thought of is told") {
  REQUIRE(server_with("pg_am false oid=oid amname=name amhandler=regproc amtype=char").version_num == 170002);
  REQUIRE(uncovered(server_with("pg_am false oid=oid amname=name amhandler=regproc")).empty());
  REQUIRE(uncovered(server_with("pg_novel false oid=oid")) ==
          std::vector<std::string>{"pg_novel has no rule"});
  REQUIRE(
      uncovered(server_with("pg_am false oid=oid amnovel=oid amflag=bool amtree=pg_node_tree")) ==
      std::vector<std::string>{"pg_am.amnovel (oid) has no rule", "pg_am.amtree (pg_node_tree) has no rule"});
}

// A server's answers, as far as this reader asks.
static std::vector<CatalogObject> read(const std::string& catalog, const std::vector<std::string>& rows) {
  return read_catalog(
      [&](const std::string& sql) {
        return sql == catalogs_sql() ? std::vector<std::string>{"170002 UTF8", catalog} : rows;
      },
      CatalogScope::database);
}

TEST_CASE("a column that nobody has thought of is read as it stands") {
  const auto objects =
      read("pg_am false oid=oid amnovel=oid", {"{pg_am,\"access method\",\"\\\"a\\\"\",NULL,false,17}"});
  REQUIRE(objects == std::vector<CatalogObject>{{.kind = "access method",
                                                 .identity = "\"a\"",
                                                 .extension = "",
                                                 .built_in = false,
                                                 .attributes = {{"amnovel", "17"}}}});
}

TEST_CASE("rows of two catalogs about one object are one object, and equal names are numbered") {
  const auto objects = read("pg_am false oid=oid amname=name amtype=char",
                            {"{pg_am,index,b,NULL,false,x,NULL}", "{pg_am,index,b,NULL,false,NULL,i}",
                             "{pg_am,index,a,hstore,false,z,i}", "{pg_am,index,a,hstore,false,y,i}"});
  REQUIRE(objects.size() == 3);
  CHECK(objects[0].identity == "a");
  CHECK(objects[0].attributes.at("amname") == "y");
  CHECK(objects[0].extension == "hstore");
  CHECK(objects[1].identity == "a (2)");
  CHECK(objects[2].attributes == std::map<std::string, std::string>{{"amname", "x"}, {"amtype", "i"}});
}

TEST_CASE("an answer that is cut short is an error") {
  REQUIRE_THROWS_AS(read("pg_am false oid=oid amname=name", {"{pg_am,index,b,NULL,false}"}), Error);
}

// A single argument of a command is at most 128 KiB long on Linux.
TEST_CASE("many catalogs are asked for in statements of bearable length") {
  std::vector<CatalogQuery> queries(300, {.name = "pg_am", .attributes = {}, .sql = std::string(1000, 'x')});
  const auto statements = catalog_statements(queries);
  REQUIRE(statements.size() > 2);
  for (const std::string& statement : statements) REQUIRE(statement.size() < 120'000);
}

TEST_CASE("what is not compared has its reason") {
  for (const CatalogRule& rule : catalog_rules()) {
    INFO(rule.catalog);
    CHECK((rule.left_out || !rule.where.empty()) == !rule.reason.empty());
  }
  for (const ColumnRule& rule : column_rules()) {
    INFO(rule.column);
    CHECK((rule.how == How::left_out || rule.how == How::rendered) == !rule.reason.empty());
  }
}
