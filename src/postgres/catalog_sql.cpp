#include "postgres/catalog_sql.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "postgres/catalog_rules.hpp"
#include "postgres/sql_fragments.hpp"

namespace pgupgrade::postgres {
namespace {

// A single argument of a command is at most 128 KiB long on Linux.
constexpr std::size_t kLongestStatement = 100'000;

// What is printed must not depend on the session. With all identifiers in double quotes it does not depend on
// the version's keywords either.
constexpr std::string_view kSettings =
    "SET LOCAL quote_all_identifiers = on; SET LOCAL search_path = pg_catalog; SET LOCAL TimeZone = 'UTC'; "
    "SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = postgres; SET LOCAL extra_float_digits = "
    "0; ";

// Tables that the queries share: whose member an object is (with the parts of a relation that have an oid of
// their own), and what is not there to stay.
std::string shared_tables() {
  return "WITH direct AS (SELECT d.classid, d.objid, e.extname::text AS extension FROM (" +
         sql::extension_members() +
         ") d JOIN pg_extension e ON e.oid = d.extension), types AS (SELECT t.oid, d.extension FROM direct d "
         "JOIN pg_type t ON (d.classid = 'pg_class'::regclass AND t.typrelid = d.objid) OR (d.classid = "
         "'pg_type'::regclass AND t.oid = d.objid)), members AS (SELECT * FROM direct UNION SELECT "
         "'pg_type'::regclass, oid, extension FROM types UNION SELECT 'pg_type'::regclass, a.oid, "
         "t.extension FROM types t JOIN pg_type e ON e.oid = t.oid JOIN pg_type a ON a.oid = e.typarray "
         "UNION SELECT 'pg_class'::regclass, x.indexrelid, d.extension FROM direct d JOIN pg_index x ON "
         "d.classid = 'pg_class'::regclass AND x.indrelid = d.objid), temporary AS (SELECT n.oid FROM "
         "pg_namespace n WHERE n.nspname ~ '^pg_(toast_)?temp_'), hidden AS (SELECT r.oid FROM pg_class r "
         "LEFT JOIN pg_index x ON x.indexrelid = r.oid WHERE r.relkind = 't' OR r.relnamespace = "
         "'pg_toast'::regnamespace OR r.relnamespace IN (SELECT t.oid FROM temporary t) OR (r.relkind = 'i' "
         "AND NOT x.indisvalid)) ";
}

std::string with_columns(std::string_view sql, const Catalog& catalog) {
  std::string text;
  for (std::size_t at = 0; at < sql.size();) {
    const std::size_t open = sql.find('{', at);
    text += sql.substr(at, open == std::string_view::npos ? open : open - at);
    if (open == std::string_view::npos) break;
    const std::size_t close = sql.find('}', open);
    const std::string_view column = sql.substr(open + 1, close - open - 1);
    text += catalog.has(column) ? "c." + std::string(column) : "NULL";
    at = close + 1;
  }
  return text;
}

// The type json is a keyword from 17 on, and printed without quotes there.
std::string same_json(const std::string& text) {
  return "replace(" + text + ", '\"json\"', 'json')";
}

// One oid in words. 0 is "-".
std::string reference(std::string_view target, const std::string& oid) {
  static constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {"pg_authid", "regrole"},      {"pg_class", "regclass"},       {"pg_type", "regtype"},
      {"pg_proc", "regprocedure"},   {"pg_operator", "regoperator"}, {"pg_namespace", "regnamespace"},
      {"pg_ts_config", "regconfig"}, {"pg_ts_dict", "regdictionary"}};
  for (const auto& [catalog, type] : kTypes) {
    if (catalog != target) continue;
    const std::string text = fmt::format("{}::{}::text", oid, type);
    return target == "pg_type" || target == "pg_proc" || target == "pg_operator" ? same_json(text) : text;
  }
  return fmt::format(
      "CASE WHEN {0} = 0 THEN '-' ELSE (pg_identify_object('{1}'::regclass, {0}, 0)).identity END", oid,
      target);
}

bool is_list(const std::string& type) {
  return type.starts_with('_') || type == "oidvector" || type == "int2vector";
}

std::string references(const std::string& column, const std::string& type, std::string_view target, How how) {
  if (!is_list(type)) return reference(target, type == "regproc" ? column + "::oid" : column);
  const std::string one = reference(target, "u.x");
  return fmt::format(
      "CASE WHEN {0} IS NOT NULL THEN ARRAY(SELECT {1} FROM unnest({0}::oid[]) WITH ORDINALITY u(x, n) ORDER "
      "BY "
      "{2})::text END",
      column, one, how == How::references ? "1" : "u.n");
}

std::string column_names(const std::string& column, std::string_view relation, How how) {
  return fmt::format(
      "CASE WHEN {0} IS NOT NULL THEN ARRAY(SELECT CASE WHEN u.x = 0 THEN '(expression)' ELSE "
      "quote_ident(a.attname) END FROM unnest({0}::int2[]) WITH ORDINALITY u(x, n) LEFT JOIN pg_attribute a "
      "ON "
      "a.attrelid = {1} AND a.attnum = u.x ORDER BY {2})::text END",
      column, relation, how == How::columns ? "u.n" : "a.attname COLLATE \"C\"");
}

std::string one_grant() {
  return "(CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END || '=' || x.privilege_type "
         "|| "
         "CASE WHEN x.is_grantable THEN '*' ELSE '' END || '/' || x.grantor::regrole::text) COLLATE \"C\"";
}

std::string grants(const std::string& acl) {
  return fmt::format(
      "CASE WHEN {0} IS NOT NULL THEN ARRAY(SELECT {1} FROM aclexplode({0}) x ORDER BY 1)::text END", acl,
      one_grant());
}

std::string grants_of(const std::string& column, std::string_view initial) {
  return initial.starts_with("NULL") ? grants(column)
                                     : grants(fmt::format("coalesce({}, {})", column, initial));
}

bool is_oids(const std::string& type) {
  return type == "oid" || type == "_oid" || type == "oidvector";
}

bool is_unknown_kind(const CatalogColumn& column) {
  return is_oids(column.type) || column.type == "int2vector" || column.type == "_int2" ||
         column.type == "_aclitem" || column.type == "pg_node_tree" || column.type == "bytea" ||
         column.type == "anyarray";
}

// The SQL that renders a column; nothing where it is not read.
std::string render(const Catalog& catalog, const CatalogColumn& column) {
  const std::string name = "c." + column.name;
  if (const ColumnRule* rule = find_column_rule(catalog.name, column.name)) {
    switch (rule->how) {
      case How::reference:
      case How::references:
        return references(name, column.type, rule->argument, rule->how);
      case How::columns:
      case How::column_set:
        return column_names(name, rule->argument, rule->how);
      case How::grants:
        return grants_of(name, rule->argument);
      case How::expression:
        return fmt::format("CASE WHEN {} IS NOT NULL THEN {} END", name, rule->argument);
      case How::rendered:
        return with_columns(rule->argument, catalog);
      case How::value:
        return name + "::text";
      case How::identity:
      case How::left_out:
        return {};
    }
  }
  if (column.type == "xid") return {};  // the transactions of another cluster
  if (column.type == "regproc") return references(name, column.type, "pg_proc", How::reference);
  const std::string_view target = referenced_catalog(column.name);
  if (!target.empty()) return references(name, column.type, target, How::reference);
  // A column that nobody has thought of is compared as it is, so that it cannot differ in silence.
  return name + "::text";
}

std::string or_default(std::string_view text, std::string fallback) {
  return text.empty() ? std::move(fallback) : std::string(text);
}

// The parts of a query that say which objects it is about.
struct Frame {
  std::string kind;
  std::string identity;
  std::string built_in;
  std::string from;   // "FROM …"
  std::string where;  // of the rows that are read
};

bool is_shared(CatalogScope scope) {
  return scope == CatalogScope::shared || scope == CatalogScope::shared_built_in;
}

Frame frame_of(const Catalog& catalog, CatalogScope scope) {
  const CatalogRule none{.catalog = catalog.name};
  const CatalogRule* found = find_catalog_rule(catalog.name);
  const CatalogRule& rule = found == nullptr ? none : *found;
  const std::string own = fmt::format("'{}'::regclass", catalog.name);
  const bool has_oid = catalog.has("oid") || found != nullptr;  // before 12 it was hidden
  Frame frame;
  frame.kind =
      or_default(with_columns(rule.kind, catalog), has_oid ? "i.type" : "'row of " + catalog.name + "'");
  frame.identity = or_default(with_columns(rule.identity, catalog), has_oid ? "i.identity" : "c::text");
  if (frame.identity.find("i.") != std::string::npos) frame.identity = same_json(frame.identity);
  const std::string owner = or_default(rule.owner, has_oid ? "c.oid" : "16384::oid");
  const std::string owner_class = or_default(rule.owner_class, own);
  frame.built_in = or_default(rule.built_in, fmt::format("({0} < 16384 AND NOT ({0} = 2200 AND {1} = "
                                                         "'pg_namespace'::regclass))",
                                                         owner, owner_class));
  frame.from = fmt::format("FROM {} c {} ", catalog.name, rule.join);
  if (!is_shared(scope))
    frame.from += fmt::format("LEFT JOIN members m ON m.classid = {} AND m.objid = {} ", owner_class, owner);
  if (frame.kind.find("i.") != std::string::npos || frame.identity.find("i.") != std::string::npos)
    frame.from += fmt::format("CROSS JOIN LATERAL pg_identify_object({}) i ",
                              or_default(rule.identify, own + ", c.oid, 0"));
  frame.where = or_default(rule.where, "true");
  return frame;
}

// Text with a line's end in it would be two rows in psql's answer. In an array's text a backslash stands
// before a quote or a backslash only.
std::string select(const std::string& name, const Frame& frame, CatalogScope scope, const std::string& values,
                   const std::string& where) {
  return fmt::format(
      "SELECT replace(replace(ARRAY['{}', {}, {}, {}, ({})::text{}]::text COLLATE \"C\", E'\\n', E'\\\\n'), "
      "E'\\r', E'\\\\r') {}WHERE {} AND {}",
      name, frame.kind, frame.identity, is_shared(scope) ? "NULL" : "m.extension", frame.built_in, values,
      frame.from, frame.where, where);
}

CatalogQuery objects_query(const Catalog& catalog, int version_num, CatalogScope scope) {
  const Frame frame = frame_of(catalog, scope);
  CatalogQuery query{.name = catalog.name, .attributes = {}, .sql = {}};
  std::string values;
  const auto add = [&](std::string_view attribute, const std::string& sql) {
    query.attributes.emplace_back(attribute);
    values += ", " + sql;
  };
  for (const CatalogColumn& column : catalog.columns) {
    const std::string sql = render(catalog, column);
    if (!sql.empty()) add(column.name, sql);
  }
  for (const ExtraRule& extra : extra_rules()) {
    if (extra.catalog == catalog.name && version_num >= extra.since && version_num < extra.before)
      add(extra.attribute, with_columns(extra.sql, catalog));
  }
  const std::string foreign =
      is_shared(scope) ? frame.built_in : "(" + frame.built_in + " OR m.extension IS NOT NULL)";
  const bool users = scope == CatalogScope::shared || scope == CatalogScope::database;
  query.sql = select(catalog.name, frame, scope, values, users ? "NOT " + foreign : foreign);
  return query;
}

// What was granted and revoked on a built-in object or an extension's, which a dump holds, unlike the object.
// (Not so in the information schema, whose initial privileges are recorded nowhere.)
std::optional<CatalogQuery> grants_query(const Catalog& catalog, CatalogScope scope) {
  for (const CatalogColumn& column : catalog.columns) {
    const ColumnRule* rule = find_column_rule(catalog.name, column.name);
    if (rule == nullptr || rule->how != How::grants || catalog.name == "pg_init_privs" ||
        catalog.name == "pg_default_acl")
      continue;
    Frame frame = frame_of(catalog, scope);
    const std::string number = catalog.name == "pg_attribute" ? "c.attnum" : "0";
    const std::string oid = catalog.name == "pg_attribute" ? "c.attrelid" : "c.oid";
    const std::string class_name = catalog.name == "pg_attribute" ? "pg_class" : catalog.name;
    frame.kind = "'privileges'";
    frame.identity = "'on ' || " + frame_of(catalog, scope).kind + " || ' ' || " + frame.identity;
    if (frame.from.find("pg_identify_object") == std::string::npos) return std::nullopt;
    frame.from += fmt::format(
        "LEFT JOIN pg_init_privs p ON p.objoid = {} AND p.classoid = '{}'::regclass AND p.objsubid = {} ",
        oid, class_name, number);
    const std::string initial = fmt::format("coalesce(p.initprivs, {})", rule->argument);
    const std::string current = fmt::format("coalesce(c.{}, {})", column.name, rule->argument);
    const auto surplus = [](const std::string& of, const std::string& over) {
      return fmt::format(
          "(SELECT array_agg(x.g ORDER BY 1) FROM (SELECT {0} FROM aclexplode({1}) x EXCEPT SELECT {0} FROM "
          "aclexplode({2}) x) x(g))::text",
          one_grant(), of, over);
    };
    const std::string foreign =
        is_shared(scope) ? frame.built_in : "(" + frame.built_in + " OR m.extension IS NOT NULL)";
    return CatalogQuery{
        .name = "privileges on " + catalog.name,
        .attributes = {"granted", "revoked"},
        .sql = select("privileges on " + catalog.name, frame, scope,
                      ", " + surplus(current, initial) + ", " + surplus(initial, current),
                      fmt::format("{} AND c.{} IS NOT NULL AND c.{}::text IS DISTINCT FROM p.initprivs::text "
                                  "AND i.identity NOT LIKE '\"information_schema\"%'",
                                  foreign, column.name, column.name))};
  }
  return std::nullopt;
}

}  // namespace

bool Catalog::has(std::string_view column) const {
  return std::any_of(columns.begin(), columns.end(),
                     [&](const CatalogColumn& c) { return c.name == column; });
}

std::string catalogs_sql() {
  return "SELECT current_setting('server_version_num') || ' ' || current_setting('server_encoding') UNION "
         "ALL (SELECT c.relname::text || ' ' || "
         "c.relisshared::text || ' ' || string_agg(a.attname::text || '=' || t.typname::text, ' ' ORDER BY "
         "a.attnum) "
         "FROM "
         "pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid WHERE "
         "c.relkind = 'r' AND c.relnamespace = 'pg_catalog'::regnamespace AND c.oid < 16384 AND a.attnum > 0 "
         "AND NOT a.attisdropped AND has_table_privilege(c.oid, 'SELECT') GROUP BY c.oid, c.relname, "
         "c.relisshared ORDER BY c.relname)";
}

Catalogs parse_catalogs(const std::vector<std::string>& lines) {
  Catalogs server;
  for (const std::string& line : lines) {
    if (server.version_num == 0) {
      std::from_chars(line.data(), line.data() + line.size(), server.version_num);
      if (line.ends_with(" SQL_ASCII")) server.encoding = Encoding::none;
      continue;
    }
    Catalog catalog;
    std::size_t word = 0;
    for (std::size_t at = 0; at <= line.size(); ++word) {
      const std::size_t end = std::min(line.find(' ', at), line.size());
      const std::string text = line.substr(at, end - at);
      const std::size_t equals = text.find('=');
      if (word == 0) catalog.name = text;
      if (word == 1) catalog.shared = text == "true";
      if (word > 1) catalog.columns.push_back({text.substr(0, equals), text.substr(equals + 1)});
      at = end + 1;
    }
    server.catalogs.push_back(std::move(catalog));
  }
  return server;
}

std::vector<CatalogQuery> catalog_queries(const Catalogs& server, CatalogScope scope,
                                          const std::vector<std::string>& only) {
  std::vector<CatalogQuery> queries;
  for (const Catalog& catalog : server.catalogs) {
    if (catalog.shared != is_shared(scope)) continue;
    if (!only.empty() && std::find(only.begin(), only.end(), catalog.name) == only.end()) continue;
    const CatalogRule* rule = find_catalog_rule(catalog.name);
    if (rule != nullptr && rule->left_out) continue;
    queries.push_back(objects_query(catalog, server.version_num, scope));
    const bool users = scope == CatalogScope::shared || scope == CatalogScope::database;
    if (!users) continue;
    if (auto grants = grants_query(catalog, scope)) queries.push_back(std::move(*grants));
  }
  return queries;
}

std::vector<std::string> catalog_statements(const std::vector<CatalogQuery>& queries, Encoding encoding) {
  // What has no encoding may not be valid UTF-8, in which the session speaks: its bytes come in digits.
  const std::string line =
      encoding == Encoding::none ? "encode(convert_to(x.line, 'SQL_ASCII'), 'escape')" : "x.line";
  const std::string start = fmt::format("{}{}SELECT {} FROM (", kSettings, shared_tables(), line);
  std::vector<std::string> statements;
  for (const CatalogQuery& query : queries) {
    if (!statements.empty() && statements.back().size() + query.sql.size() < kLongestStatement) {
      statements.back() += " UNION ALL " + query.sql;
    } else {
      statements.push_back(start + query.sql);
    }
  }
  for (std::string& statement : statements) statement += ") x(line)";
  return statements;
}

std::vector<std::string> uncovered(const Catalogs& server) {
  std::vector<std::string> problems;
  for (const Catalog& catalog : server.catalogs) {
    const CatalogRule* rule = find_catalog_rule(catalog.name);
    if (rule == nullptr) problems.push_back(catalog.name + " has no rule");
    if (rule != nullptr && rule->left_out) continue;
    for (const CatalogColumn& column : catalog.columns) {
      if (find_column_rule(catalog.name, column.name) == nullptr && referenced_catalog(column.name).empty() &&
          is_unknown_kind(column))
        problems.push_back(catalog.name + "." + column.name + " (" + column.type + ") has no rule");
    }
  }
  return problems;
}

std::string built_in_digests_sql(const Catalogs& server) {
  std::string sql(kSettings);
  sql += shared_tables();
  std::string separator;
  for (const Catalog& catalog : server.catalogs) {
    const CatalogRule* rule = find_catalog_rule(catalog.name);
    if (rule != nullptr && rule->left_out) continue;
    const Frame frame = frame_of(catalog, catalog.shared ? CatalogScope::shared : CatalogScope::database);
    std::string columns;
    for (const CatalogColumn& column : catalog.columns) {
      const ColumnRule* column_rule = find_column_rule(catalog.name, column.name);
      if (column.type == "xid" || (column_rule != nullptr && column_rule->how == How::left_out)) continue;
      columns += (columns.empty() ? "c." : ", c.") + column.name;
    }
    // The identity is not needed, so neither is its function's call for each row.
    std::string from = frame.from;
    const std::size_t lateral = from.find("CROSS JOIN LATERAL");
    if (lateral != std::string::npos) from.resize(lateral);
    sql += fmt::format(
        "{0}SELECT '{1} ' || count(*)::text || ' ' || coalesce(sum(hashtext(ROW({2})::text COLLATE "
        "\"C\")::int8), "
        "0) "
        "{3}WHERE {4} AND ({5})",
        separator, catalog.name, columns, from, frame.where, frame.built_in);
    separator = " UNION ALL ";
  }
  return sql;
}

}  // namespace pgupgrade::postgres
