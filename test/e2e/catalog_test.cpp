// The reader of the catalogs, on real servers.
#include <set>

#include "pgupgrade/base/text.hpp"
#include "postgres/catalog_rules.hpp"
#include "postgres/catalog_sql.hpp"
#include "support/catch.hpp"
#include "support/fixture_server.hpp"

using namespace pgupgrade;
using namespace pgupgrade::postgres;
using namespace pgupgrade::test;

// A column that nobody has thought of must fail here, with a new version's image, rather than be missed.
TEST_CASE("every column of every catalog has its rule on 13, 15, 17 and 18, and every rule its column") {
  std::set<std::string> catalogs;
  std::set<std::string> columns;
  for (const int major : {13, 15, 17, 18}) {
    const FixtureServer server(major);
    const auto session = server.session("postgres");
    const Catalogs found = parse_catalogs(ask_in(*session)(catalogs_sql()));
    INFO("PostgreSQL " << major);
    CHECK(found.version_num / 10000 == major);
    CHECK(found.catalogs.size() >= 60);
    CHECK(join(uncovered(found), "\n").empty());
    for (const Catalog& catalog : found.catalogs) {
      catalogs.insert(catalog.name);
      for (const CatalogColumn& column : catalog.columns) columns.insert(column.name);
    }
    // All queries run, in all scopes.
    for (const auto scope : {CatalogScope::shared, CatalogScope::shared_built_in, CatalogScope::database,
                             CatalogScope::others}) {
      CHECK_FALSE(read_catalog(ask_in(*session), scope).empty());
    }
    CHECK(built_in_digests(ask_in(*session)).size() > 50);
  }
  for (const CatalogRule& rule : catalog_rules()) CHECK(catalogs.contains(std::string(rule.catalog)));
  // Of versions before and after these.
  const std::set<std::string> others = {
      "relhasoids", "adsrc", "consrc", "protransform", "proisagg", "proiswindow", "subretentionactive"};
  for (const ColumnRule& rule : column_rules()) {
    INFO(rule.column);
    CHECK(columns.contains(std::string(rule.column)) != others.contains(std::string(rule.column)));
  }
}
