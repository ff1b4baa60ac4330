// What of an alternate database is ours: its mark, and what is dropped by it.
#include "migrate/alternate_mark.hpp"

#include <fmt/format.h>

#include "migrate/checks.hpp"
#include "migrate/context.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/sql_text.hpp"

namespace pgupgrade::migrate {
bool is_there(postgres::RemoteServer& server, const std::string& database) {
  return !server
              .query(server.connect_database(),
                     "SELECT '' FROM pg_database WHERE datname = " + sql_literal(database))
              .empty();
}

std::string mark_of(const AlternateState& state) {
  return fmt::format("{}{} ({})", kAlternateMark, state.database, state.id);
}

Marks read_marks(postgres::RemoteServer& server, const std::string& into, const std::string& beginning) {
  const std::string begins = fmt::format("left(x.comment, length({0})) = {0}", sql_literal(beginning));
  const auto database = server.query(server.connect_database(),
                                     fmt::format("SELECT 'x' FROM (SELECT shobj_description(oid, "
                                                 "'pg_database') AS comment FROM pg_database WHERE datname "
                                                 "= {}) x WHERE {}",
                                                 sql_literal(into), begins));
  Marks marks{.database = !database.empty(), .schemas = {}};
  marks.schemas =
      server.query(into, fmt::format("SELECT x.name FROM (SELECT nspname::text AS name, obj_description(oid, "
                                     "'pg_namespace') AS comment FROM pg_namespace) x WHERE {} ORDER BY 1",
                                     begins));
  server.forget(into);
  return marks;
}

std::vector<std::string> drop_alternate(postgres::RemoteServer& server, const Request& request) {
  const std::string& into = request.into;
  if (!is_there(server, into)) return {};
  AlternateState state =
      load_alternate(request.state_root, known_by(request, server), server.connect_database(), into);
  const Marks marks = read_marks(server, into, kAlternateMark + state.database + " (");
  if (!marks.database && marks.schemas.empty())
    throw Error(
        ErrorKind::refused, "E-NOT-OURS",
        fmt::format(
            "cannot drop anything in database {}: nothing there bears the mark of a copy of database {}",
            migrate::quoted(into), migrate::quoted(state.database)),
        "connect to the database that was rehearsed, or drop it by hand");
  for (const char* application : {"pgupgrade", kScriptSession}) end_our_sessions(server, into, application);
  if (!state.passed.empty() || state.copied) {
    state.copied = false;
    save_alternate(request.state_root, state);
  }
  if (marks.database) {
    server.execute(server.connect_database(), {"DROP DATABASE " + sql_identifier(into)});
    return {"database " + migrate::quoted(into)};
  }
  std::vector<std::string> dropped;
  for (const std::string& schema : marks.schemas) {
    server.execute(into, {"DROP SCHEMA " + sql_identifier(schema) + " CASCADE"});
    dropped.push_back(
        fmt::format("schema {} of database {}", migrate::quoted(schema), migrate::quoted(into)));
  }
  return dropped;
}

}  // namespace pgupgrade::migrate
