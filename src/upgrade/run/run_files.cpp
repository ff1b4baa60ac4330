#include <fmt/format.h>

#include <filesystem>

#include "pgupgrade/base/name_text.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"

namespace pgupgrade::upgrade {
namespace fs = std::filesystem;

fs::path RunFiles::backup_directory() const {
  return backups.empty() ? directory / "backup" : backups;
}
fs::path RunFiles::archive(const std::string& service) const {
  return backup_directory() / (service + ".tar.zst");
}
fs::path RunFiles::manifest(const std::string& service) const {
  return backup_directory() / (service + ".manifest.json");
}
fs::path RunFiles::kept_dumps(const std::string& service) const {
  return dumps / safe_file_name(service);
}
fs::path RunFiles::fingerprint(const std::string& service, const std::string& side) const {
  return directory / fmt::format("fingerprint-{}-{}.json", service, side);
}
fs::path RunFiles::old_cluster(const std::string& service) const {
  return directory / fmt::format("old-cluster-{}.json", service);
}
fs::path RunFiles::dump_record(const std::string& service) const {
  return directory / fmt::format("dump-{}.json", service);
}
// A service may be called "..".
fs::path RunFiles::carried(const std::string& service) const {
  return directory / "carried" / (service + ".files");
}
fs::path RunFiles::configuration(const std::string& service) const {
  return directory / "carried" / (service + ".tar");
}
fs::path RunFiles::original(std::size_t index) const {
  return directory / "original" / std::to_string(index);
}

}  // namespace pgupgrade::upgrade
