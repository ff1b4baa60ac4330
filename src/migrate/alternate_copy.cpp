// The copy of schemas in an alternate database of the same server.
#include <fmt/format.h>

#include "migrate/alternate_mark.hpp"
#include "migrate/alternate_work.hpp"
#include "migrate/checks.hpp"
#include "migrate/context.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/sql_text.hpp"

namespace pgupgrade::migrate {
namespace {

// A database of ours; else what is marked in one of somebody else's.
void drop_ours(const AlternateWork& work) {
  const DatabasePlan& database = work.asked.plan.databases.front();
  if (database.create) {
    if (!is_there(work.world.target, work.state.into)) return;
    if (!read_marks(work.world.target, work.state.into, mark_of(work.state)).database &&
        !was_just_created(work.state, work.world.target))
      throw Error(ErrorKind::refused, "E-TARGET-NOT-EMPTY",
                  fmt::format("cannot copy to database {}: somebody has created it since the plan",
                              migrate::quoted(work.state.into)),
                  "choose another name with --into");
    drop_destination(work.asked.plan, database, work.world.target);
    return;
  }
  end_our_sessions(work.world.target, work.state.into, "pgupgrade");
  for (const std::string& schema :
       read_marks(work.world.target, work.state.into, mark_of(work.state)).schemas)
    work.world.target.execute(work.state.into, {"DROP SCHEMA " + sql_identifier(schema) + " CASCADE"});
  work.world.target.forget(work.state.into);
}

void create_database(AlternateWork& work, const Context& context, const std::string& mark) {
  const std::string maintenance = work.world.target.connect_database();
  try {
    work.world.target.execute(maintenance, {create_statement(context.plan(), context.database())});
  } catch (const Error& error) {
    if (!error.is("E-SQL")) throw;
    work.state.creating = false;
    work.save();
    throw Error(ErrorKind::refused, "E-NO-CREATE", error.what(),
                "create an empty database of that name in the way that the server allows, and run again");
  }
  work.reach("created");
  work.world.target.execute(
      maintenance, {fmt::format("COMMENT ON DATABASE {} IS {}", sql_identifier(work.state.into), mark)});
}

void prepare(AlternateWork& work, const Context& context) {
  postgres::RemoteServer& server = work.world.target;
  drop_ours(work);
  std::vector<std::string> statements;
  const std::string mark = sql_literal(mark_of(work.state));
  if (context.database().create) {
    work.state.creating = true;
    work.save();
    create_database(work, context, mark);
    work.state.creating = false;
    work.save();
  }
  const bool keeps = context.plan().ownership == Ownership::keep;
  for (const std::string& schema : work.state.schemas) {
    const std::string name = sql_identifier(schema);
    const auto owner = work.world.source.query(
        work.state.database,
        "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = " + sql_literal(schema));
    // Every database begins with it.
    if (schema == "public" && context.database().create) {
      if (keeps && !owner.empty() && context.plan().keeps_owner_of_public())
        statements.push_back("ALTER SCHEMA public OWNER TO " + owner.front());
      continue;
    }
    statements.push_back(fmt::format("CREATE SCHEMA {}{}; COMMENT ON SCHEMA {} IS {}", name,
                                     keeps && !owner.empty() ? " AUTHORIZATION " + owner.front() : "", name,
                                     mark));
  }
  for (const NeededExtension& extension : work.asked.extensions) {
    if (!context.database().create) break;
    const std::string schema = sql_identifier(extension.schema);
    if (extension.schema != "pg_catalog") statements.push_back("CREATE SCHEMA IF NOT EXISTS " + schema);
    statements.push_back(fmt::format("CREATE EXTENSION IF NOT EXISTS {} SCHEMA {} VERSION {} CASCADE",
                                     sql_identifier(extension.name), schema, sql_literal(extension.version)));
  }
  server.execute(work.state.into, statements);
  server.forget(work.state.into);
}

// What is half there helps nobody. The first error is the one to tell.
void give_up(const AlternateWork& work, Error& error) {
  if (!work.asked.outside.empty() && error.is("E-MIGRATE"))
    error.set_hint(
        fmt::format("the schemas need {}: name the other schema with --schema as well, or make it in "
                    "database {}",
                    printable(some_of(work.asked.outside), 1000), migrate::quoted(work.state.into)));
  try {
    drop_ours(work);
  } catch (const Error&) {
    // It bears the mark, and the next rehearsal drops it.
  }
}

}  // namespace

std::string copy_schemas(AlternateWork& work) {
  State state;
  state.plan = work.asked.plan;
  state.databases.emplace_back();
  const Context context{.world = work.world, .state = state, .index = 0, .listener = work.listener};
  work.reach("begun");
  try {
    prepare(work, context);
    work.reach("prepared");
    const auto snapshot = work.world.source.snapshot(work.state.database);
    const auto sequences = snapshot->sequences(work.state.schemas);
    copy_contents(context, *snapshot);
    verify(context, *snapshot, sequences);
  } catch (Error& error) {
    give_up(work, error);
    throw;
  }
  for (const char* name : {"definitions", "list", "views"}) remove_tree(context.file(name));
  if (context.database().create) carry_properties(context);
  work.world.programs.run(analyze(work.copying(work.world.target)), {});
  work.state.copied = true;
  work.save();
  work.reach("copied");
  const DatabaseState& record = context.record();
  return fmt::format("{}, {}: identical", plural(static_cast<std::uint64_t>(record.tables), "table"),
                     plural(static_cast<std::uint64_t>(record.rows), "row"));
}

}  // namespace pgupgrade::migrate
