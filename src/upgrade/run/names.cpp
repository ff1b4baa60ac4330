#include "upgrade/run/names.hpp"

#include <fmt/format.h>

#include <set>

#include "pgupgrade/base/hash.hpp"

namespace pgupgrade::upgrade {

std::string work_container_name(const std::string& run, const std::string& service,
                                const std::string& purpose) {
  return fmt::format("pgupgrade-{}-{}-{}", run, service, purpose);
}

std::string dump_volume_name(const std::string& run, const std::string& service) {
  return fmt::format("pgupgrade-{}-{}-dump", run, service);
}

std::string rehearsal_volume_name(const std::string& run, const std::string& service) {
  return fmt::format("pgupgrade-{}-{}-rehearsal", run, service);
}

std::string kept_volume_name(const std::string& run, const std::string& service) {
  return fmt::format("pgupgrade-{}-{}-kept", run, service);
}

std::string lock_container_name(const Mount& data) {
  return "pgupgrade-lock-" + sha256_hex(data_name(data)).substr(0, 16);
}

std::string data_name(const Mount& data) {
  return (data.kind == MountKind::volume ? "volume " : "directory ") + data.source;
}

std::string old_directory(const TargetPlan& target) {
  return fmt::format("{} of {}", target.old_pgdata, data_name(target.data_mount));
}

std::string old_versions(const Plan& plan) {
  std::set<int> majors;
  for (const TargetPlan& target : plan.targets) majors.insert(target.old_major);
  std::string versions;
  for (const int major : majors)
    versions += fmt::format("{}PostgreSQL {}", versions.empty() ? "" : ", ", major);
  return versions;
}

std::filesystem::path private_directory(const std::filesystem::path& socket_root, const std::string& run,
                                        std::size_t target_index) {
  return socket_root / fmt::format("pgupgrade-{}-{}", run, target_index);
}

}  // namespace pgupgrade::upgrade
