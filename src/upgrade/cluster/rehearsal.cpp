#include "upgrade/cluster/rehearsal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/docker/exec_psql.hpp"
#include "pgupgrade/model/sql_text.hpp"
#include "pgupgrade/planning/member_changes.hpp"
#include "pgupgrade/planning/preflight.hpp"
#include "pgupgrade/postgres/rehearsal.hpp"
#include "pgupgrade/postgres/value_settings.hpp"
#include "upgrade/cluster/extension_members.hpp"
#include "upgrade/cluster/planned_changes.hpp"
#include "upgrade/cluster/socket_directory.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/hidden_settings.hpp"
#include "upgrade/sandbox/work.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr const char* kPlace = "/pgupgrade/rehearsal";  // the scratch volume in its containers
constexpr std::int64_t kRows = 256LL << 20;             // of databases whose rows are rehearsed, in all
constexpr int kNoCluster = 4;                           // exit codes of the script: initdb failed,
constexpr int kNoServer = 5;                            // the server did not start

// A dump leaves out what users have added to extensions, and holds what they have taken out, which CREATE
// EXTENSION makes as well. The upgrade takes it out and in for that moment, which a rehearsal must not do to
// a server that is in use.
bool has_moved_members(const DatabaseFacts& database) {
  const auto& members = database.left_behind.members;
  return std::any_of(members.begin(), members.end(), planning::is_moved);
}

class Rehearsing {
 public:
  Rehearsing(World& world, const Plan& plan, const TargetPlan& target, const RehearsalImage& image)
      : world_(world), plan_(plan), target_(target), image_(image), inventory_(target.inventory) {
    std::erase_if(inventory_.databases, [&](const DatabaseFacts& database) {
      const bool left_out = has_moved_members(database) || !database.allow_connections;
      if (left_out) left_out_.push_back(database.name);
      return left_out;
    });
    with_rows_ = postgres::rows_to_rehearse(inventory_, kRows);
  }

  void carry_out() {
    make_volume();
    world_.probe.reach("rehearse:volume-made");
    const postgres::LivePostmaster live = find_server();
    put_scripts(live);
    failures_ = dump(live);
    world_.probe.reach("rehearse:dumped");
    if (image_.owner != live.owner) give_to(image_.owner);
    restore();
    world_.probe.reach("rehearse:restored");
  }

  // What failed on either side; and what is not as it was, when all could be restored.
  const std::vector<postgres::RehearsalFailure>& failures() const { return failures_; }
  const std::vector<std::string>& differences() const { return differences_; }
  // Why there was no comparison, or nothing.
  const std::string& not_compared() const { return not_compared_; }
  // Databases that were not rehearsed.
  const std::vector<std::string>& left_out() const { return left_out_; }

 private:
  WorkSpec spec(const std::string& purpose, std::vector<std::string> argv) const {
    return {.run = plan_.run_id,
            .service = target_.service,
            .purpose = purpose,
            .image = image_.id,
            .argv = std::move(argv),
            .mounts = {{.kind = MountKind::volume, .source = volume_name(), .target = kPlace}},
            .environment = {{"LC_ALL", "C"}, {"PGCLIENTENCODING", "SQL_ASCII"}}};
  }
  std::string volume_name() const { return rehearsal_volume_name(plan_.run_id, target_.service); }

  void make_volume() {
    remove_rehearsal(world_, plan_, target_);
    world_.engine.create_volume({.name = volume_name(), .labels = {{kRunLabel, plan_.run_id}}});
  }

  postgres::LivePostmaster find_server() {
    const auto argv = postgres::find_postmaster(inventory_.data_directory);
    const auto result = world_.engine.exec(target_.container_id, argv, "");
    if (const auto found = postgres::parse_postmaster(result.standard_output)) return *found;
    throw Error(
        ErrorKind::refused, "E-NO-SERVER",
        fmt::format("container {} does not tell where its server takes connections{}", target_.container_name,
                    result.standard_error.empty() ? "" : ": " + last_words(result.standard_error)));
  }

  // Through the files of the server's process, as its own user: so neither a network nor a password is
  // needed, and what the server says of its socket holds.
  void put_scripts(const postgres::LivePostmaster& live) {
    const postgres::Connection connection{.socket = postgres::socket_through_process(live),
                                          .superuser = inventory_.superuser};
    postgres::Rehearsal rehearsal{.directory = kPlace,
                                  .socket = kRunMount,
                                  .new_major = target_.new_major,
                                  .settings = settings(),
                                  .exchange_options = postgres::exchange_options(),
                                  .refresh_options = postgres::compute_options()};
    for (const DatabaseFacts& database : inventory_.databases) {
      rehearsal.statements.push_back(first_statements(target_, database.name));
      rehearsal.last_statements.push_back(last_statements(target_, database.name));
    }
    const std::string dump =
        postgres::rehearsal_dump_script(connection, live.port, inventory_, with_rows_, kPlace);
    const std::string restore = postgres::rehearsal_restore_script(inventory_, rehearsal);
    give_to(live.owner, backup::tar_of({{.path = "dump.sh", .content = dump, .mode = 0600},
                                        {.path = "restore.sh", .content = restore, .mode = 0600}}));
  }

  // All that is in the place, and what is put there first.
  void give_to(const std::string& owner, const std::string& files = {}) {
    const std::string give = "chown -R \"$2\" \"$1\" && chmod 0700 \"$1\"";
    WorkSpec work = spec("chown", {"sh", "-c", give, "sh", kPlace, owner});
    work.files = files;
    work.files_directory = kPlace;
    run_work_checked(world_, work, "E-PROCESS", fmt::format("give {} to {}", kPlace, owner));
  }

  // Of one of the scripts.
  WorkSpec script_spec(const std::string& purpose, const std::string& file, const std::string& owner) const {
    WorkSpec work = spec(purpose, {"sh", "-c", "exec sh \"$1\"", "sh", fmt::format("{}/{}", kPlace, file)});
    work.user = owner;
    work.last_line = postgres::kRehearsalEnd;
    return work;
  }

  static void require_whole(const WorkResult& result) {
    if (postgres::is_whole_rehearsal(result.standard_output)) return;
    const std::string words = last_words(result.standard_output + "\n" + result.standard_error);
    throw Error(
        ErrorKind::failed, "E-PROCESS",
        fmt::format("its script exited with {}{}", result.exit_code, words.empty() ? "" : ": " + words));
  }

  std::vector<postgres::RehearsalFailure> dump(const postgres::LivePostmaster& live) {
    WorkSpec work = script_spec("rehearse-dump", "dump.sh", live.owner);
    work.pid_namespace = "container:" + target_.container_id;
    work.environment["PGOPTIONS"] = postgres::exchange_options();
    const WorkResult result = run_work(world_, work);
    require_whole(result);
    auto failures = postgres::parse_rehearsal(inventory_, with_rows_, result.standard_output);
    for (const auto& failure : failures)
      if (postgres::is_of_the_moment(failure.failure))
        throw Error(ErrorKind::failed, "E-PROCESS",
                    "the old server could not be dumped: " + failure.failure.error);
    return failures;
  }

  void restore() {
    WorkSpec work = script_spec("rehearse-restore", "restore.sh", image_.owner);
    for (const auto& [name, value] : target_.environment) work.environment.try_emplace(name, value);
    for (Mount mount : target_.other_mounts) {  // dictionaries, say
      mount.read_only = true;
      work.mounts.push_back(std::move(mount));
    }
    work.mounts.push_back(
        {.kind = MountKind::bind, .source = socket_directory(world_, plan_, target_), .target = kRunMount});
    with_work(world_, work, [&](const std::string& id, const WorkResult& result) { take(id, result); });
  }

  // What the script said, while its server still runs.
  void take(const std::string& container, const WorkResult& result) {
    if (result.exit_code == kNoCluster || result.exit_code == kNoServer) {
      failures_.push_back({.database = {}, .failure = postgres::parse_failure(result.standard_output)});
      return;
    }
    require_whole(result);
    const auto refused = postgres::parse_rehearsal(inventory_, with_rows_, result.standard_output);
    failures_.insert(failures_.end(), refused.begin(), refused.end());
    if (failures_.empty()) compare(container);
  }

  std::vector<SettingFacts> settings() const {
    constexpr std::int64_t kLittleMemory = 1;  // few rows, so the least that there is
    std::vector<SettingFacts> all = postgres::value_settings(inventory_);
    std::erase_if(all, is_hidden);
    const auto fast = postgres::restore_settings(kLittleMemory);
    all.insert(all.end(), fast.begin(), fast.end());
    return all;
  }

  // The old server is in use: what somebody changes in it meanwhile is no difference.
  void compare(const std::string& container) {
    docker::ExecPsql live(world_.engine, target_.container_id, inventory_.superuser);
    const auto alive = [&] {
      const auto info = world_.engine.inspect_container(container);
      return info && info->running();
    };
    const auto server = world_.connector.connect(
        {.directory = socket_directory(world_, plan_, target_), .superuser = inventory_.superuser},
        std::chrono::seconds(30), alive);
    for (const DatabaseFacts& database : inventory_.databases) {
      const auto missing = postgres::read_missing_built_ins(live, database.name);
      if (!missing.empty()) server->drop_built_ins(database.name, missing);
    }
    if (left_out_.empty() && !target_.role_grants.empty()) server->grant_roles(target_.role_grants);
    const std::vector<std::string> first =
        compare_with(postgres::read_live_catalogs(live, inventory_), *server);
    if (first.empty()) return;
    differences_ = compare_with(postgres::read_live_catalogs(live, inventory_), *server);
    if (differences_ == first) return;
    differences_.clear();
    not_compared_ = "objects of the old server were changed meanwhile";
  }

  std::vector<std::string> compare_with(Fingerprint old, postgres::Server& server) const {
    constexpr std::size_t kAll = 1000;
    Fingerprint now = server.catalogs();
    TargetPlan expected = target_;
    if (!left_out_.empty()) expected.role_grants.clear();  // not made, since their objects are not all there
    expect_planned_changes(plan_, expected, old, now);
    for (Fingerprint* side : {&old, &now}) {
      forget_other_databases(*side);
      for (std::size_t index = 0; index < inventory_.databases.size(); ++index)
        if (!with_rows_[index])
          forget(side->databases[inventory_.databases[index].name].objects, "large object");
    }
    server.settle_expressions(old, now);
    return pgupgrade::differences(old, now, kAll);
  }

  // Those that are left out, and those that came after the plan, which the dump refuses.
  void forget_other_databases(Fingerprint& side) const {
    const auto is_rehearsed = [&](const std::string& name) {
      const auto& databases = inventory_.databases;
      return std::any_of(databases.begin(), databases.end(),
                         [&](const DatabaseFacts& database) { return database.name == name; });
    };
    std::erase_if(side.databases, [&](const auto& database) { return !is_rehearsed(database.first); });
    constexpr std::string_view kKind = "database ";
    std::vector<std::string> others;
    for (const auto& [object, attributes] : side.shared) {
      if (!object.starts_with(kKind)) continue;
      const std::string identity = object.substr(kKind.size());
      const auto& databases = inventory_.databases;
      if (std::none_of(databases.begin(), databases.end(), [&](const DatabaseFacts& database) {
            return sql_identifier(database.name) == identity;
          }))
        others.push_back(identity);
    }
    for (const std::string& identity : others) forget(side.shared, identity);
  }

  static void forget(Objects& objects, const std::string& part) {
    std::erase_if(objects, [&](const auto& object) { return object.first.find(part) != std::string::npos; });
  }

  World& world_;
  const Plan& plan_;
  const TargetPlan& target_;
  const RehearsalImage& image_;
  Inventory inventory_;  // what is rehearsed of the target's
  std::vector<bool> with_rows_;
  std::vector<std::string> left_out_;
  std::vector<postgres::RehearsalFailure> failures_;
  std::vector<std::string> differences_;
  std::string not_compared_;
};

std::string place_of(const TargetPlan& target, const std::string& database) {
  if (database.empty()) return fmt::format("service \"{}\"", target.service);
  return fmt::format("database \"{}\" of service \"{}\"", printable(database), target.service);
}

Diagnostic refusal_of(const TargetPlan& target, const postgres::RehearsalFailure& failed) {
  const postgres::Explanation explanation = postgres::explain(failed.failure);
  return {.severity = Severity::error,
          .code = "E-REHEARSAL",
          .message = fmt::format("PostgreSQL {} refuses {} of {}: {}", target.new_major,
                                 explanation.object.empty() ? "a part" : explanation.object,
                                 place_of(target, failed.database), explanation.cause),
          .hint = explanation.cure};
}

Diagnostic left_behind(const TargetPlan& target, const std::string& difference) {
  return {.severity = Severity::error,
          .code = "E-LEFT-BEHIND",
          .message = fmt::format("the new cluster of {} would not be as the old one is: {}",
                                 place_of(target, {}), difference),
          .hint = "take that back on the old server, and make it again after the upgrade"};
}

Diagnostic not_rehearsed(const std::string& what, const std::string& why) {
  return {.severity = Severity::warning,
          .code = "W-REHEARSAL",
          .message = fmt::format("{} could not be rehearsed on the new version: {}", what, why),
          .hint = "what the new version refuses is then found by the restore only"};
}

void clear(World& world, const Plan& plan, const TargetPlan& target) {
  remove_rehearsal(world, plan, target);
  remove_socket_directory(world, plan, target);
}

}  // namespace

void remove_rehearsal(World& world, const Plan& plan, const TargetPlan& target) {
  world.engine.remove_volume(rehearsal_volume_name(plan.run_id, target.service));
}

RehearsalFindings rehearse(World& world, const Plan& plan, const TargetPlan& target,
                           const RehearsalImage& image) {
  constexpr std::size_t kShown = 20;
  Rehearsing rehearsing(world, plan, target, image);
  Diagnostics found;
  try {
    rehearsing.carry_out();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::failed) {
      try {
        clear(world, plan, target);
      } catch (const Error&) {
        // The first error is the one to tell.
      }
      throw;
    }
    found.push_back(not_rehearsed(place_of(target, {}), error.what()));
  }
  clear(world, plan, target);
  for (const auto& failure : rehearsing.failures())
    if (found.size() < kShown) found.push_back(refusal_of(target, failure));
  for (const std::string& difference : rehearsing.differences())
    if (found.size() < kShown) found.push_back(left_behind(target, difference));
  for (const std::string& database : rehearsing.left_out())
    found.push_back(
        not_rehearsed(place_of(target, database),
                      "it allows no connections, or objects were added to or taken out of its extensions, "
                      "which the dump of a server in use shows otherwise"));
  if (!rehearsing.not_compared().empty())
    found.push_back(not_rehearsed("the comparison of " + place_of(target, {}), rehearsing.not_compared()));
  return {.diagnostics = planning::with_acceptance(std::move(found), plan.acknowledged),
          .differences = rehearsing.differences()};
}

}  // namespace pgupgrade::upgrade
