#include <fmt/format.h>

#include <boost/json.hpp>

#include "migrate/context.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/sql_text.hpp"

namespace pgupgrade::migrate {
namespace {

using boost::json::object;

// "extension.setting" is two identifiers.
std::string setting_name(const std::string& name) {
  const std::size_t dot = name.find('.');
  return dot == std::string::npos
             ? sql_identifier(name)
             : sql_identifier(name.substr(0, dot)) + "." + sql_identifier(name.substr(dot + 1));
}

class Properties {
 public:
  explicit Properties(const Context& context)
      : context_(context),
        name_(sql_literal(context.database().name)),
        into_(sql_identifier(context.database().into)) {}

  void carry() {
    settings();
    limit();
    if (context_.plan().ownership == Ownership::keep) grants();
  }

  // The comment needs the owner, who the role then no longer is.
  void release() {
    if (!context_.database().create) return;
    comment();
    const std::string& owner = context_.database().owner;
    if (context_.plan().ownership == Ownership::leave_out || owner.empty() ||
        owner == context_.plan().target.role)
      return;
    attempt({fmt::format("ALTER DATABASE {} OWNER TO {}", into_, sql_identifier(owner))},
            fmt::format("owner of {}", context_.subject()));
  }

 private:
  std::vector<object> ask(const std::string& select) {
    postgres::RemoteServer& source = context_.world.source;
    std::vector<object> rows;
    for (const std::string& row : source.query(
             source.connect_database(), "SELECT row_to_json(answer)::text FROM (" + select + ") answer"))
      rows.push_back(json::as_object(json::parse(row, "the server's answer"), "the server's answer"));
    return rows;
  }

  // What is refused is told, and the rest goes on: the contents are there and compared.
  void attempt(const std::vector<std::string>& statements, const std::string& what) {
    postgres::RemoteServer& target = context_.world.target;
    try {
      target.execute(target.connect_database(), statements);
    } catch (const Error& error) {
      if (!error.is("E-SQL")) throw;
      context_.record().notes.push_back(fmt::format("{}: {}", what, error.what()));
    }
  }

  // set_config() takes a list as one text, which SET x TO 'a, b' would not for settings that are lists.
  void settings() {
    for (const object& row :
         ask("SELECT split_part(u.t, '=', 1) AS name, substr(u.t, strpos(u.t, '=') + 1) AS value, "
             "r.rolname::text AS "
             "role FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles "
             "r ON r.oid "
             "= s.setrole CROSS JOIN LATERAL unnest(s.setconfig) u(t) WHERE d.datname = " +
             name_ + " ORDER BY 3, 1")) {
      const std::string name = json::get_string(row, "name");
      const std::string role = json::get_string_or(row, "role", "");
      const std::string of = role.empty()
                                 ? "DATABASE " + into_
                                 : fmt::format("ROLE {} IN DATABASE {}", sql_identifier(role), into_);
      attempt({fmt::format("SELECT set_config({}, {}, false)", sql_literal(name),
                           sql_literal(json::get_string(row, "value"))),
               fmt::format("ALTER {} SET {} FROM CURRENT", of, setting_name(name)),
               fmt::format("RESET {}", setting_name(name))},
              fmt::format("setting {} of {}{}", name, context_.subject(),
                          role.empty() ? "" : fmt::format(" and role \"{}\"", printable(role))));
    }
  }

  void limit() {
    for (const object& row :
         ask("SELECT datconnlimit AS value FROM pg_database WHERE datconnlimit >= 0 AND datname = " + name_))
      attempt({fmt::format("ALTER DATABASE {} CONNECTION LIMIT {}", into_, json::get_int(row, "value"))},
              fmt::format("connection limit of {}", context_.subject()));
  }

  void grants() {
    for (const object& row : ask("SELECT x.privilege_type AS privilege, x.is_grantable AS grantable, "
                                 "r.rolname::text AS role FROM "
                                 "pg_database d CROSS JOIN LATERAL aclexplode(d.datacl) x LEFT JOIN pg_roles "
                                 "r ON r.oid = x.grantee WHERE "
                                 "d.datacl IS NOT NULL AND x.grantee <> d.datdba AND d.datname = " +
                                 name_ + " ORDER BY 3, 1")) {
      const std::string role = json::get_string_or(row, "role", "");
      attempt(
          {fmt::format("GRANT {} ON DATABASE {} TO {}{}", json::get_string(row, "privilege"), into_,
                       role.empty() ? "PUBLIC" : sql_identifier(role),
                       json::get_bool_or(row, "grantable", false) ? " WITH GRANT OPTION" : "")},
          fmt::format("grant on {} to {}", context_.subject(), role.empty() ? "PUBLIC" : printable(role)));
    }
    // Everybody may connect and make temporary tables unless that was taken away.
    for (const object& row : ask("SELECT p.name AS privilege FROM pg_database d CROSS JOIN (VALUES "
                                 "('CONNECT'), ('TEMPORARY')) p(name) WHERE "
                                 "d.datacl IS NOT NULL AND d.datname = " +
                                 name_ +
                                 " AND NOT EXISTS (SELECT 1 FROM aclexplode(d.datacl) x "
                                 "WHERE x.grantee = 0 AND x.privilege_type = p.name)"))
      attempt(
          {fmt::format("REVOKE {} ON DATABASE {} FROM PUBLIC", json::get_string(row, "privilege"), into_)},
          fmt::format("revoked {} on {}", json::get_string(row, "privilege"), context_.subject()));
  }

  void comment() {
    const auto rows =
        ask("SELECT shobj_description(oid, 'pg_database') AS text FROM pg_database WHERE datname = " + name_);
    const std::string text = rows.empty() ? "" : json::get_string_or(rows.front(), "text", "");
    postgres::RemoteServer& target = context_.world.target;
    target.execute(target.connect_database(), {fmt::format("COMMENT ON DATABASE {} IS {}", into_,
                                                           text.empty() ? "NULL" : sql_literal(text))});
  }

  const Context& context_;
  std::string name_;
  std::string into_;
};

}  // namespace

void carry_properties(const Context& context) {
  Properties(context).carry();
}

void release_destination(const Context& context) {
  Properties(context).release();
}

}  // namespace pgupgrade::migrate
