#include "upgrade/cluster/remote_work.hpp"

#include <fmt/format.h>

#include <functional>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/docker/exec_psql.hpp"
#include "pgupgrade/postgres/commands.hpp"
#include "upgrade/cluster/old_cluster.hpp"
#include "upgrade/sandbox/client_work.hpp"
#include "upgrade/sandbox/service_container.hpp"

namespace pgupgrade::upgrade {
namespace {

// Of one command line; the kernel has a limit for all of its words together.
constexpr std::size_t kMostTables = 2000;

void run_vacuumdb(StepContext& context, const TargetPlan& target, const WorkServer& server,
                  const std::vector<std::string>& argv) {
  run_client(context.world, server.client("analyze", argv),
             {.code = "E-ANALYZE",
              .verb = "analyze",
              .whole = fmt::format("the databases of service \"{}\"", target.service)});
}

void analyze_some(StepContext& context, const TargetPlan& target, const WorkServer& server,
                  const std::string& database, const std::vector<std::string>& tables) {
  const postgres::Connection to{.socket = server.socket_in_container(),
                                .superuser = target.inventory.superuser};
  for (std::size_t first = 0; first < tables.size(); first += kMostTables) {
    const auto begin = tables.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end =
        tables.begin() + static_cast<std::ptrdiff_t>(std::min(first + kMostTables, tables.size()));
    run_vacuumdb(context, target, server,
                 postgres::analyze_database(to, database, context.plan().jobs, {begin, end}));
  }
}

// Statistics are no data: what cannot be had now, ANALYZE collects later. It runs the functions of indexes
// and of statistics objects, and from 17 on with a search_path that has none of the user's schemas.
void analyze_one_by_one(StepContext& context, postgres::Server& connection,
                        const std::vector<std::string>& databases, const Error& first) {
  context.warn("W-ANALYZE", fmt::format("{}; the other tables are analyzed one by one", first.what()));
  for (const std::string& database : databases)
    connection.execute(
        database,
        {"DO $do$ DECLARE relation regclass; BEGIN FOR relation IN SELECT c.oid FROM pg_class c WHERE "
         "c.relkind IN ('r', "
         "'m', 'p') AND c.reltuples < 0 AND c.relpersistence <> 't' AND NOT EXISTS (SELECT 1 FROM "
         "pg_inherits x JOIN "
         "pg_class k ON k.oid = x.inhrelid WHERE x.inhparent = c.oid AND k.relkind = 'f') LOOP BEGIN EXECUTE "
         "format('ANALYZE %s', relation); EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $do$"});
}

// As an application's session would, whose functions may go by the search_path.
void run_in_service(StepContext& context, const TargetPlan& target, const std::string& container,
                    const std::string& database, const std::string& statement) {
  try {
    docker::ExecPsql(context.world.engine, container, target.inventory.superuser)
        .query(database,
               "SET transaction_read_only = off; SET search_path = \"$user\", public; " + statement);
    context.note(fmt::format("{} in database \"{}\"", statement, printable(database)));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::failed) throw;
    context.warn("W-FOREIGN-SERVER",
                 fmt::format("could not ask a foreign server: {}; later, in database \"{}\": {}",
                             error.what(), printable(database), statement));
  }
}

// By now the run is all but done: a record that is gone does not end it.
std::map<std::string, std::vector<postgres::RemoteView>> remote_views(const StepContext& context,
                                                                      const TargetPlan& target) {
  try {
    return read_old_cluster(context, target).remote_views;
  } catch (const Error& error) {
    context.warn("W-FOREIGN-SERVER",
                 fmt::format("materialized views over foreign tables are not refreshed: {}", error.what()));
    return {};
  }
}

}  // namespace

void analyze_databases(StepContext& context, const TargetPlan& target, const WorkServer& server,
                       postgres::Server& connection) {
  std::map<std::string, postgres::AnalyzeScope> scopes;
  std::map<std::string, std::vector<std::string>> left_out;
  for (const DatabaseFacts& database : target.inventory.databases) {
    if (!database.allow_connections) continue;
    auto& scope = scopes[database.name] = connection.analyze_scope(database.name);
    if (scope.left_out.empty()) continue;
    left_out[database.name] = scope.left_out;
    context.note(
        fmt::format("not analyzed in database \"{}\" before the service has its network, since foreign "
                    "tables are a part of them: {}",
                    printable(database.name), printable(join(scope.left_out, ", "), 1000)));
  }
  const postgres::Connection to{.socket = server.socket_in_container(),
                                .superuser = target.inventory.superuser};
  context.learn(target, [&](TargetState& state) { state.not_analyzed = left_out; });
  const auto analyze = [&](const std::vector<std::string>& databases, const std::function<void()>& run) {
    try {
      run();
    } catch (const Error& error) {
      if (!error.is("E-ANALYZE")) throw;
      analyze_one_by_one(context, connection, databases, error);
    }
  };
  if (left_out.empty()) {
    std::vector<std::string> all;
    for (const auto& [name, scope] : scopes) all.push_back(name);
    return analyze(
        all, [&] { run_vacuumdb(context, target, server, postgres::analyze_all(to, context.plan().jobs)); });
  }
  for (const auto& [name, scope] : scopes) {
    analyze({name}, [&] {
      if (scope.left_out.empty())
        run_vacuumdb(context, target, server, postgres::analyze_database(to, name, context.plan().jobs, {}));
      else
        analyze_some(context, target, server, name, scope.tables);
    });
  }
}

void finish_remote_work(StepContext& context, const TargetPlan& target) {
  const auto container = find_service_container(context.world, context.plan(), target.service);
  if (!container) return;
  for (const auto& [database, views] : remote_views(context, target))
    for (const auto& view : views)
      run_in_service(context, target, container->id, database, "REFRESH MATERIALIZED VIEW " + view.quoted);
  const auto not_analyzed = context.known(target).not_analyzed;
  for (const auto& [database, tables] : not_analyzed)
    for (const std::string& table : tables)
      run_in_service(context, target, container->id, database, "ANALYZE " + table);
}

}  // namespace pgupgrade::upgrade
