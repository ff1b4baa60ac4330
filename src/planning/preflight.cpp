#include "pgupgrade/planning/preflight.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/estimates.hpp"
#include "planning/checks.hpp"
#include "planning/strategy_rules.hpp"

namespace pgupgrade::planning {

namespace {

// A new reason to refuse or to warn is one function and one line here.
constexpr auto kChecks = std::to_array<Check>({check_data_directory,
                                               check_data_directory_setting,
                                               check_new_directory,
                                               check_data_mount,
                                               check_subpaths,
                                               check_nested_mounts,
                                               check_shared_volume,
                                               check_extended_attributes,
                                               check_outside_data,
                                               check_replication,
                                               check_closed_databases,
                                               check_prepared_transactions,
                                               check_name_bytes,
                                               check_names,
                                               check_superuser_name,
                                               check_md5_passwords,
                                               check_compose_files,
                                               check_old_image,
                                               check_compose_edit,
                                               check_bound_containers,
                                               check_password_encryption,
                                               check_poolers,
                                               check_dumpers,
                                               check_host_clients,
                                               check_checksums,
                                               check_changed_defaults,
                                               check_catalog_objects,
                                               check_key_states,
                                               check_constructors,
                                               check_owners,
                                               check_left_behind_problems,
                                               check_create_role});

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

Diagnostics check_service(const Request& request, const ServiceFacts& service) {
  Diagnostics result = check_standing(request, service);
  if (standing_of(service, request.target_major) == Standing::upgradable) {
    const DataPlacement place = place_data(service, request.target_major);
    const Subject subject{
        .request = request, .service = service, .inventory = *service.inventory, .place = place};
    run_checks(kChecks, subject, result);
    for (Diagnostic& found : rule_of(request.strategy).suits(subject)) result.push_back(std::move(found));
  }
  return with_acceptance(std::move(result), request.acknowledged);
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
