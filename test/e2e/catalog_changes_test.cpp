// Every column of every catalog that is compared is changed, one at a time, in the server itself.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <optional>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "postgres/catalog_rules.hpp"
#include "postgres/catalog_sql.hpp"
#include "support/catch.hpp"
#include "support/fixture_server.hpp"
#include "support/paths.hpp"
#include "support/project.hpp"

using namespace pgupgrade;
using namespace pgupgrade::postgres;
using namespace pgupgrade::test;

namespace {

constexpr std::size_t kRowsTried = 12;

// What cannot be tried, and why.
const std::map<std::string, std::string> kUntried = {
    {"pg_proc.pronargs", "the server reads past the types of the function's arguments, and fails"},
};

// A value of the same type that is not the column's own, as SQL; "c" is the row.
std::string other_value(const Catalog& catalog, const CatalogColumn& column) {
  const std::string own = "c." + column.name;
  const ColumnRule* rule = find_column_rule(catalog.name, column.name);
  const bool refers = rule != nullptr && (rule->how == How::reference || rule->how == How::references);
  std::string_view target = refers ? rule->argument : referenced_catalog(column.name);
  if (column.type == "regproc") target = "pg_proc";
  const auto another = [&](const std::string& oid) {
    return fmt::format("(SELECT x.oid FROM {} x WHERE x.oid <> {} ORDER BY x.oid DESC LIMIT 1)", target, oid);
  };
  const std::string same_type = fmt::format(
      "(SELECT x.{0} FROM {1} x WHERE x.{0}::text <> c.{0}::text LIMIT 1)", column.name, catalog.name);
  if (column.name == "rolpassword") return "NULL";
  if (column.name == "reltoastrelid")
    return "(SELECT x.oid FROM pg_class x WHERE x.relkind = 't' AND x.reloptions IS NOT NULL LIMIT 1)";
  if (column.name == "inhseqno") return "0";  // before the other parent
  static const std::map<std::string, std::string> kByType = {
      {"bool", "NOT {0}"},
      {"name", "coalesce({0}::text, '') || '_x'"},
      {"text", "coalesce({0}, '') || '_x'"},
      {"int2", "coalesce({0}, 0) + 1"},
      {"int4", "coalesce({0}, 0) + 1"},
      {"int8", "coalesce({0}, 0) + 1"},
      {"float4", "{0} + 1"},
      {"timestamptz", "'2030-01-01'::timestamptz"},
      {"bytea", "{0} || '\\x7800'::bytea"},
      {"_text", "coalesce({0}, '{{}}') || 'x=1'::text"},
      {"_char", "coalesce({0}, '{{}}') || 'o'::\"char\""},
      {"_aclitem", "coalesce({0}, '{{}}') || makeaclitem('warehouse'::regrole, 10, 'SELECT', true)"},
  };
  if (const auto found = kByType.find(column.type); found != kByType.end())
    return fmt::format(fmt::runtime(found->second), own);
  if (column.type == "char") return fmt::format("coalesce({}, 'z')", same_type);
  if (column.type == "pg_node_tree") return same_type;
  if (column.type == "regproc") return another(own + "::oid") + "::regproc";
  if (column.type == "oid") return another(own);
  if (column.type == "_oid") return fmt::format("coalesce({}, '{{}}') || {}", own, another("0"));
  if (column.type == "oidvector") {
    const std::string rest = "coalesce(substr(" + own + "::text, strpos(" + own + "::text || ' ', ' ')), '')";
    return fmt::format(
        "({}::text || {})::oidvector",
        another(fmt::format("coalesce(nullif(split_part({}::text, ' ', 1), '')::oid, 0)", own)), rest);
  }
  if (column.type == "int2vector")
    return fmt::format(
        "(CASE WHEN {0}::text LIKE '1%' THEN '2' ELSE '1' END || coalesce(substr({0}::text, "
        "strpos({0}::text || ' ', ' ')), ''))::int2vector",
        own);
  if (column.type == "_int2")
    return fmt::format("CASE WHEN {0}[1] = 1 THEN '{{2}}' ELSE '{{1}}' END::int2[]", own);
  return "NULL";
}

Objects objects_of(const AskSql& ask, CatalogScope scope, const std::string& catalog) {
  Objects objects;
  for (auto& object : read_catalog(ask, scope, {catalog}))
    objects[object.kind + " " + object.identity] = object.attributes;
  return objects;
}

bool differs(const Objects& before, const Objects& after, int version_num) {
  Fingerprint expected;
  expected.version_num = version_num;
  expected.shared = before;
  Fingerprint actual = expected;
  actual.shared = after;
  return !differences(expected, actual, 1).empty();
}

// Rows of users in a catalog, by their place: those that have a value, some of many.
std::vector<std::string> rows_of(Session& session, const CatalogQuery& query, const std::string& column) {
  const std::string from = "FROM " + query.name + " c ";
  const std::string sql =
      "SELECT (c." + column + " IS NULL)::text || c.ctid::text " + query.sql.substr(query.sql.find(from));
  std::vector<std::string> all;
  for (const std::string& statement :
       catalog_statements({{.name = query.name, .attributes = {}, .sql = sql}}))
    all = session.column(statement, "read rows");
  std::sort(all.begin(), all.end());
  const auto with_value = static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [](const std::string& row) { return row.starts_with("false"); }));
  if (with_value > 0) all.resize(with_value);
  std::vector<std::string> some;
  const std::size_t step = std::max<std::size_t>(all.size() / kRowsTried, 1);
  for (std::size_t i = 0; i < all.size() && some.size() < kRowsTried; i += step)
    some.push_back(all[i].substr(all[i].find('(')));
  return some;
}

// The changes of one server.
class Trial {
 public:
  explicit Trial(const FixtureServer& server) : server_(server), session_(server.session("shop")) {}

  void run() {
    const Catalogs catalogs = parse_catalogs(ask_in(*session_)(catalogs_sql()));
    version_num_ = catalogs.version_num;
    for (const Catalog& catalog : catalogs.catalogs) {
      const CatalogRule* rule = find_catalog_rule(catalog.name);
      if (rule == nullptr || rule->left_out || catalog.name == "pg_init_privs") continue;
      const CatalogScope scope = catalog.shared ? CatalogScope::shared : CatalogScope::database;
      const CatalogQuery query = catalog_queries(catalogs, scope, {catalog.name}).front();
      for (const CatalogColumn& column : catalog.columns) {
        const auto& read = query.attributes;
        if (std::find(read.begin(), read.end(), column.name) != read.end())
          change(catalog, column, scope, rows_of(*session_, query, column.name));
      }
    }
  }

  int found() const { return found_; }
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  void change(const Catalog& catalog, const CatalogColumn& column, CatalogScope scope,
              const std::vector<std::string>& rows) {
    const std::string name = catalog.name + "." + column.name;
    if (kUntried.contains(name)) return;
    std::string reason = rows.empty() ? "no row of a user" : "no change of it was found";
    const Objects before = objects_of(ask_in(*session_), scope, catalog.name);
    for (const std::string& row : rows) {
      try {
        session_->execute("BEGIN; SET LOCAL allow_system_table_mods = on", "begin");
        const std::string set = fmt::format("UPDATE {0} c SET {1} = {2} WHERE c.ctid = '{3}' RETURNING 'x'",
                                            catalog.name, column.name, other_value(catalog, column), row);
        session_->rows(set, "change " + name);
        const bool is_found =
            differs(before, objects_of(ask_in(*session_), scope, catalog.name), version_num_);
        session_->execute("ROLLBACK", "roll back");
        if (!is_found) continue;
        ++found_;
        return;
      } catch (const Error& error) {
        reason = error.what();
        recover();
      }
    }
    problems_.push_back(name + ": " + reason);
  }

  // After an error of the statement, or of the server, which then starts again.
  void recover() {
    try {
      session_->execute("ROLLBACK", "roll back");
    } catch (const Error&) {
      session_.reset();
      wait_until("the server to come back", [&] {
        try {
          session_ = server_.session("shop");
          return true;
        } catch (const Error&) {
          return false;
        }
      });
    }
  }

  const FixtureServer& server_;
  std::unique_ptr<Session> session_;
  int version_num_ = 0;
  int found_ = 0;
  std::vector<std::string> problems_;
};

}  // namespace

TEST_CASE("a change of any one column of any catalog is a difference") {
  const std::string here = test::test_data().string();
  for (const int major : {17, 18}) {
    const FixtureServer server(major);
    server.script("postgres", "CREATE DATABASE shop");
    server.script("shop", read_file(test::source_directory() / "compose-fixtures/sample.sql"));
    server.script("shop", read_file(here + "/e2e/every_catalog.sql"));
    Trial trial(server);
    trial.run();
    INFO("PostgreSQL " << major);
    CHECK(join(trial.problems(), "\n").empty());
    CHECK(trial.found() >= 300);
    std::cout << fmt::format("PostgreSQL {}: {} kinds of changes, each found\n", major, trial.found());
  }
}
