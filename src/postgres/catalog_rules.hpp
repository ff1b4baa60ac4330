#pragma once

#include <string_view>
#include <vector>

// How the rows of the system catalogs are read. The columns come from the server; a column whose type tells
// what to do (a name, a flag, a number, a text, xid) needs no rule. In all SQL the catalog's own row is "c",
// its identity by pg_identify_object is "i", and {column} stands for c.column, or NULL on a server that has
// no such column.
namespace pgupgrade::postgres {

enum class How {
  reference,   // an oid or several, in order; `argument` is the catalog whose row it names
  references,  // several whose order means nothing
  columns,     // numbers of columns, in order, of the relation that `argument` yields
  column_set,
  grants,      // privileges; `argument` yields what holds when there are none
  expression,  // a stored tree; `argument` prints it
  value,       // as it stands
  rendered,    // `argument` yields the text to compare, because of `reason`
  identity,    // is part of the object's identity, or decides whether the object is read
  left_out,    // because of `reason`
};

struct ColumnRule {
  std::string_view column;
  How how;
  std::string_view argument = {};
  std::string_view reason = {};
  std::string_view catalog = {};  // where a column of this name in another catalog means something else
};

struct CatalogRule {
  std::string_view catalog;
  // Empty kinds and identities are those of pg_identify_object for `identify` ("class, oid, number"), whose
  // default is the row's own oid.
  std::string_view kind = {};
  std::string_view identity = {};
  std::string_view identify = {};
  std::string_view join = {};
  // Catalog and oid of the object that decides whose the row is: built-in, an extension's, a user's. Default:
  // the row itself.
  std::string_view owner_class = {};
  std::string_view owner = {};
  std::string_view built_in = {};  // a condition, where an oid below 16384 does not mean it
  std::string_view where = {};     // rows that are read
  std::string_view reason = {};    // why others are not
  bool left_out = false;           // the catalog as a whole, because of `reason`
};

// An attribute that no column holds.
struct ExtraRule {
  std::string_view catalog;
  std::string_view attribute;
  int since;  // server_version_num
  int before;
  std::string_view sql;
};

const std::vector<CatalogRule>& catalog_rules();
const std::vector<ColumnRule>& column_rules();
const std::vector<ExtraRule>& extra_rules();

const CatalogRule* find_catalog_rule(std::string_view catalog);
const ColumnRule* find_column_rule(std::string_view catalog, std::string_view column);
// The catalog that a column of oids refers to; empty if no table says it.
std::string_view referenced_catalog(std::string_view column);

}  // namespace pgupgrade::postgres
