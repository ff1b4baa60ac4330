#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "migrate/context.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/migrate/observe.hpp"
#include "pgupgrade/model/sql_text.hpp"

namespace pgupgrade::migrate {
namespace {

const ListedDatabase* find(const ServerFacts& server, const std::string& name) {
  return server.find(name);
}

Error not_empty(const Context& context, const std::vector<std::string>& contents, const std::string& hint) {
  std::vector<std::string> shown(
      contents.begin(),
      contents.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(contents.size(), 5)));
  return {ErrorKind::refused, "E-TARGET-NOT-EMPTY",
          fmt::format("cannot copy to database \"{}\" at the target ({}): it is not empty ({})",
                      printable(context.database().into), context.plan().target.address,
                      printable(join(shown, ", "), 500)),
          hint};
}

void begin(const Context& context) {
  context.record().begun = true;
  save(context.state);
}

void create(const Context& context) {
  postgres::RemoteServer& target = context.world.target;
  const std::string maintenance = target.connect_database();
  try {
    target.execute(maintenance, {create_statement(context.plan(), context.database())});
  } catch (const Error& error) {
    if (!error.is("E-SQL")) throw;
    throw Error(
        ErrorKind::refused, "E-NO-CREATE", error.what(),
        "create an empty database of that name at the target in the way that it allows, and run again");
  }
  context.reach("created");
  begin(context);
  target.execute(maintenance,
                 {fmt::format("COMMENT ON DATABASE {} IS {}", sql_identifier(context.database().into),
                              sql_literal(mark_of(context.plan())))});
}

}  // namespace

// Locale and encoding as at the source; the spelling of ICU and builtin locales depends on the target's
// version.
std::string create_statement(const Plan& plan, const DatabasePlan& database) {
  std::string sql = fmt::format("CREATE DATABASE {} TEMPLATE template0 ENCODING {}",
                                sql_identifier(database.into), sql_literal(database.encoding));
  sql +=
      fmt::format(" LC_COLLATE {} LC_CTYPE {}", sql_literal(database.collate), sql_literal(database.ctype));
  const int major = plan.target.version_num / 10000;
  if (major < 15) return sql;
  switch (database.locale_provider) {
    case 'i':
      sql += " LOCALE_PROVIDER icu ICU_LOCALE " + sql_literal(database.icu_locale);
      if (major >= 16 && !database.icu_rules.empty()) sql += " ICU_RULES " + sql_literal(database.icu_rules);
      break;
    case 'b':
      sql += " LOCALE_PROVIDER builtin BUILTIN_LOCALE " + sql_literal(database.icu_locale);
      break;
    default:
      sql += " LOCALE_PROVIDER libc";
  }
  return sql;
}

void end_our_sessions(postgres::RemoteServer& target, const std::string& database,
                      const std::string& application) {
  constexpr int kLooks = 100;
  const std::string ours = fmt::format(
      "FROM pg_stat_activity WHERE datname = {} AND application_name = {} AND usename = "
      "current_user AND pid "
      "<> pg_backend_pid()",
      sql_literal(database), sql_literal(application));
  for (int look = 0; look < kLooks; ++look) {
    const auto left =
        target.query(target.connect_database(), "SELECT pg_terminate_backend(pid)::text " + ours);
    if (left.empty()) return;
    target.query(target.connect_database(), "SELECT pg_sleep(0.1)::text");
  }
}

std::string mark_of(const Plan& plan) {
  return fmt::format("{}{}; not complete", kMark, plan.run_id);
}

bool is_ours(const Plan& plan, const DatabasePlan& database, postgres::RemoteServer& target) {
  const auto comments = target.query(
      target.connect_database(),
      fmt::format(
          "SELECT coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database WHERE datname = {}",
          sql_literal(database.into)));
  return comments.size() == 1 && comments.front() == mark_of(plan);
}

void drop_destination(const Plan&, const DatabasePlan& database, postgres::RemoteServer& target) {
  target.forget(database.into);
  end_our_sessions(target, database.into, "pgupgrade");
  target.execute(target.connect_database(), {"DROP DATABASE IF EXISTS " + sql_identifier(database.into)});
}

void prepare_destination(const Context& context) {
  postgres::RemoteServer& target = context.world.target;
  const DatabasePlan& database = context.database();
  const bool again = context.record().attempt > 1;
  const ServerFacts server = observe_server(target);
  const ListedDatabase* const listed = find(server, database.into);
  if (database.create && again && listed != nullptr) {
    // Marked, or made a moment before the mark: then it is empty.
    const DestinationFacts place = observe_destination(target, listed, database.into);
    if (!is_ours(context.plan(), database, target) && !place.contents.empty())
      throw not_empty(context, place.contents, "rename or drop it, then run `pgupgrade resume`");
    drop_destination(context.plan(), database, target);
    return create(context);
  }
  if (database.create && listed == nullptr) return create(context);
  const DestinationFacts place = observe_destination(target, listed, database.into);
  target.forget(database.into);
  if (listed == nullptr)
    throw Error(ErrorKind::usage, "E-UNKNOWN-DATABASE",
                fmt::format("cannot copy to database \"{}\" at the target ({}): it no longer exists",
                            printable(database.into), server.address),
                "create it again, empty");
  if (!place.contents.empty())
    throw not_empty(
        context, place.contents,
        again ? "an interrupted copy may have left it; drop and create it again, then run `pgupgrade "
                "resume`"
              : "choose another name with --into, or drop it");
  if (database.create)
    throw not_empty(context, {"somebody has created it since the plan"}, "choose another name with --into");
  begin(context);
}

}  // namespace pgupgrade::migrate
