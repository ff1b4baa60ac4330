#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "migrate/context.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/sql_text.hpp"

namespace pgupgrade::migrate {
namespace {

using boost::json::object;

object row_of(const std::string& text) {
  return json::as_object(json::parse(text, "the server's answer"), "the server's answer");
}

std::string names_of(const std::vector<std::string>& roles) {
  std::string list;
  for (const std::string& role : roles) list += (list.empty() ? "" : ", ") + sql_literal(role);
  return list;
}

// Attributes that only a superuser gives are left to the administrator of the target.
std::string create_statement(const object& role, bool superuser) {
  const auto attribute = [&](const char* key, const char* word) {
    return fmt::format(" {}{}", json::get_bool_or(role, key, false) ? "" : "NO", word);
  };
  std::string sql = "CREATE ROLE " + sql_identifier(json::get_string(role, "name"));
  sql += attribute("login", "LOGIN") + attribute("inherit", "INHERIT");
  if (superuser)
    sql += attribute("superuser", "SUPERUSER") + attribute("createdb", "CREATEDB") +
           attribute("createrole", "CREATEROLE") + attribute("replication", "REPLICATION") +
           attribute("bypassrls", "BYPASSRLS");
  sql += fmt::format(" CONNECTION LIMIT {}", json::get_int_or(role, "limit", -1));
  const std::string until = json::get_string_or(role, "until", "");
  if (!until.empty()) sql += " VALID UNTIL " + sql_literal(until);
  return sql;
}

class NewRoles {
 public:
  NewRoles(World& world, State& state) : state_(state), source_(world.source), target_(world.target) {}

  void create() {
    const std::string list = names_of(state_.plan.new_roles);
    for (const std::string& text :
         source_.query(source_.connect_database(),
                       "SELECT row_to_json(answer)::text FROM (SELECT rolname::text AS name, rolcanlogin AS "
                       "login, rolinherit AS "
                       "inherit, rolsuper AS superuser, rolcreatedb AS createdb, rolcreaterole AS "
                       "createrole, rolreplication AS "
                       "replication, rolbypassrls AS bypassrls, rolconnlimit AS limit, CASE WHEN "
                       "isfinite(rolvaliduntil) THEN "
                       "rolvaliduntil::text END AS until FROM pg_roles WHERE rolname IN (" +
                           list + ") ORDER BY 1) answer"))
      create_one(row_of(text));
    for (const std::string& text : source_.query(source_.connect_database(),
                                                 "SELECT row_to_json(answer)::text FROM (SELECT DISTINCT "
                                                 "g.rolname::text AS role, m.rolname::text AS member, "
                                                 "bool_or(a.admin_option) AS admin FROM pg_auth_members a "
                                                 "JOIN pg_roles g ON g.oid = a.roleid JOIN pg_roles "
                                                 "m ON m.oid = a.member WHERE m.rolname IN (" +
                                                     list + ") GROUP BY 1, 2 ORDER BY 1, 2) answer"))
      grant(row_of(text));
  }

 private:
  void create_one(const object& role) {
    const std::string name = json::get_string(role, "name");
    if (std::find(state_.created_roles.begin(), state_.created_roles.end(), name) !=
            state_.created_roles.end() ||
        exists(name))
      return;
    target_.execute(target_.connect_database(), {create_statement(role, target_.is_superuser())});
    state_.created_roles.push_back(name);
    save(state_);
    // To give objects to a role one must be its member, which its creator is by itself only from 16 on, and
    // there without the right to act as it.
    if (!target_.is_superuser())
      target_.execute(target_.connect_database(),
                      {fmt::format("GRANT {} TO CURRENT_USER{}", sql_identifier(name),
                                   target_.version_num() >= 160000 ? " WITH SET TRUE, INHERIT TRUE" : "")});
    if (source_.is_superuser()) carry_password(name);
  }

  bool exists(const std::string& name) {
    return !target_
                .query(target_.connect_database(),
                       "SELECT rolname::text FROM pg_roles WHERE rolname = " + sql_literal(name))
                .empty();
  }

  // A verifier is as good as the password for some, so it is in no log.
  void carry_password(const std::string& name) {
    const auto verifier = source_.query(
        source_.connect_database(),
        "SELECT rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL AND rolname = " + sql_literal(name));
    if (verifier.empty()) return;
    const Secret statement{"ALTER ROLE " + sql_identifier(name) + " PASSWORD " +
                           sql_literal(verifier.front())};
    target_.execute_secret(target_.connect_database(), statement,
                           "carry over the password of role \"" + printable(name) + "\"");
  }

  void grant(const object& membership) {
    const std::string role = json::get_string(membership, "role");
    if (!exists(role)) return;
    try {
      target_.execute(
          target_.connect_database(),
          {fmt::format("GRANT {} TO {}{}", sql_identifier(role),
                       sql_identifier(json::get_string(membership, "member")),
                       json::get_bool_or(membership, "admin", false) ? " WITH ADMIN OPTION" : "")});
    } catch (const Error& error) {
      if (!error.is("E-SQL") || state_.databases.empty()) throw;
      state_.databases.front().notes.push_back(fmt::format(
          "membership of role \"{}\": {}", printable(json::get_string(membership, "member")), error.what()));
    }
  }

  State& state_;
  postgres::RemoteServer& source_;
  postgres::RemoteServer& target_;
};

}  // namespace

void create_roles(World& world, State& state) {
  if (state.plan.new_roles.empty()) return;
  world.probe.reach("roles:before");
  NewRoles(world, state).create();
  world.probe.reach("roles:created");
}

}  // namespace pgupgrade::migrate
