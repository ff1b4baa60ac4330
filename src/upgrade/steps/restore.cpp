#include <fmt/format.h>

#include <set>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/commands.hpp"
#include "upgrade/cluster/dump_files.hpp"
#include "upgrade/cluster/extension_members.hpp"
#include "upgrade/cluster/new_cluster.hpp"
#include "upgrade/cluster/old_cluster.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/sandbox/client_work.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

// Roles, then every database, from the verified dump; the first error ends it. The server runs without fsync
// for speed, which is safe here only because a restore that was cut off begins again with a fresh cluster,
// and one that came to its end is stopped cleanly and synced before it counts.
class RestoreStep final : public TargetStep {
 public:
  std::string_view name() const override { return "restore"; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [&](const TargetPlan& target) {
      return fmt::format("{}, {}", databases_of(target),
                         plural(static_cast<std::uint64_t>(plan.jobs), "job"));
    });
  }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    restore(context, target);
    context.record(target, "restored", "yes");
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    return context.recorded(target, "restored");
  }

  // A server that was killed, with the machine say, recovers without its unlogged tables. Leftover ones have
  // been stopped by now.
  bool is_spoilt(StepContext& context, const TargetPlan& target) override {
    if (context.journal.begun(Point::serves)) return false;
    return cluster_state(context, target, new_image_id(context, target), new_data_mount(context, target),
                         target.new_pgdata) != "shut down";
  }

  std::string detail_of(StepContext&, const TargetPlan& target) override { return databases_of(target); }

 private:
  using RemoteViews = std::vector<postgres::RemoteView>;

  static void restore(StepContext& context, const TargetPlan& target) {
    const DumpRecord record = read_dump_record(context, target);
    const OldCluster old_cluster = read_old_cluster(context, target);
    // The wipe has read the dump; in this very process that is a moment ago.
    if (context.journal.was_opened()) verify_dump_digests(context, target, record);
    // An attempt that was cut off has left an unknown part behind; and initdb has not synced what it made, so
    // that a machine which went down since may have lost it.
    if (context.is_repeated(target) || context.journal.was_opened()) create_new_cluster(context, target);
    WorkServer server(context, target, Side::fresh);
    // A session of ours would keep its database from being replaced; it ends here.
    server.start(postgres::restore_settings(memory(context))).reset();
    context.reach("server-started");
    server.used_by([&] { restore_content(context, target, server, record, old_cluster); });
    server.stop();
    context.reach("server-stopped");
    flush_new_cluster(context, target);
  }

  static void restore_content(StepContext& context, const TargetPlan& target, WorkServer& server,
                              const DumpRecord& record, const OldCluster& old_cluster) {
    restore_globals(context, target, server);
    // Before the databases: what is computed in them, a materialized view, goes by these as well.
    std::vector<postgres::RoleSetting> settings;
    for (const auto& [name, value] : old_cluster.all_role_settings)
      settings.push_back({.name = name, .value = value});
    server.ensure()->set_settings_for_all_roles(settings);
    context.reach("globals-restored");
    for (std::size_t index = 0; index < record.databases.size(); ++index) {
      restore_database(context, target, server, record, old_cluster, index);
      if (index == 0) context.reach("one-restored");
    }
    if (!target.role_grants.empty()) server.ensure()->grant_roles(target.role_grants);
  }

  // The share of this one server.
  static std::int64_t memory(StepContext& context) {
    return context.world.engine.info().memory_bytes / context.at_once();
  }

  static void restore_globals(StepContext& context, const TargetPlan& target, const WorkServer& server) {
    const std::string globals = postgres::without_superuser_creation(
        read_dump_file(context, target, "globals.sql"), target.inventory.superuser);
    write_dump_file(context, target, "globals-restore.sql", globals);
    const postgres::Connection to{.socket = server.socket_in_container(),
                                  .superuser = target.inventory.superuser};
    run_client(
        context.world,
        server.client("globals", postgres::run_sql_file(to, "template1", in_dump("globals-restore.sql"))),
        {.code = "E-RESTORE",
         .verb = "restore",
         .whole = fmt::format("the roles of service \"{}\"", target.service),
         .database = "",
         .script = globals});
  }

  // Once the extensions are there, before rows and indexes, which may depend on them.
  static void repeat_member_changes(const TargetPlan& target, WorkServer& server,
                                    const std::string& database) {
    const std::vector<std::string> statements = member_statements(target, database);
    if (!statements.empty()) server.ensure()->execute(database, statements);
  }

  static void restore_database(StepContext& context, const TargetPlan& target, WorkServer& server,
                               const DumpRecord& record, const OldCluster& old_cluster, std::size_t index) {
    const postgres::Connection to{.socket = server.socket_in_container(),
                                  .superuser = target.inventory.superuser};
    const DumpedDatabase& database = record.databases[index];
    const std::string directory = in_dump(database.directory);
    const auto remote = old_cluster.remote_views.find(database.name);
    const Lists lists =
        write_lists(context, target, server, database,
                    remote == old_cluster.remote_views.end() ? RemoteViews() : remote->second);
    const auto run = [&](const std::vector<std::string>& argv, WorkServer::Values values) {
      run_client(context.world, server.client("restore", argv, values),
                 {.code = "E-RESTORE",
                  .verb = "restore",
                  .whole = fmt::format("database \"{}\"", printable(database.name)),
                  .database = database.name},
                 [&] {
                   context.progress("database " + database.name, static_cast<std::int64_t>(index),
                                    static_cast<std::int64_t>(record.databases.size()),
                                    Progress::Unit::items);
                 });
    };
    const int jobs = context.plan().jobs;
    const auto commands =
        postgres::restore_database(to, database.name, directory, jobs, in_dump(lists.post_data));
    for (const auto& argv : commands) {
      run(argv, WorkServer::Values::exchanged);
      if (&argv == &commands.front()) repeat_member_changes(target, server, database.name);
      // Before the last one, which brings the user's event triggers: those may forbid it.
      if (&argv == &commands.front() && !database.missing.empty())
        server.ensure()->drop_built_ins(database.name, database.missing);
    }
    if (!lists.views.empty())
      run(postgres::refresh_views(to, database.name, directory, jobs, in_dump(lists.views)),
          WorkServer::Values::computed);
  }

  // Files of the dump volume; empty names when there is nothing to keep apart.
  struct Lists {
    std::string post_data;
    std::string views;
  };

  // Materialized views are computed anew, after all else, so they go by themselves.
  static Lists write_lists(StepContext& context, const TargetPlan& target, const WorkServer& server,
                           const DumpedDatabase& database, const RemoteViews& remote) {
    const auto views = database.objects.find("MATERIALIZED VIEW");
    if (views == database.objects.end() || views->second == 0) return {};
    const auto listed = run_work_checked(
        context.world, server.client("list", postgres::list_dump(in_dump(database.directory))),
        "E-DUMP-DAMAGED", fmt::format("read the dump of database \"{}\" again", printable(database.name)));
    std::set<std::string> left_out;
    for (const auto& view : remote) {
      left_out.insert(view.oid);
      context.note(
          fmt::format("materialized view {} of database \"{}\" reads a foreign table: it is refreshed "
                      "once the service has its network",
                      printable(view.name), printable(database.name)));
    }
    const auto split = postgres::split_listing(listed.standard_output, "MATERIALIZED VIEW DATA", left_out);
    if (split.of_kind.empty() && left_out.empty()) return {};
    const Lists lists{.post_data = database.directory + ".post-data.list",
                      .views = database.directory + ".views.list"};
    write_dump_file(context, target, lists.post_data, split.others);
    if (split.of_kind.empty()) return {.post_data = lists.post_data, .views = ""};
    write_dump_file(context, target, lists.views, split.of_kind);
    return lists;
  }

  static std::string in_dump(const std::string& file) {
    return file.empty() ? file : std::string(kDumpMount) + "/" + file;
  }
};

}  // namespace

std::unique_ptr<Step> make_restore_step() {
  return std::make_unique<RestoreStep>();
}

}  // namespace pgupgrade::upgrade
