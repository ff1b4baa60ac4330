#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "pgupgrade/model/fingerprint.hpp"
#include "pgupgrade/postgres/sql.hpp"

// What the system catalogs of a database say, object by object and attribute by attribute. Everything is read
// unless a rule (catalog_rules.hpp) says why not.
namespace pgupgrade::postgres {

struct CatalogObject {
  std::string kind;       // "table", "column", "comment", …
  std::string identity;   // every identifier in it is in double quotes, so it is the same on each version
  std::string extension;  // whose member it is, or a part of a member's; empty if of none
  bool built_in = false;  // made by initdb
  // Column of the catalog -> value, in words and names rather than numbers; a null is left out.
  std::map<std::string, std::string> attributes;
  bool operator==(const CatalogObject&) const = default;
};

enum class CatalogScope {
  shared,           // roles, databases and what else all databases share, as far as users can have made it
  shared_built_in,  // the rest of it
  database,         // what users have made in one database; also what they granted on the others there
  others,           // built-in objects and members of extensions in it
};

// Runs one SQL that yields one text column, in the same session and transaction as the others.
using AskSql = std::function<std::vector<std::string>(const std::string& sql)>;
AskSql ask_through(SqlReader& reader, const std::string& database);

// Objects in order of kind and identity. `only` names catalogs ("pg_proc") to read; empty: all of them. Two
// rows of one identity are numbered, in order of their attributes.
std::vector<CatalogObject> read_catalog(const AskSql& ask, CatalogScope scope,
                                        const std::vector<std::string>& only = {});

// The same, of one session, as a fingerprint holds it.
Objects objects_by_name(const AskSql& ask, CatalogScope scope);

// Catalog -> digest of all its rows that initdb has made, as they are stored, oids included. Equal between
// two clusters that one image made when nobody has touched them, which spares reading them in detail.
std::map<std::string, std::string> built_in_digests(const AskSql& ask);

}  // namespace pgupgrade::postgres
