#include "pgupgrade/upgrade/observe/observe.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/side_by_side.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/data_directory.hpp"
#include "upgrade/data/locks.hpp"
#include "upgrade/observe/observe_parts.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/image_probe.hpp"

namespace pgupgrade::upgrade {
namespace fs = std::filesystem;

namespace {

dev_t device_of(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_dev : 0;
}

fs::path nearest_existing(fs::path path) {
  std::error_code ignored;
  while (!fs::exists(path, ignored) && path.has_relative_path()) path = path.parent_path();
  return path;
}

void observe_disk(Facts& facts, const Request& request, const docker::EngineInfo& info) {
  // Backups go there; it is made by the run.
  const fs::path state = nearest_existing(request.backup_directory.value_or(request.state_root));
  facts.state_free_bytes = static_cast<std::int64_t>(free_bytes(state));
  const fs::path dumps = request.dump_directory ? nearest_existing(*request.dump_directory) : fs::path();
  if (request.dump_directory) {
    facts.dumps_free_bytes = static_cast<std::int64_t>(free_bytes(dumps));
    facts.dumps_with_state = device_of(dumps) == device_of(state);
  }
  std::error_code ignored;
  if (info.root_directory.empty() || !fs::is_directory(info.root_directory, ignored)) return;
  facts.engine_free_bytes = static_cast<std::int64_t>(free_bytes(info.root_directory));
  facts.engine_device = static_cast<std::int64_t>(device_of(info.root_directory));
  facts.same_file_system = facts.engine_device == static_cast<std::int64_t>(device_of(state));
  facts.dumps_with_engine =
      request.dump_directory && facts.engine_device == static_cast<std::int64_t>(device_of(dumps));
}

// Of a service without a container: a volume that is there all the same, or a directory with a cluster in it.
// Nobody asks a server for what a healthy one, older than the target, does not use.
bool may_be_elsewhere(const ServiceFacts& service, int target_major) {
  if (!service.inventory || service.inventory->major() >= target_major) return true;
  const auto data = planning::mount_of(service.mounts, service.inventory->data_directory);
  return data && planning::is_anonymous(*data);
}

std::string find_lone_volume(World& world, const compose::Project& project, const compose::Service& service) {
  for (const compose::ServiceMount& mount : service.mounts) {
    const auto volume = project.volumes.find(mount.source);
    if (mount.type == "volume" && volume != project.volumes.end() &&
        world.engine.inspect_volume(volume->second)) {
      return "volume " + volume->second;
    }
    std::error_code ignored;
    if (mount.type == "bind" && fs::exists(fs::path(mount.source) / "PG_VERSION", ignored))
      return "directory " + mount.source;
  }
  return {};
}

// What the Compose file alone says of the data of a service without a container.
void observe_absent_container(ServiceFacts& service, World& world, const compose::Project& project) {
  if (!service.container_id.empty()) return;
  const compose::Service& declared = project.services.at(service.service);
  const auto pgdata = declared.environment.find("PGDATA");
  if (pgdata != declared.environment.end()) service.pgdata = pgdata->second;
  service.lone_volume = find_lone_volume(world, project, declared);
}

ServiceFacts begin_service(const std::string& name, const compose::Project& project) {
  ServiceFacts service{.service = name, .project = project.name};
  const compose::Service& declared = project.services.at(name);
  service.compose_image = declared.image;
  service.declares_pgdata = declared.environment.contains("PGDATA");
  return service;
}

ServiceFacts observe_service(const std::string& name, World& world, const compose::Project& project,
                             const Request& request, const Companions& companions,
                             std::map<std::string, std::string>& digests,
                             const std::function<void(const std::string&)>& say) {
  const Site& site = site_of(request);
  ServiceFacts service = begin_service(name, project);
  say(fmt::format("looking at service {}", printable(name)));
  observe_container(service, world, site);
  observe_absent_container(service, world, project);
  observe_server(service, world, project, request);
  if (may_be_elsewhere(service, request.target_major)) observe_other_clusters(service, world, project);
  site.propose(service, world, request, project, companions, digests);
  observe_new_directory(service, world);
  if (!service.new_image.empty() && world.engine.inspect_image(service.new_image)) {
    say(fmt::format("looking at image {}", printable(service.new_image)));
    const std::string run = kObservation + random_hex(4);
    service.new_image_facts = probe_image(world, run, name, service.new_image);
    if (service.inventory) try_settings(world, run, name, *service.inventory, *service.new_image_facts);
  }
  site.conclude(service, world, request);
  // A run that has begun meanwhile may have stopped the server, which then seems to be broken.
  if (const auto data = planning::mount_of(service.mounts, service.pgdata)) refuse_locked_data(world, *data);
  return service;
}

// Most of it is waiting for the engine and for what it starts.
void observe_services(Facts& facts, World& world, const compose::Project& project, const Request& request,
                      const Companions& companions, const std::function<void(const std::string&)>& say) {
  const std::vector<std::string>& names = companions.targets;
  std::vector<std::map<std::string, std::string>> digests(names.size());
  facts.services.resize(names.size());
  std::mutex mutex;
  const auto say_one = [&](const std::string& what) {
    const std::lock_guard lock(mutex);
    say(what);
  };
  side_by_side(names.size(), world.at_once, [&](std::size_t index) {
    facts.services[index] =
        observe_service(names[index], world, project, request, companions, digests[index], say_one);
  });
  for (auto& own : digests) facts.file_digests.merge(own);
  const auto any = std::find_if(facts.services.begin(), facts.services.end(),
                                [](const ServiceFacts& service) { return !service.image_id.empty(); });
  if (any != facts.services.end()) refuse_remote_engine(world, any->image_id);
}

}  // namespace

void refuse_remote_engine(World& world, const std::string& image_id) {
  const std::string run = kObservation + random_hex(4);
  const fs::path directory = world.socket_root / ("pgupgrade-" + run);
  create_private_directory(directory);
  const std::string nonce = random_hex(16);
  write_file_durably(directory / "nonce", nonce, 0644);
  const WorkSpec spec{
      .run = run,
      .service = "engine",
      .purpose = "reach",
      .image = image_id,
      .argv = {"cat", std::string(kRunMount) + "/nonce"},
      .mounts = {{.kind = MountKind::bind, .source = directory.string(), .target = kRunMount}}};
  std::string seen;
  try {
    seen = run_work(world, spec).standard_output;
  } catch (const Error& error) {
    remove_tree(directory);
    if (error.kind() != ErrorKind::failed) throw;
    seen = error.what();  // an engine elsewhere may not even find the directory
  }
  remove_tree(directory);
  if (trim(seen) == nonce) return;
  throw Error(
      ErrorKind::usage, "E-ENGINE-REMOTE",
      "cannot upgrade through this engine: a bind mount of this host's directories does not reach its "
      "containers",
      "run pgupgrade on the engine's own host");
}

std::vector<ServiceFacts> observe_states(const ProjectLocation& location, World& world) {
  const Request request{.project = location};
  const Site& site = site_of(request);
  const compose::Project project = site.load(world, request);
  const auto clients = clients_by_image(world, project);
  std::vector<ServiceFacts> states;
  for (const auto& [name, declared] : project.services) {
    if (!compose::looks_like_postgres(declared) ||
        std::find(clients.begin(), clients.end(), name) != clients.end())
      continue;
    ServiceFacts service = begin_service(name, project);
    observe_container(service, world, site);
    observe_absent_container(service, world, project);
    observe_other_clusters(service, world, project);
    observe_old_image(service, world, request);
    states.push_back(std::move(service));
  }
  return states;
}

Facts observe(const Request& request, World& world, const std::string& endpoint,
              const std::function<void(const std::string&)>& say) {
  const Site& site = site_of(request);
  remove_dead_observations(world);
  Facts facts;
  const auto info = world.engine.info();
  facts.engine_id = info.id;
  facts.engine_endpoint = endpoint;
  facts.processors = info.processors;
  facts.memory_bytes = info.memory_bytes;
  say("reading " + site.subject(request));
  const compose::Project project = site.load(world, request);
  facts.project = project.name;
  facts.project_directory =
      request.project.files.empty() ? "" : request.project.files.front().parent_path().string();
  observe_services(facts, world, project, request, site.choose(world, request, project), say);
  observe_disk(facts, request, info);
  facts.past_runs = observe_past_runs(request.state_root, facts.engine_id);
  return facts;
}

}  // namespace pgupgrade::upgrade
