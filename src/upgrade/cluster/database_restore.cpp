#include "upgrade/cluster/database_restore.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/commands.hpp"
#include "upgrade/cluster/extension_members.hpp"
#include "upgrade/cluster/restored_bytes.hpp"
#include "upgrade/run/names.hpp"

namespace pgupgrade::upgrade {
namespace {

std::string in_dump(const std::string& file) {
  return file.empty() ? file : std::string(kDumpMount) + "/" + file;
}

bool has_views(const DumpedDatabase& database) {
  const auto views = database.objects.find("MATERIALIZED VIEW");
  return views != database.objects.end() && views->second > 0;
}

}  // namespace

DatabaseRestore::DatabaseRestore(StepContext& context, const TargetPlan& target, WorkServer& server,
                                 const std::vector<DumpedDatabase>& databases, const OldCluster& old_cluster)
    : context_(context), target_(target), server_(server), databases_(databases), old_cluster_(old_cluster) {
  std::vector<DumpedDatabase> listed;
  std::copy_if(databases.begin(), databases.end(), std::back_inserter(listed),
               [&](const DumpedDatabase& database) {
                 return has_views(database) || has_key_states(target, database.name);
               });
  const auto listings = list_dumps(context, target, listed);
  for (std::size_t index = 0; index < listings.size(); ++index) split(listed[index], listings[index]);
}

void DatabaseRestore::split(const DumpedDatabase& database, const std::string& listing) {
  std::set<std::string> left_out;
  const auto remote = old_cluster_.remote_views.find(database.name);
  if (remote != old_cluster_.remote_views.end()) {
    for (const auto& view : remote->second) {
      left_out.insert(view.oid);
      context_.note(
          fmt::format("materialized view {} of database \"{}\" reads a foreign table: it is refreshed "
                      "once the service has its network",
                      printable(view.name), printable(database.name)));
    }
  }
  auto parts = postgres::split_listing(listing, "MATERIALIZED VIEW DATA", left_out);
  const std::string all = parts.others;
  if (has_key_states(target_, database.name)) parts.others = postgres::without_key_triggers(all);
  if (parts.of_kind.empty() && left_out.empty() && parts.others == all) return;
  Lists& lists = lists_[database.directory];
  lists.post_data = database.directory + ".post-data.list";
  files_[lists.post_data] = parts.others;
  if (parts.of_kind.empty()) return;
  lists.views = database.directory + ".views.list";
  files_[lists.views] = parts.of_kind;
}

std::map<std::string, std::string> DatabaseRestore::files() const {
  return files_;
}

void DatabaseRestore::carry_out() {
  const postgres::Connection to{.socket = server_.socket_in_container(),
                                .superuser = target_.inventory.superuser};
  const int jobs = context_.plan().jobs;
  for (const DumpedDatabase& database : databases_) {
    const std::string directory = in_dump(database.directory);
    const Lists lists = lists_[database.directory];
    const auto commands = postgres::restore_database(
        to, database.name, directory, jobs, in_dump(lists.post_data),
        database.marked ? postgres::ColumnMarks::dumped : postgres::ColumnMarks::none);
    for (const auto& argv : commands) {
      add(database, argv, WorkServer::Values::exchanged);
      if (&argv != &commands.front() || !needs_statements(database)) continue;
      run_pending();
      run_statements(database);
    }
    if (const auto statements = last_statements(target_, database.name); !statements.empty()) {
      run_pending();
      server_.ensure()->execute(database.name, statements);
    }
    if (!lists.views.empty())
      add(database, postgres::refresh_views(to, database.name, directory, jobs, in_dump(lists.views)),
          WorkServer::Values::computed);
  }
  run_pending();
}

bool DatabaseRestore::needs_statements(const DumpedDatabase& database) const {
  return !database.missing.empty() || !first_statements(target_, database.name).empty();
}

// Once the extensions are there, before rows and indexes, which may depend on their members; and before the
// last section, which brings the user's event triggers: those may forbid to drop something.
void DatabaseRestore::run_statements(const DumpedDatabase& database) {
  const std::vector<std::string> statements = first_statements(target_, database.name);
  const auto connection = server_.ensure();
  if (!statements.empty()) connection->execute(database.name, statements);
  if (!database.missing.empty()) connection->drop_built_ins(database.name, database.missing);
}

void DatabaseRestore::add(const DumpedDatabase& database, std::vector<std::string> argv,
                          WorkServer::Values values) {
  pending_.push_back({.command = server_.command(std::move(argv), values),
                      .task = {.code = "E-RESTORE",
                               .verb = "restore",
                               .whole = fmt::format("database \"{}\"", printable(database.name)),
                               .database = database.name}});
}

void DatabaseRestore::run_pending() {
  std::vector<std::string> names;
  for (const DumpedDatabase& database : databases_) names.push_back(database.name);
  RestoredBytes restored(context_, target_, names);
  const auto told = [&](std::size_t index) {
    const std::string& name = pending_[index].task.database;
    if (const auto amount = restored.look())
      return context_.progress("database " + name, amount->done, amount->total, Progress::Unit::bytes);
    const auto at = std::find(names.begin(), names.end(), name);
    context_.progress("database " + name, at - names.begin(), static_cast<std::int64_t>(names.size()),
                      Progress::Unit::items);
  };
  if (!pending_.empty()) run_clients(context_.world, server_.client("restore", {}), pending_, told);
  pending_.clear();
}

}  // namespace pgupgrade::upgrade
