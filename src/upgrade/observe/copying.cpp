#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/data_directory.hpp"
#include "pgupgrade/postgres/physical.hpp"
#include "upgrade/observe/observe_parts.hpp"

namespace pgupgrade::upgrade {
namespace fs = std::filesystem;

namespace {

// Tried as a work container will do it: over TCP, without a password.
std::string replication_refusal(World& world, const std::string& container, const Inventory& inventory) {
  std::vector<std::string> argv = {"env", "-u", "PGPASSWORD", "PGPASSFILE=/nonexistent"};
  const auto psql = postgres::replication_command(postgres::primary_of(inventory), "IDENTIFY_SYSTEM");
  argv.insert(argv.end(), psql.begin(), psql.end());
  const auto result = world.engine.exec(container, argv, "");
  if (result.exit_code == 0) return {};
  for (const std::string& line : split_lines(result.standard_error)) {
    const std::size_t reason = line.find("FATAL:");
    if (reason != std::string::npos) return printable(trim(line.substr(reason + 6)), 200);
  }
  const auto lines = split_lines(result.standard_error);
  return lines.empty() ? fmt::format("psql ended with exit code {}", result.exit_code)
                       : printable(trim(lines.front()), 200);
}

// As far as this process may look there; the run asks again before it copies.
std::string why_no_exchange(const std::string& data_directory, const std::string& below) {
  std::error_code unreadable;
  struct stat data {};
  struct stat parent {};
  const fs::path directory(data_directory);
  if (data_directory.empty() || ::stat(directory.c_str(), &data) != 0 ||
      ::stat(directory.parent_path().c_str(), &parent) != 0)
    return {};
  if (data.st_dev != parent.st_dev) return "it is a mount point";
  if (below.empty()) return {};
  for (const auto& entry : fs::directory_iterator(directory, unreadable)) {
    const std::string name = entry.path().filename().string();
    if (name != below && name != "lost+found")
      return fmt::format("it holds more than the data directory: {}", printable(name, 200));
  }
  return {};
}

// "pgdata" of /data/pgdata/16 in a mount at /data; empty where the mount is the data directory.
std::string first_below(const std::string& mount, const std::string& pgdata) {
  const fs::path below = fs::path(pgdata).lexically_relative(mount);
  return below.empty() || below == "." ? std::string() : below.begin()->string();
}

CopyFacts look(const ServiceFacts& facts, World& world, postgres::SqlReader& reader,
               const std::string& database, ImageLooks& images) {
  CopyFacts copy = postgres::read_copy_facts(reader, database, *facts.inventory);
  const auto data = planning::mount_of(facts.mounts, facts.pgdata);
  if (data && data->kind == MountKind::bind) copy.data_directory = data->source;
  if (data && data->kind == MountKind::volume) {
    if (const auto volume = world.engine.inspect_volume(data->source)) {
      copy.data_directory = volume->mount_point;
      copy.plain_volume = volume->driver == "local" && volume->driver_options.empty();
    }
  }
  if (data && copy.plain_volume)
    copy.no_exchange = why_no_exchange(copy.data_directory, first_below(data->target, facts.pgdata));
  copy.old_libc = images.at(facts.service, facts.image_id).libc;
  return copy;
}

}  // namespace

void observe_copying(ServiceFacts& facts, World& world, postgres::SqlReader& reader,
                     const std::string& database, ImageLooks& images) {
  try {
    facts.copy = look(facts, world, reader, database, images);
  } catch (const Error& error) {
    // Another strategy does without.
    if (error.kind() != ErrorKind::failed && error.kind() != ErrorKind::refused) throw;
    facts.copy = CopyFacts{.problem = error.what()};
  }
}

}  // namespace pgupgrade::upgrade
