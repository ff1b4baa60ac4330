#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <sstream>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/data_directory.hpp"
#include "upgrade/data/data_users.hpp"
#include "upgrade/data/locks.hpp"
#include "upgrade/observe/observe_parts.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/service_container.hpp"
#include "upgrade/sandbox/work_files.hpp"

namespace pgupgrade::upgrade {
namespace {

std::string variable(const std::vector<std::string>& environment, const std::string& name) {
  for (const std::string& line : environment) {
    if (line.starts_with(name + "=")) return line.substr(name.size() + 1);
  }
  return {};
}

// What a server in a work container needs of the environment. Passwords are not among it.
bool is_harmless(const std::string& name) {
  static const std::set<std::string> names = {"LANG", "LANGUAGE",   "TZ",
                                              "PGTZ", "LD_PRELOAD", "MALLOC_ARENA_MAX"};
  return names.contains(name) || name.starts_with("LC_");
}

// 0 when there is none. Docker's archive call reads it from a stopped container too.
int read_pg_version(World& world, const std::string& container, const std::string& pgdata) {
  int version = 0;
  try {
    const auto content = file_in_container(world.engine, container, pgdata + "/PG_VERSION");
    if (content) std::from_chars(content->data(), content->data() + content->size(), version);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::failed) throw;
  }
  return version;
}

std::string pgdata_of(World& world, const docker::ContainerInfo& info) {
  const std::string own = variable(info.environment, "PGDATA");
  const auto image = own.empty() ? world.engine.inspect_image(info.image_id) : std::nullopt;
  return image ? variable(image->environment, "PGDATA") : own;
}

// Neither the image's own entrypoint with the server's options nor "postgres" itself.
bool starts_another_program(World& world, const docker::ContainerInfo& info) {
  const auto image = world.engine.inspect_image(info.image_id);
  if (!image || info.entrypoint != image->entrypoint) return image.has_value();
  return !info.command.empty() && info.command.front() != "postgres" &&
         !info.command.front().starts_with("-");
}

// A container of the project that only reads the data, such as a backup's, is one to stop for the time of the
// run. One that has ended stays as it is. Any other may write when it likes.
void observe_other_users(ServiceFacts& facts, World& world, const Mount& data,
                         const std::vector<docker::ContainerInfo>& all) {
  for (const DataUser& user : data_users(world.engine, data, all)) {
    const docker::ContainerInfo& info = user.container;
    if (info.id == facts.container_id || info.labels.contains(kRunLabel)) continue;
    const bool of_project = !facts.project.empty() &&
                            label_of(info, "com.docker.compose.project") == facts.project &&
                            !label_of(info, "com.docker.compose.service").empty();
    if (user.writes || !of_project)
      facts.other_users.push_back(fmt::format("{} ({})", info.name, docker::state_name(info.status)));
    else if (info.running())
      add_client(facts, info, "reads the data at " + printable(user.place));
  }
}

// Room on the file system of `mount`, and the first few of the files there that have extended attributes or
// access control lists. A bind mount, or a volume with options of its own, may lie on a file system of its
// own. What SELinux puts on every file is none of the user's. Where tar does not know of such things, nobody
// can tell. In GNU tar's verbose list a sign follows the ten letters of the mode. An archive that goes to
// /dev/null is not filled.
constexpr const char* kWithin =
    "stat -c 'device %d' -- \"$1\"; stat -f -c 'room %a %S' -- \"$1\"; cd -- \"$1\" && tar --xattrs "
    "--xattrs-include='*' --xattrs-exclude=security.selinux --acls -cvvf /dev/null . 2>/dev/null | grep "
    "'^..........[*+]' | head -n 5 | sed 's/^[^ ]* *[^ ]* *[^ ]* *[^ ]* *[^ ]* */file /'";

// One that ends and is started again and again may do so at any moment.
void observe_from_within(ServiceFacts& facts, World& world, const Mount& data) {
  if (!facts.running) return;
  try {
    const auto result = world.engine.exec(facts.container_id, {"sh", "-c", kWithin, "sh", data.target}, "");
    std::int64_t device = -1;
    for (const std::string& line : split_lines(result.standard_output)) {
      std::istringstream words(line);
      std::string kind;
      std::int64_t blocks = 0;
      std::int64_t block_bytes = 0;
      if (line.starts_with("file ")) facts.with_attributes.push_back(line.substr(5));
      words >> kind;
      if (kind == "device") words >> device;
      if (kind != "room" || device < 0 || !(words >> blocks >> block_bytes)) continue;
      facts.data_device = device;
      facts.data_free_bytes = blocks * block_bytes;
    }
  } catch (const Error& error) {
    if (!error.is("E-ENGINE-CONFLICT")) throw;
    facts.running = false;
    facts.ended = true;
  }
}

}  // namespace

std::vector<std::string> clients_by_image(World& world, const compose::Project& project) {
  std::vector<std::string> clients;
  for (const auto& [name, service] : project.services) {
    if (!compose::looks_like_postgres(service)) continue;
    const auto info = find_compose_container(world, project.name, name);
    if (info && starts_another_program(world, *info) &&
        read_pg_version(world, info->id, pgdata_of(world, *info)) == 0)
      clients.push_back(name);
  }
  return clients;
}

void observe_container(ServiceFacts& facts, World& world, const Site& site,
                       const std::vector<docker::ContainerInfo>& all) {
  const auto info = site.find(world, facts.project, facts.service);
  if (!info) return;
  facts.container_id = info->id;
  facts.container_name = info->name;
  facts.running = info->status == docker::ContainerStatus::running;
  facts.ended = !facts.running && info->status != docker::ContainerStatus::created;
  facts.image_id = info->image_id;
  const auto files = info->labels.find("com.docker.compose.project.config_files");
  if (files != info->labels.end()) facts.made_from = files->second;
  facts.pgdata = variable(info->environment, "PGDATA");
  if (const auto image = world.engine.inspect_image(info->image_id)) {
    facts.image_pgdata = variable(image->environment, "PGDATA");
    const std::string major = variable(image->environment, "PG_MAJOR");
    std::from_chars(major.data(), major.data() + major.size(), facts.image_major);
  }
  if (facts.pgdata.empty()) facts.pgdata = facts.image_pgdata;
  for (const std::string& line : info->environment) {
    const auto equals = line.find('=');
    if (equals != std::string::npos && is_harmless(line.substr(0, equals))) {
      facts.environment[line.substr(0, equals)] = line.substr(equals + 1);
    }
  }
  facts.user = info->user;
  facts.shm_bytes = info->shm_bytes;
  facts.restart = info->restart;
  facts.mounts = info->mounts;
  facts.pg_version_file = read_pg_version(world, info->id, facts.pgdata);
  const auto data = planning::mount_of(facts.mounts, facts.pgdata);
  if (!data) return;
  refuse_locked_data(world, *data);
  if (data->kind == MountKind::volume) {
    if (const auto volume = world.engine.inspect_volume(data->source)) {
      facts.data_volume = VolumeFacts{.name = volume->name,
                                      .driver = volume->driver,
                                      .created_at = volume->created_at,
                                      .labels = volume->labels};
    }
  }
  observe_other_users(facts, world, *data, all);
  observe_from_within(facts, world, *data);
}

void observe_new_directory(ServiceFacts& facts, World& world) {
  if (facts.new_pgdata.empty()) return;
  const auto mount = planning::mount_of(facts.mounts, facts.new_pgdata);
  const int major = read_pg_version(world, facts.container_id, facts.new_pgdata);
  if (mount && major != 0)
    facts.unused_clusters.push_back({.mount = *mount, .path = facts.new_pgdata, .major = major});
}

}  // namespace pgupgrade::upgrade
