#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "postgres/catalog.hpp"

namespace pgupgrade::postgres {

struct CatalogColumn {
  std::string name;
  std::string type;  // pg_type.typname
};

enum class Encoding { known, none };  // of a database; none is SQL_ASCII

// One of the server's own catalogs.
struct Catalog {
  std::string name;
  bool shared = false;
  std::vector<CatalogColumn> columns;

  bool has(std::string_view column) const;
};

// Yields the server's version with the database's encoding, and then a line for each catalog that the role
// may read (a superuser: all): name, t or f for shared, columns and types.
std::string catalogs_sql();
struct Catalogs {
  int version_num = 0;
  Encoding encoding = Encoding::known;
  std::vector<Catalog> catalogs;
};
Catalogs parse_catalogs(const std::vector<std::string>& lines);

// What an answer's row is made of, after the four that say what the object is.
struct CatalogQuery {
  std::string name;  // of the catalog, in the answer's first column
  std::vector<std::string> attributes;
  std::string sql;  // SELECT of one array's text; needs the WITH of catalog_statement()
};
std::vector<CatalogQuery> catalog_queries(const Catalogs& server, CatalogScope scope,
                                          const std::vector<std::string>& only);
// Statements that ask several queries at once; none is longer than a command's argument can be.
std::vector<std::string> catalog_statements(const std::vector<CatalogQuery>& queries,
                                            Encoding encoding = Encoding::known);

// Problems of the rules with a server: a catalog without a rule, a column of oids whose catalog nobody knows.
std::vector<std::string> uncovered(const Catalogs& server);

std::string built_in_digests_sql(const Catalogs& server);

}  // namespace pgupgrade::postgres
