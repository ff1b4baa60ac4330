#include "postgres/catalog.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "pgupgrade/base/error.hpp"
#include "postgres/array_text.hpp"
#include "postgres/catalog_sql.hpp"

namespace pgupgrade::postgres {
namespace {

constexpr std::size_t kFirstAttribute = 5;  // after catalog, kind, identity, extension, built-in

CatalogObject object_of(const std::vector<std::optional<std::string>>& row,
                        const std::vector<std::string>& attributes) {
  if (row.size() != kFirstAttribute + attributes.size())
    throw Error(ErrorKind::internal, "E-INTERNAL", "the answer to a query of the catalogs is cut short");
  CatalogObject object{.kind = row[1].value_or("object without a kind"),
                       .identity = row[2].value_or("object without a name"),
                       .extension = row[3].value_or(""),
                       .built_in = row[4] == "true",
                       .attributes = {}};
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    if (const auto& value = row[kFirstAttribute + i]) object.attributes[attributes[i]] = *value;
  }
  return object;
}

// Rows of different catalogs about one object (pg_class and pg_index) become one.
bool merge(CatalogObject& object, CatalogObject& other) {
  if (object.kind != other.kind || object.identity != other.identity) return false;
  for (const auto& [name, value] : other.attributes) {
    if (object.attributes.contains(name)) return false;
  }
  object.attributes.merge(other.attributes);
  return true;
}

}  // namespace

AskSql ask_through(SqlReader& reader, const std::string& database) {
  return [&reader, database](const std::string& sql) { return reader.query(database, sql); };
}

std::vector<CatalogObject> read_catalog(const AskSql& ask, CatalogScope scope,
                                        const std::vector<std::string>& only) {
  const Catalogs server = parse_catalogs(ask(catalogs_sql()));
  const std::vector<CatalogQuery> queries = catalog_queries(server, scope, only);
  std::map<std::string, const CatalogQuery*> by_name;
  for (const CatalogQuery& query : queries) by_name[query.name] = &query;
  std::vector<CatalogObject> rows;
  for (const std::string& statement : catalog_statements(queries, server.encoding)) {
    for (const std::string& line : ask(statement)) {
      const auto row = parse_array(server.encoding == Encoding::none ? without_digits(line) : line);
      CatalogObject object = object_of(row, by_name.at(row.front().value_or(""))->attributes);
      // Privileges that are the initial ones, though they stand in another order.
      if (object.kind == "privileges" && object.attributes.empty()) continue;
      rows.push_back(std::move(object));
    }
  }
  std::sort(rows.begin(), rows.end(), [](const CatalogObject& a, const CatalogObject& b) {
    return std::tie(a.kind, a.identity, a.attributes) < std::tie(b.kind, b.identity, b.attributes);
  });
  std::vector<CatalogObject> objects;
  std::size_t copies = 1;
  for (CatalogObject& row : rows) {
    const std::string name = row.identity;
    if (!objects.empty() && merge(objects.back(), row)) continue;
    const bool again =
        !objects.empty() && objects.back().kind == row.kind &&
        (objects.back().identity == name || (copies > 1 && objects.back().identity.starts_with(name)));
    copies = again ? copies + 1 : 1;
    if (again) row.identity += " (" + std::to_string(copies) + ")";
    objects.push_back(std::move(row));
  }
  return objects;
}

Objects objects_by_name(const AskSql& ask, CatalogScope scope) {
  Objects objects;
  for (CatalogObject& object : read_catalog(ask, scope))
    objects.emplace_hint(objects.end(), object.kind + " " + object.identity, std::move(object.attributes));
  return objects;
}

std::map<std::string, std::string> built_in_digests(const AskSql& ask) {
  std::map<std::string, std::string> digests;
  for (const std::string& line : ask(built_in_digests_sql(parse_catalogs(ask(catalogs_sql()))))) {
    const std::size_t space = line.find(' ');
    digests[line.substr(0, space)] = line.substr(space + 1);
  }
  return digests;
}

}  // namespace pgupgrade::postgres
