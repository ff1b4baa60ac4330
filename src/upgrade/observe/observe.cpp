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
#include "upgrade/observe/container_users.hpp"
#include "upgrade/observe/observe_parts.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/work.hpp"

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

// What all services are looked at with.
struct Looking {
  World& world;
  const compose::Project& project;
  const Request& request;
  const Companions& companions;
  const std::vector<docker::ContainerInfo> all;
  std::function<void(const std::string&)> say;
  ImageLooks images{world};
};

struct Looked {
  ServiceFacts service;
  std::map<std::string, std::string> digests;
  std::optional<ImageFacts> image;  // the new one; edits are proposed and proven without it
};

Looked observe_service(const std::string& name, Looking& with) {
  World& world = with.world;
  const Site& site = site_of(with.request);
  Looked looked{.service = begin_service(name, with.project), .digests = {}, .image = {}};
  ServiceFacts& service = looked.service;
  with.say(fmt::format("looking at service {}", printable(name)));
  observe_container(service, world, site, with.all);
  observe_absent_container(service, world, with.project);
  observe_server(service, world, with.project, with.request, with.images);
  if (may_be_elsewhere(service, with.request.target_major))
    observe_other_clusters(service, world, with.project);
  site.propose(service, world, with.request, with.project, with.companions, with.all, looked.digests);
  observe_new_directory(service, world);
  if (!service.new_image.empty() && world.engine.inspect_image(service.new_image)) {
    with.say(fmt::format("looking at image {}", printable(service.new_image)));
    looked.image = with.images.at(name, service.new_image);
  }
  return looked;
}

// On any image that is here; nobody has one where no service was ever started.
void prove_reach(World& world, const compose::Project& project, const Request& request,
                 const Companions& companions) {
  for (const std::string& name : companions.targets)
    if (const auto info = site_of(request).find(world, project.name, name))
      return refuse_remote_engine(world, info->image_id);
}

// What can be said once all of them are known.
void conclude_service(ServiceFacts& service, World& world, const Request& request) {
  site_of(request).conclude(service, world, request);
  // A run that has begun meanwhile may have stopped the server, which then seems to be broken.
  if (const auto data = planning::mount_of(service.mounts, service.pgdata)) refuse_locked_data(world, *data);
}

// Most of it is waiting for the engine and for what it starts. The edits and the settings of all services are
// tried together, one beside the other: they have nothing of the facts in common.
void observe_services(Facts& facts, World& world, const compose::Project& project, const Request& request,
                      const Companions& companions, const std::function<void(const std::string&)>& say) {
  const std::vector<std::string>& names = companions.targets;
  std::mutex mutex;
  const auto say_one = [&](const std::string& what) {
    const std::lock_guard lock(mutex);
    say(what);
  };
  Looking with{.world = world,
               .project = project,
               .request = request,
               .companions = companions,
               .all = look_at_containers(world),
               .say = say_one};
  std::vector<std::optional<ImageFacts>> images(names.size());
  std::vector<std::map<std::string, std::string>> digests(names.size());
  facts.services.resize(names.size());
  side_by_side(names.size() + 1, world.at_once, [&](std::size_t index) {
    if (index == names.size()) return prove_reach(world, project, request, companions);
    Looked looked = observe_service(names[index], with);
    facts.services[index] = std::move(looked.service);
    digests[index] = std::move(looked.digests);
    images[index] = std::move(looked.image);
  });
  side_by_side(2, world.at_once, [&](std::size_t index) {
    if (index == 0) site_of(request).prove(facts.services, world, request, project, companions);
    if (index == 1) observe_refused_settings(facts.services, images, world);
  });
  for (std::size_t index = 0; index < names.size(); ++index) {
    facts.services[index].new_image_facts = std::move(images[index]);
    facts.file_digests.merge(digests[index]);
  }
  side_by_side(names.size(), world.at_once,
               [&](std::size_t index) { conclude_service(facts.services[index], world, request); });
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
  const std::vector<docker::ContainerInfo> all = look_at_containers(world);
  std::vector<ServiceFacts> states;
  for (const auto& [name, declared] : project.services) {
    if (!compose::looks_like_postgres(declared) ||
        std::find(clients.begin(), clients.end(), name) != clients.end())
      continue;
    ServiceFacts service = begin_service(name, project);
    observe_container(service, world, site, all);
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
