#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/json.hpp"
#include "pgupgrade/postgres/commands.hpp"
#include "upgrade/back/put_back.hpp"
#include "upgrade/cluster/carried_files.hpp"
#include "upgrade/cluster/dump_files.hpp"
#include "upgrade/cluster/extension_members.hpp"
#include "upgrade/cluster/planned_cluster.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/data/backup_check.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/sandbox/client_work.hpp"
#include "upgrade/sandbox/hidden_settings.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

const DatabaseFacts& facts_of(const TargetPlan& target, const std::string& name) {
  const auto& databases = target.inventory.databases;
  return *std::find_if(databases.begin(), databases.end(),
                       [&](const DatabaseFacts& database) { return database.name == name; });
}

// Whether what users have added to extensions is out of them while it is dumped.
constexpr const char* kMembers = "members";

// The old server runs once more, alone and read-only, and the new version's programs take out all that it
// holds, together with a fingerprint that the new cluster will be held against.
class DumpStep final : public TargetStep {
 public:
  std::string_view name() const override { return "dump"; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [&](const TargetPlan& target) {
      return fmt::format("{}, {}", databases_of(target),
                         plural(static_cast<std::uint64_t>(plan.jobs), "job"));
    });
  }

  Artefacts artefacts(const RunFiles& files, const Plan& plan, const TargetPlan& target) const override {
    return {.files = {files.old_cluster(target.service), files.dump_record(target.service)},
            .volumes = {dump_volume_name(plan.run_id, target.service)}};
  }

  void apply_to(StepContext& context, const TargetPlan& target) override { dump(context, target); }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    const auto text = read_file_if_present(context.journal.files().dump_record(target.service));
    return text && sha256_hex(*text) == context.known(target).dump_sha256 &&
           context.world.engine.inspect_volume(dump_volume_name(context.plan().run_id, target.service));
  }

  // The old server has written to its data directory by running. What it was before is in the backup.
  void undo_for(StepContext& context, const TargetPlan& target) override {
    if (!put_back_old_data(context, target) && context.datum(target, kMembers) == "out")
      tell_of_members_out(context, target);
    context.world.engine.remove_volume(dump_volume_name(context.plan().run_id, target.service));
  }

  std::string detail_of(StepContext&, const TargetPlan& target) override { return databases_of(target); }

 private:
  // By an older state file a run would come here again after it has emptied the volume, and remove the dump
  // that the new cluster is made of.
  static void refuse_other_data(StepContext& context, const TargetPlan& target) {
    const int version =
        data_version(context, target, target.old_image_id, target.data_mount, target.old_pgdata);
    if (version == target.old_major) return;
    throw Error(
        ErrorKind::refused, "E-STATE-OLD",
        fmt::format("could not dump service \"{}\": {} holds {}, so the run has come further than its "
                    "state file {} says",
                    target.service, data_name(target.data_mount),
                    version == 0 ? "no cluster" : fmt::format("PostgreSQL {}", version),
                    context.journal.files().state().string()),
        "put the newest state file back into its place, or: pgupgrade rollback");
  }

  static void dump(StepContext& context, const TargetPlan& target) {
    WorkServer server(context, target, Side::old);
    server.discard();
    if (context.known(target).old_data != OldData::returning) refuse_other_data(context, target);
    refuse_old_server_that_ran_again(context, target);
    if (context.is_repeated(target)) put_back_unclean_data(context, target);
    make_dump_volume(context, target);
    const auto connection = server.start(read_only_settings());
    context.reach("server-started");
    DumpRecord record;
    OldCluster old_cluster;
    server.used_by([&] { take_content(context, target, server, *connection, record, old_cluster); });
    server.stop();
    old_cluster.carried = save_configuration(context, target, read_manifest(context, target).entries);
    write_old_cluster(context, target, old_cluster);
    const std::string text = dump_record_text(record);
    write_file_durably(context.journal.files().dump_record(target.service), text);
    context.reach("record-written");
    context.learn(target, [&](TargetState& state) { state.dump_sha256 = sha256_hex(text); });
  }

  static void take_content(StepContext& context, const TargetPlan& target, const WorkServer& server,
                           postgres::Server& connection, DumpRecord& record, OldCluster& old_cluster) {
    const Inventory now = connection.inventory();
    refuse_changed_cluster(now, target, TakenBy::dump);
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

  static void take_dumps(StepContext& context, const TargetPlan& target, const WorkServer& server,
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
      connection.clear_column_marks(name);
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
                                  .missing = connection.missing_built_ins(name)});
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
};

}  // namespace

std::unique_ptr<Step> make_dump_step() {
  return std::make_unique<DumpStep>();
}

}  // namespace pgupgrade::upgrade
