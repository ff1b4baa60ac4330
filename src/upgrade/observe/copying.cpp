#include <fmt/format.h>

#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/data_directory.hpp"
#include "pgupgrade/postgres/physical.hpp"
#include "upgrade/observe/observe_parts.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/image_probe.hpp"

namespace pgupgrade::upgrade {
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

}  // namespace

void observe_copying(ServiceFacts& facts, World& world, postgres::SqlReader& reader,
                     const std::string& database, const Request& request) {
  CopyFacts copy = postgres::read_copy_facts(reader, database, *facts.inventory);
  const auto data = planning::mount_of(facts.mounts, facts.pgdata);
  if (data && data->kind == MountKind::bind) copy.data_directory = data->source;
  if (data && data->kind == MountKind::volume) {
    if (const auto volume = world.engine.inspect_volume(data->source)) {
      copy.data_directory = volume->mount_point;
      copy.plain_volume = volume->driver == "local" && volume->driver_options.empty();
    }
  }
  if (copies_running_server(request.strategy)) {
    copy.refusal = replication_refusal(world, facts.container_id, *facts.inventory);
    copy.old_libc = probe_image(world, kObservation + random_hex(4), facts.service, facts.image_id).libc;
  }
  facts.copy = std::move(copy);
}

}  // namespace pgupgrade::upgrade
