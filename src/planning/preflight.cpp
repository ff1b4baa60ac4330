#include "pgupgrade/planning/preflight.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/estimates.hpp"
#include "planning/review.hpp"
#include "planning/strategy_rules.hpp"

namespace pgupgrade::planning {

namespace {

bool has_data_mount(const Subject& subject) {
  return subject.place.data_mount && subject.place.data_mount->kind != MountKind::tmpfs;
}
bool is_of_compose(const Subject& subject) {
  return !subject.service.plain_container;
}
bool edits_files(const Subject& subject) {
  return subject.request.edit_files && is_of_compose(subject);
}
bool is_made_again(const Subject& subject) {
  return subject.service.plain_container && subject.request.strategy != kRehearsal;
}
// Where the new version does not hold what the old one did.
template <int kMajor>
bool crosses(const Subject& subject) {
  return subject.inventory.major() < kMajor && kMajor <= subject.request.target_major;
}

// A new reason to refuse or to warn is one function and one line here.
constexpr auto kChecks = std::to_array<Check>({
    {"the server uses the directory that PGDATA names", "E-DATA-DIRECTORY", check_data_directory},
    {"no file of yours sets the place of the data", "E-DATA-DIRECTORY", check_data_directory_setting,
     [](const Subject& subject) { return subject.place.new_pgdata != subject.place.old_pgdata; }},
    {"the directory of the new cluster is free", "E-NEW-DIRECTORY", check_new_directory,
     [](const Subject& subject) { return subject.place.beside; }},
    {"the data is on a mount", "E-DATA-MOUNT", check_data_mount},
    {"the data is mounted for writing", "E-READ-ONLY-MOUNT", check_read_only_mount, has_data_mount},
    {"the volume of the data has a name", "E-ANONYMOUS-VOLUME W-ANONYMOUS-VOLUME", check_anonymous_volume,
     has_data_mount},
    {"volumes are mounted whole", "E-SUBPATH", check_subpaths},
    {"nothing is mounted within the data directory", "E-NESTED-MOUNT", check_nested_mounts},
    {"nothing else mounts the data", "E-VOLUME-SHARED", check_shared_volume, has_data_mount},
    {"files have no extended attributes", "E-XATTR", check_extended_attributes, has_data_mount},
    {"no tablespace is outside of the data", "E-TABLESPACES", check_tablespaces},
    {"the WAL is in the data directory", "E-WAL-OUTSIDE", check_wal_place},
    {"there is a database \"postgres\"", "E-NO-POSTGRES-DATABASE", check_postgres_database},
    {"the server is not a standby", "E-STANDBY", check_recovery},
    {"no slot or standby depends on the server", "E-REPLICATION", check_replication},
    {"there are no replication origins", "E-REPLICATION", check_replication_origins},
    {"there are no subscriptions", "E-SUBSCRIPTIONS", check_subscriptions},
    {"every database lets connections in", "E-DATABASE-CLOSED", check_closed_databases},
    {"no database is left half dropped", "E-DATABASE-CLOSED", check_invalid_databases},
    {"no transaction is prepared", "E-PREPARED", check_prepared_transactions},
    {"names of databases are valid UTF-8", "E-NAME-BYTES", check_name_bytes},
    {"no name has a line end in it", "E-NAME-LINE-FEED", check_names},
    {"initdb accepts the superuser's name", "E-SUPERUSER-NAME", check_superuser_name},
    {"md5 passwords are known", "E-MD5-UNKNOWN W-MD5-KEPT", check_md5_passwords},
    {"the container was made from these Compose files", "W-OTHER-FILES", check_compose_files, is_of_compose},
    {"the service runs on the image of its files", "N-OLD-IMAGE", check_old_image, is_of_compose},
    {"the new image can be set", "E-COMPOSE-EDIT E-CONTAINER-IMAGE", check_compose_edit},
    {"the project's files are edited", "N-NO-EDIT", check_files_left_alone,
     [](const Subject& subject) { return !subject.request.edit_files && is_of_compose(subject); }},
    {"the edit moves no other service", "W-MOVED-ALONG", check_moved_along, edits_files},
    {"no container is bound to this very one", "E-CONTAINER-BOUND", check_bound_containers, is_made_again},
    {"new passwords will be SCRAM", "W-PASSWORD-ENCRYPTION", check_password_encryption},
    {"no pooler holds md5 hashes", "W-POOLER", check_poolers},
    {"backup jobs can dump the new version", "W-CLIENT-DUMP", check_dumpers},
    {"connections come from containers that can be stopped", "W-CLIENT-HOST", check_host_clients},
    {"data checksums are as by default", "N-NO-CHECKSUMS", check_checksums, crosses<18>},
    {"defaults that applications feel are the same", "N-SETTING-DEFAULT", check_changed_defaults},
    {"the system's schemas hold nothing of yours", "E-CATALOG-OBJECTS", check_catalog_objects},
    {"triggers of constraints are enabled", "N-KEY-STATES", check_key_states},
    {"constructors of range types are as the server makes them", "N-CONSTRUCTORS", check_constructors},
    {"every object has an owner", "E-OWNER-MISSING", check_owners},
    {"every database could be looked through", "W-NOT-CHECKED", check_left_behind_problems},
    {"CREATEROLE gives what it gave", "W-CREATEROLE N-CREATEROLE", check_create_role, crosses<16>},
});

constexpr const char* kEnginePlace = "the engine's volumes";

// What is needed beside the data, where that is not on the file system of the engine's volumes.
std::optional<DiskNeed> need_apart(const Facts& facts, const TargetPlan& target, std::int64_t needed) {
  for (const ServiceFacts& service : facts.services) {
    if (service.service != target.service) continue;
    if (service.data_device < 0 || facts.engine_device < 0 || service.data_device == facts.engine_device)
      return std::nullopt;
    return DiskNeed{.place = mount_name(target.data_mount),
                    .needed_bytes = needed,
                    .free_bytes = service.data_free_bytes};
  }
  return std::nullopt;
}

// A second copy of what is in the dump volumes.
std::optional<DiskNeed> need_of_kept_dumps(const Request& request, const Facts& facts,
                                           const std::vector<TargetPlan>& targets) {
  if (!request.dump_directory) return std::nullopt;
  DiskNeed need{.place = request.dump_directory->string(), .free_bytes = facts.dumps_free_bytes};
  for (const TargetPlan& target : targets) need.needed_bytes += dump_bytes(target.data_bytes);
  return need;
}

// Two places of one file system.
void join(DiskNeed& need, const DiskNeed& other) {
  if (need.place != other.place) need.place += " and " + other.place;
  need.needed_bytes += other.needed_bytes;
}

}  // namespace

void check_service(const Request& request, const ServiceFacts& service, Review& review) {
  check_standing(request, service, review);
  if (standing_of(service, request.target_major) != Standing::upgradable) return;
  const DataPlacement place = place_data(service, request.target_major);
  const Subject subject{
      .request = request, .service = service, .inventory = *service.inventory, .place = place};
  run_checks(kChecks, subject, review);
  run_checks(rule_of(request.strategy).checks, subject, review);
}

std::vector<DiskNeed> disk_needs(const Request& request, const Facts& facts,
                                 const std::vector<TargetPlan>& targets) {
  DiskNeed engine{.place = kEnginePlace, .free_bytes = facts.engine_free_bytes};
  DiskNeed state{.place = request.backup_directory.value_or(request.state_root).string(),
                 .free_bytes = facts.state_free_bytes};
  std::vector<DiskNeed> result;
  // Nothing is deleted before `cleanup`, so the targets add up.
  const StrategyRule& rule = rule_of(request.strategy);
  for (const TargetPlan& target : targets) {
    const Room room = rule.room(request, target);
    if (const auto apart = need_apart(facts, target, room.beside_data))
      result.push_back(*apart);
    else
      engine.needed_bytes += room.beside_data;
    engine.needed_bytes += room.engine;
    state.needed_bytes += room.state;
  }
  const auto dumps = need_of_kept_dumps(request, facts, targets);
  if (dumps && facts.dumps_with_state)
    join(state, *dumps);
  else if (dumps && facts.dumps_with_engine)
    join(engine, *dumps);
  if (facts.same_file_system) {
    engine = {.place = fmt::format("{} and {}", engine.place, state.place),
              .needed_bytes = engine.needed_bytes + state.needed_bytes,
              .free_bytes = engine.free_bytes < 0 ? state.free_bytes : engine.free_bytes};
  }
  result.insert(result.begin(), engine);
  if (!facts.same_file_system) result.insert(result.begin() + 1, state);
  if (dumps && !facts.dumps_with_state && !facts.dumps_with_engine) result.push_back(*dumps);
  return result;
}

Diagnostics check_disk(const Request& request, const std::vector<DiskNeed>& needs) {
  Diagnostics result;
  for (const DiskNeed& need : needs) {
    const std::string needed = human_bytes(static_cast<std::uint64_t>(need.needed_bytes));
    if (need.free_bytes < 0) {
      result.push_back({.severity = Severity::warning,
                        .code = "W-DISK-UNKNOWN",
                        .message = fmt::format("could not determine the free space of {}; up to {} is needed",
                                               printable(need.place), needed),
                        .hint = "make sure there is enough"});
    } else if (need.needed_bytes > need.free_bytes) {
      result.push_back({.severity = Severity::error,
                        .code = "E-DISK",
                        .message = fmt::format("not enough space in {}: up to {} is needed, {} is free",
                                               printable(need.place), needed,
                                               human_bytes(static_cast<std::uint64_t>(need.free_bytes))),
                        .hint = "free some space"});
    }
  }
  return with_acceptance(std::move(result), request.acknowledged);
}

}  // namespace pgupgrade::planning
