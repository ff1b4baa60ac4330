#include "pgupgrade/planning/make_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/data_directory.hpp"
#include "pgupgrade/planning/image_check.hpp"
#include "pgupgrade/planning/preflight.hpp"
#include "planning/checks.hpp"
#include "planning/choose_strategy.hpp"
#include "planning/dump_from_copy.hpp"
#include "planning/review.hpp"
#include "planning/role_grants.hpp"
#include "planning/strategy_rules.hpp"

namespace pgupgrade::planning {

namespace {

constexpr int kLowestTarget = 11;
constexpr int kHighestTarget = 99;
constexpr int kMostJobs = 8;  // beyond it one disk is the limit
constexpr const char* kInitScripts = "/docker-entrypoint-initdb.d";

Diagnostics check_request(const Request& request, const Facts& facts) {
  if (request.target_major < kLowestTarget || request.target_major > kHighestTarget) {
    return {{.severity = Severity::error,
             .code = "E-TARGET-MAJOR",
             .message = fmt::format("cannot upgrade to PostgreSQL {}: the target must be from {} to {}",
                                    request.target_major, kLowestTarget, kHighestTarget),
             .hint = "specify a major version with --to"}};
  }
  if (request.strategy != kAuto) {
    Diagnostics refused = rule_of(request.strategy).refuses(request);
    if (!refused.empty()) return refused;
  }
  if (request.backup == Backup::aside && request.backup_directory) {
    return {
        {.severity = Severity::error,
         .code = "E-BACKUP-OPTION",
         .message = fmt::format("no backup would be written to {}: with --backup aside the old data stays "
                                "beside the new, and no archive is made",
                                printable(request.backup_directory->string())),
         .hint = "leave --backup-dir out, or use --backup tar"}};
  }
  if (facts.services.empty()) {
    return {{.severity = Severity::error,
             .code = "E-NO-SERVICE",
             .message = fmt::format("project {} has no service to upgrade", printable(facts.project)),
             .hint = "specify one with --service"}};
  }
  return {};
}

std::vector<RolePlan> plan_roles(const ServiceFacts& service) {
  std::vector<RolePlan> result;
  for (const RoleFacts& role : service.inventory->roles) {
    if (role.verifier != VerifierKind::md5) continue;
    RolePlan planned{.role = role.name, .action = PasswordAction::keep_md5};
    for (const PasswordMatch& match : service.md5_passwords) {
      if (match.role != role.name || match.origin.empty()) continue;
      planned.action = PasswordAction::to_scram;
      planned.origin = match.origin;
    }
    result.push_back(std::move(planned));
  }
  return result;
}

// Init scripts are for a first start only; on the new, empty data directory they would run once more. What
// follows the version by an edit of the Compose file is in both places: work containers are of either
// version.
std::vector<Mount> plan_other_mounts(const Request& request, const ServiceFacts& service,
                                     const Mount& data_mount) {
  std::vector<Mount> result;
  for (const Mount& mount : service.mounts) {
    if (mount != data_mount && !is_within(mount.target, kInitScripts)) result.push_back(mount);
  }
  if (!request.edit_files || service.plain_container) return result;
  const int old_major = service.inventory->major();
  for (Mount mount : versioned_mounts(service.mounts, old_major, request.target_major)) {
    mount.target =
        next_versioned_target(mount.target, old_major, request.target_major).value_or(mount.target);
    result.push_back(std::move(mount));
  }
  return result;
}

TargetPlan plan_target(const Request& request, const ServiceFacts& service) {
  const DataPlacement place = place_data(service, request.target_major);
  const Inventory& inventory = *service.inventory;
  TargetPlan target{.service = service.service,
                    .container_id = service.container_id,
                    .container_name = service.container_name,
                    .restart = service.restart,
                    .old_version = inventory.version,
                    .old_major = inventory.major(),
                    .new_major = request.target_major,
                    .old_image = service.compose_image,
                    .old_image_id = service.image_id,
                    .new_image = service.new_image,
                    .data_mount = place.data_mount.value_or(Mount{}),
                    .data_volume = service.data_volume.value_or(VolumeFacts{}),
                    .old_pgdata = place.old_pgdata,
                    .new_data_target = place.new_target,
                    .new_pgdata = place.new_pgdata,
                    .custom_pgdata = place.custom_pgdata,
                    .keeps_old = place.beside && request.strategy != kRehearsal,
                    .environment = service.environment,
                    .user = service.user,
                    .shm_bytes = service.shm_bytes,
                    .inventory = inventory,
                    .roles = plan_roles(service),
                    .role_grants = plan_role_grants(inventory, request.target_major).grants,
                    .run_line = service.run_line,
                    .old_run_line = service.old_run_line};
  target.other_mounts = plan_other_mounts(request, service, target.data_mount);
  target.inventory.connections.clear();
  for (const DatabaseFacts& database : inventory.databases) target.data_bytes += database.size_bytes;
  if (service.new_image_facts) {
    target.dropped_settings = unknown_settings(inventory, *service.new_image_facts);
  }
  return target;
}

// Beside the data: of a volume another one, of a directory one next to it.
AsidePlan plan_aside(const TargetPlan& target, const std::string& data_directory, const std::string& run_id) {
  const std::filesystem::path data(data_directory);
  AsidePlan aside{.data_directory = data_directory};
  aside.mount.kind = target.data_mount.kind;
  if (target.data_mount.kind == MountKind::volume) {
    aside.mount.source = fmt::format("pgupgrade-{}-{}-aside", run_id, target.service);
    aside.directory = (data.parent_path().parent_path() / aside.mount.source / data.filename()).string();
  } else {
    aside.mount.source = fmt::format("{}.pgupgrade-{}", data.string(), run_id);
    aside.directory = aside.mount.source;
  }
  return aside;
}

void plan_place(TargetPlan& target, const ServiceFacts& service, const Plan& plan) {
  if (!service.copy || (plan.backup == Backup::tar && !copies_running_server(plan.strategy))) return;
  target.aside = plan_aside(target, service.copy->data_directory, plan.run_id);
  target.old_libc = service.copy->old_libc;
  if (copies_running_server(plan.strategy)) return;
  target.aside.copied_because = why_dumped_from_copy(service);
  target.aside.copied = !target.aside.copied_because.empty();
}

// A client of two targets is stopped once; a target is stopped as a target, whatever it talks to.
void add_clients(Plan& plan, const ServiceFacts& service) {
  for (const ClientFacts& client : service.clients) {
    const auto is_same = [&](const auto& other) { return other.container_id == client.container_id; };
    if (std::any_of(plan.targets.begin(), plan.targets.end(), is_same)) continue;
    const auto known = std::find_if(plan.clients.begin(), plan.clients.end(), is_same);
    if (known == plan.clients.end()) {
      plan.clients.push_back(client);
    } else if (known->why != client.why) {
      known->why += ", " + client.why;
    }
  }
}

template <class T>
void add_new(std::vector<T>& list, const std::vector<T>& more) {
  for (const T& element : more) {
    if (std::find(list.begin(), list.end(), element) == list.end()) list.push_back(element);
  }
}

// What several services share stands there once, with the names of all.
void add_edits(std::vector<FileEdit>& list, const ServiceFacts& service) {
  for (FileEdit edit : service.edits) {
    const auto same = std::find_if(list.begin(), list.end(), [&](const FileEdit& other) {
      edit.services = other.services;
      return other == edit;
    });
    if (same != list.end()) {
      same->services.push_back(service.service);
      continue;
    }
    edit.services = {service.service};
    list.push_back(std::move(edit));
  }
}

// One that is given up keeps its image, so it needs a place of its own for it.
Diagnostics check_keep_going(const Plan& plan) {
  Diagnostics found;
  if (!plan.keep_going) return found;
  for (const FileEdit& edit : plan.edits) {
    if (edit.services.size() < 2) continue;
    found.push_back(
        {.severity = Severity::error,
         .code = "E-SHARED-EDIT",
         .message = fmt::format("services {} can only be upgraded together: {}:{} is of all of them",
                                quoted_list(edit.services), printable(edit.file), edit.line),
         .hint = "leave --keep-going out, pass --no-edit, or give each service an image of its own"});
  }
  return found;
}

int plan_jobs(const Request& request, const Facts& facts) {
  return request.jobs > 0 ? request.jobs : std::clamp(facts.processors, 1, kMostJobs);
}

Plan begin_plan(const Request& request, const Facts& facts, const std::string& run_id,
                const std::string& tool_version) {
  return {.site = site_name(request),
          .verify = verify_of(request),
          .run_id = run_id,
          .tool_version = tool_version,
          .engine_id = facts.engine_id,
          .engine_endpoint = facts.engine_endpoint,
          .project = facts.project,
          .project_directory = facts.project_directory,
          .location = request.project,
          .state_root = request.state_root.string(),
          .backup_directory = request.backup_directory ? request.backup_directory->string() : "",
          .dump_directory = request.dump_directory ? request.dump_directory->string() : "",
          .edit_files = request.edit_files,
          .keep_going = request.keep_going,
          .hooks = request.hooks,
          .rehearsal = request.rehearsal,
          .password_file = request.password_file ? request.password_file->string() : "",
          .acknowledged = request.acknowledged,
          .jobs = plan_jobs(request, facts)};
}

// Where the user names none: the only one that is not there from the beginning.
std::string database_of_scripts(const Plan& plan) {
  std::string own;
  for (const DatabaseFacts& database : plan.targets.front().inventory.databases) {
    if (database.is_template || database.name == "postgres") continue;
    if (!own.empty()) return {};
    own = database.name;
  }
  return own.empty() ? "postgres" : own;
}

Diagnostics plan_scripts(Plan& plan) {
  Rehearsal& rehearsal = plan.rehearsal;
  if (rehearsal.scripts.empty()) return {};
  const auto refusal = [](const std::string& message, const std::string& hint) -> Diagnostics {
    return {{.severity = Severity::error, .code = "E-SCRIPT-DATABASE", .message = message, .hint = hint}};
  };
  if (plan.targets.size() > 1)
    return refusal("scripts can be run on one service only, and several are to be rehearsed",
                   "choose one with --service");
  const TargetPlan& target = plan.targets.front();
  if (rehearsal.database.empty()) rehearsal.database = database_of_scripts(plan);
  if (rehearsal.database.empty())
    return refusal(
        fmt::format("service {} has several databases, and none is chosen for the scripts", target.service),
        "name one with --database");
  const auto& databases = target.inventory.databases;
  if (std::any_of(databases.begin(), databases.end(),
                  [&](const DatabaseFacts& database) { return database.name == rehearsal.database; }))
    return {};
  return refusal(fmt::format("service {} has no database \"{}\" to run the scripts on", target.service,
                             printable(rehearsal.database)),
                 "name another with --database");
}

void finish_plan(Plan& plan, const Request& request, const Facts& facts) {
  for (const FileEdit& edit : plan.edits) {
    const auto digest = facts.file_digests.find(edit.file);
    if (digest != facts.file_digests.end()) plan.file_digests.insert(*digest);
  }
  plan.disk = disk_needs(request, facts, plan.targets);
}

constexpr CheckName kOptions = {"the strategy can do what is asked of it",
                                "E-VERIFY E-KEEP-DUMPS E-BACKUP-DIR E-BACKUP-OPTION"};
constexpr CheckName kRoom = {"there is room for all of it", "E-DISK W-DISK-UNKNOWN"};
constexpr CheckName kScripts = {"the scripts have a database to run on", "E-SCRIPT-DATABASE"};
constexpr CheckName kAlone = {"a service that fails can go back alone", "E-SHARED-EDIT"};
// Observation ends where they have not passed.
constexpr CheckName kReach = {"containers see this host's directories", "E-ENGINE-REMOTE"};
constexpr CheckName kLocked = {"no other run works on the data", "E-LOCKED"};

// What of the request the chosen one cannot do, and how another one could be had.
void plan_strategy(Plan& plan, const Request& request, const Facts& facts, Review& review) {
  Choice choice = choose_strategy(request, facts, plan);
  plan.strategy = choice.strategy;
  plan.strategy_reason = choice.reason;
  plan.outlooks = std::move(choice.outlooks);
  plan.estimated_downtime_ms = choice.downtime_ms;
  plan.verify = verify_of(request.with(plan.strategy));
  plan.backup = backup_of(request.with(plan.strategy));
  review.add(kOptions, "", rule_of(plan.strategy).refuses(request));
  review.say(std::move(choice.notes));
}

void conclude(Planned& planned, const Review& review) {
  planned.diagnostics = review.diagnostics();
  std::stable_sort(planned.diagnostics.begin(), planned.diagnostics.end(),
                   [](const Diagnostic& a, const Diagnostic& b) { return a.severity > b.severity; });
  planned.ok = std::none_of(planned.diagnostics.begin(), planned.diagnostics.end(),
                            [](const Diagnostic& d) { return d.severity == Severity::error; });
  if (planned.ok) planned.plan.diagnostics = planned.diagnostics;
  planned.plan.checks = review.lines();
}

}  // namespace

Planned make_plan(const Request& request, const Facts& facts, const std::string& run_id,
                  const std::string& tool_version) {
  Planned planned{.plan = begin_plan(request, facts, run_id, tool_version),
                  .diagnostics = check_request(request, facts)};
  if (!planned.diagnostics.empty()) return planned;

  std::vector<const ServiceFacts*> upgraded;
  planned.nothing_to_do = true;
  for (const ServiceFacts& service : facts.services) {
    const Standing standing = standing_of(service, request.target_major);
    if (standing == Standing::blocked) planned.nothing_to_do = false;
    if (standing != Standing::upgradable) continue;
    planned.nothing_to_do = false;
    upgraded.push_back(&service);
    planned.plan.targets.push_back(plan_target(request, service));
  }
  Review review;
  if (!upgraded.empty()) {
    review.add(kReach, "", {});
    review.add(kLocked, "", {});
    plan_strategy(planned.plan, request, facts, review);
  }
  const Request chosen = request.with(planned.plan.strategy);
  auto target = planned.plan.targets.begin();
  for (const ServiceFacts& service : facts.services) {
    check_service(chosen, service, review);
    if (standing_of(service, request.target_major) != Standing::upgradable) continue;
    plan_place(*target, service, planned.plan);
    check_image(*target, service.new_image_facts ? &*service.new_image_facts : nullptr, chosen, review);
    ++target;
  }
  for (const ServiceFacts* service : upgraded) {
    add_clients(planned.plan, *service);
    add_new(planned.plan.host_clients, service->host_clients);
    add_edits(request.edit_files ? planned.plan.edits : planned.plan.to_set, *service);
  }
  if (!upgraded.empty()) {
    finish_plan(planned.plan, chosen, facts);
    review.add(kRoom, "", check_disk(chosen, planned.plan.disk));
    if (!planned.plan.rehearsal.scripts.empty()) review.add(kScripts, "", plan_scripts(planned.plan));
    if (planned.plan.keep_going) review.add(kAlone, "", check_keep_going(planned.plan));
  }
  conclude(planned, review);
  return planned;
}

}  // namespace pgupgrade::planning
