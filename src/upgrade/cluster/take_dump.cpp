#include "upgrade/cluster/take_dump.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/commands.hpp"
#include "upgrade/cluster/carried_files.hpp"
#include "upgrade/cluster/extension_members.hpp"
#include "upgrade/cluster/old_cluster.hpp"
#include "upgrade/data/aside.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/client_work.hpp"
#include "upgrade/sandbox/hidden_settings.hpp"

namespace pgupgrade::upgrade {
namespace {

const DatabaseFacts& facts_of(const TargetPlan& target, const std::string& name) {
  const auto& databases = target.inventory.databases;
  return *std::find_if(databases.begin(), databases.end(),
                       [&](const DatabaseFacts& database) { return database.name == name; });
}

// Whether what users have added to extensions is out of them while it is dumped.
constexpr const char* kMembers = "members";

// Made since the plan; to be rid of them, the cluster would have to be written to.
void refuse_marks(postgres::Server& connection, const TargetPlan& target, const std::string& database) {
  if (connection.count_column_marks(database) == 0) return;
  throw Error(ErrorKind::refused, "E-ASIDE",
              fmt::format("could not dump service \"{}\": its server keeps marks in the catalogs of database "
                          "\"{}\", and there is no other copy to remove them from",
                          target.service, printable(database)),
              "run `pgupgrade rollback`, then start over: a copy will be dumped");
}

void take_dumps(StepContext& context, const TargetPlan& target, const WorkServer& server,
                postgres::Server& connection, DumpRecord& record) {
  const postgres::Connection to{.socket = server.socket_in_container(),
                                .superuser = target.inventory.superuser};
  const std::string place = std::string(kDumpMount) + "/";
  std::vector<ClientCommand> commands = {close_dump_volume(target)};
  commands.push_back({.command = {.argv = postgres::dump_globals(to, place + "globals.sql")},
                      .task = {.code = "E-DUMP",
                               .verb = "dump",
                               .whole = fmt::format("the roles of service \"{}\"", target.service)}});
  const auto names = databases_in_order(target.inventory);
  for (const std::string& name : names) {
    if (works_on_only_copy(target)) refuse_marks(connection, target, name);
    const bool marked = !works_on_only_copy(target) &&
                        connection.clear_column_marks(name, postgres::Server::RowsAre::still_read) > 0;
    const std::string directory = fmt::format("db-{}", record.databases.size());
    commands.push_back(
        {.command = {.argv = postgres::dump_database(to, facts_of(target, name), target.new_major,
                                                     place + directory, context.plan().jobs)},
         .task = {.code = "E-DUMP",
                  .verb = "dump",
                  .whole = fmt::format("database \"{}\"", printable(name)),
                  .database = name}});
    record.databases.push_back({.name = name,
                                .directory = directory,
                                .objects = connection.dumpable_counts(name),
                                .missing = connection.missing_built_ins(name),
                                .marked = marked});
  }
  const std::size_t first = commands.size() - names.size();
  commands.push_back(digest_dump(target));
  const auto results =
      run_clients(context.world, server.client("dump", {}), commands, [&](std::size_t index) {
        if (index < first || index >= first + names.size()) return;
        const std::size_t database = index - first;
        context.progress("database " + names[database], static_cast<std::int64_t>(database),
                         static_cast<std::int64_t>(names.size()), Progress::Unit::items);
      });
  record.digests = parse_digests(target, results.back());
}

void take_content(StepContext& context, const TargetPlan& target, TakenBy taken_by, const WorkServer& server,
                  postgres::Server& connection, DumpRecord& record, OldCluster& old_cluster) {
  const Inventory now = connection.inventory();
  refuse_changed_cluster(now, target, taken_by);
  // An attempt that was cut off may have left them out.
  put_members_back(connection, target);
  refuse_changed_members(connection, target);
  context.record(target, kMembers, "out");
  take_members_out(connection, target);
  context.reach("members-out");
  take_dumps(context, target, server, connection, record);
  for (const std::string& name : databases_in_order(target.inventory)) {
    auto views = connection.remote_views(name);
    if (!views.empty()) old_cluster.remote_views[name] = std::move(views);
  }
  for (const auto& setting : connection.settings_for_all_roles()) {
    old_cluster.all_role_settings[setting.name] = setting.value;
  }
  old_cluster.hidden_settings = hidden_values(target.inventory, now);
  context.reach("dumped");
  take_old_fingerprint(context, target, connection);
  context.reach("fingerprint-taken");
  put_members_back(connection, target);
  context.record(target, kMembers, "back");
}

}  // namespace

void take_dump(StepContext& context, const TargetPlan& target, TakenBy taken_by, WorkServer& server,
               postgres::Server& connection,
               const std::function<std::vector<backup::Entry>()>& list_entries) {
  DumpRecord record;
  OldCluster old_cluster;
  server.used_by([&] { take_content(context, target, taken_by, server, connection, record, old_cluster); });
  server.stop();
  old_cluster.carried = save_configuration(context, target, list_entries());
  write_old_cluster(context, target, old_cluster);
  const std::string text = dump_record_text(record);
  write_file_durably(context.journal.files().dump_record(target.service), text);
  context.reach("record-written");
  context.learn(target, [&](TargetState& state) { state.dump_sha256 = sha256_hex(text); });
}

bool is_dump_taken(StepContext& context, const TargetPlan& target) {
  const auto text = read_file_if_present(context.journal.files().dump_record(target.service));
  return text && sha256_hex(*text) == context.known(target).dump_sha256 &&
         context.world.engine.inspect_volume(dump_volume_name(context.plan().run_id, target.service));
}

bool has_members_out(const StepContext& context, const TargetPlan& target) {
  return context.datum(target, kMembers) == "out";
}

}  // namespace pgupgrade::upgrade
