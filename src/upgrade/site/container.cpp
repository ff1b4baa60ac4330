#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/likeness.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/data_directory.hpp"
#include "pgupgrade/planning/image_reference.hpp"
#include "upgrade/back/replaced_container.hpp"
#include "upgrade/observe/container_users.hpp"
#include "upgrade/observe/observe_parts.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/service_container.hpp"
#include "upgrade/site/sites.hpp"

namespace pgupgrade::upgrade {
namespace {

std::string label(const docker::ContainerInfo& info, const char* name) {
  const auto found = info.labels.find(name);
  return found == info.labels.end() ? std::string() : found->second;
}

[[noreturn]] void refuse(const std::string& message, const std::string& hint) {
  throw Error(ErrorKind::refused, "E-CONTAINER", message, hint);
}

docker::ContainerInfo find_named(World& world, const std::string& name) {
  if (auto info = world.engine.inspect_container(name)) return *info;
  std::vector<std::string> names;
  for (const auto& container : world.engine.list_containers({}))
    if (!container.labels.contains(kRunLabel)) names.push_back(printable(container.name));
  const std::string meant = did_you_mean(meant_by(printable(name), names));
  throw Error(ErrorKind::usage, "E-NO-CONTAINER",
              fmt::format("could not find a container \"{}\"", printable(name)),
              meant.empty() ? "\"docker ps --all\" lists them" : meant);
}

// Whoever made the container for somebody would make it again as it was.
void refuse_owned(const docker::ContainerInfo& info) {
  const std::string name = printable(info.name);
  if (const std::string project = label(info, "com.docker.compose.project"); !project.empty()) {
    const std::string service = printable(label(info, "com.docker.compose.service"));
    const auto files = split_list(label(info, "com.docker.compose.project.config_files"), ",");
    std::string flags;
    for (const std::string& file : files) flags += " --compose " + shell_word(printable(file, 500));
    refuse(fmt::format("container {} belongs to service \"{}\" of the Compose project {}", name, service,
                       printable(project)),
           fmt::format("pgupgrade{} --service {} …", flags, service));
  }
  if (!label(info, "com.docker.swarm.service.id").empty())
    refuse(fmt::format("container {} belongs to the Swarm service \"{}\"", name,
                       printable(label(info, "com.docker.swarm.service.name"))),
           "Swarm would start another one in its place; upgrade it with pgupgrade migrate");
  if (!label(info, "io.kubernetes.pod.name").empty())
    refuse(fmt::format("container {} belongs to the pod {}", name,
                       printable(label(info, "io.kubernetes.pod.name"))),
           "upgrade it with pgupgrade migrate");
  if (info.labels.contains(kRunLabel)) refuse(fmt::format("container {} is pgupgrade's own", name), "");
}

// It would be gone once it is stopped, and its anonymous volumes with it.
void refuse_removing_itself(World& world, const docker::ContainerInfo& info) {
  if (!info.auto_remove) return;
  refuse(
      fmt::format("container {} removes itself when it stops (--rm), so there would be no way back to it",
                  printable(info.name)),
      "make one that stays: " +
          world.engine.run_line(info.id, info.name, docker::ContainerChanges{.image = info.image_reference}));
}

// What the container was given, without what its image gives.
std::map<std::string, std::string> own_environment(World& world, const docker::ContainerInfo& info) {
  const auto image = world.engine.inspect_image(info.image_id);
  std::map<std::string, std::string> own;
  for (const std::string& line : info.environment) {
    const auto equals = line.find('=');
    if (equals == std::string::npos) continue;
    if (image &&
        std::find(image->environment.begin(), image->environment.end(), line) != image->environment.end())
      continue;
    own[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return own;
}

void add_container(compose::Project& project, World& world, const docker::ContainerInfo& info) {
  project.services[info.name] = {.name = info.name,
                                 .image = info.image_reference,
                                 .environment = own_environment(world, info),
                                 .command = info.command};
}

// A container is its own declaration. Those that name it come along for the passwords that they know.
compose::Project project_of(World& world, const docker::ContainerInfo& info) {
  compose::Project project;
  project.name = info.name;
  add_container(project, world, info);
  for (const NamedBy& client : find_named_by(look_at_containers(world), info))
    add_container(project, world, client.container);
  return project;
}

std::string derive_image(const ServiceFacts& facts, int target_major) {
  const int data_major = facts.inventory ? facts.inventory->major() : facts.pg_version_file;
  const auto old = planning::parse_image_reference(facts.compose_image);
  const auto derived = old ? planning::retarget(*old, data_major, target_major) : std::nullopt;
  return derived ? derived->text() : std::string();
}

void propose_image(ServiceFacts& facts, const Request& request) {
  facts.new_image = request.image.empty() ? derive_image(facts, request.target_major) : request.image;
  if (!facts.new_image.empty() || (facts.inventory && facts.inventory->major() >= request.target_major))
    return;
  facts.edit_problem =
      Diagnostic{.severity = Severity::error,
                 .code = "E-CONTAINER-IMAGE",
                 .message = fmt::format("could not derive the new image of container {} from {}",
                                        printable(facts.service), printable(facts.compose_image)),
                 .hint = fmt::format("name an image of PostgreSQL {} with --image", request.target_major)};
}

// A container of `docker run`, which no file describes. It is made again from its inspection.
class ContainerSite final : public Site {
 public:
  std::string_view name() const override { return kContainerSite; }
  std::string subject(const Request& request) const override {
    return "container " + printable(request.container);
  }

  compose::Project load(World& world, const Request& request) const override {
    const docker::ContainerInfo info = find_named(world, request.container);
    refuse_owned(info);
    refuse_removing_itself(world, info);
    if (info.volumes_from)
      refuse(fmt::format("container {} has volumes of another one (--volumes-from)", printable(info.name)),
             "make one that names them by --volume, then run pgupgrade again");
    return project_of(world, info);
  }

  compose::Project load(World& world, const Plan& plan) const override {
    compose::Project project;
    for (const TargetPlan& target : plan.targets) {
      auto info = find_by_name(world, target.container_name);
      if (!info) info = world.engine.inspect_container(target.container_id);
      if (info) add_container(project, world, *info);
    }
    for (const ClientFacts& client : plan.clients)
      if (const auto info = world.engine.inspect_container(client.container_id))
        add_container(project, world, *info);
    return project;
  }

  Companions choose(World& world, const Request& request, const compose::Project&) const override {
    return {.targets = {find_named(world, request.container).name}, .clients = {}};
  }

  void propose(ServiceFacts& facts, World& world, const Request& request, const compose::Project& project,
               const Companions&, const std::vector<docker::ContainerInfo>& all,
               std::map<std::string, std::string>&) const override {
    facts.plain_container = true;
    observe_clients(facts, world, project, all);
    if (const auto info = world.engine.inspect_container(facts.container_id))
      facts.bound_containers = find_bound(all, *info);
    propose_image(facts, request);
    if (facts.declares_pgdata) facts.new_pgdata = pgdata_beside(facts, request);
  }

  void prove(std::vector<ServiceFacts>&, World&, const Request&, const compose::Project&,
             const Companions&) const override {}

  void conclude(ServiceFacts& facts, World& world, const Request& request) const override {
    const auto place = planning::place_data(facts, request.target_major);
    if (!facts.inventory || facts.new_image.empty() || !place.data_mount) return;
    facts.run_line = world.engine.run_line(
        facts.container_id, facts.container_name,
        changes_for_new(facts.new_image, *place.data_mount, place.new_target, facts.new_pgdata));
    facts.old_run_line = world.engine.run_line(facts.container_id, facts.container_name,
                                               docker::ContainerChanges{.image = facts.compose_image});
  }

  std::optional<docker::ContainerInfo> find(World& world, const std::string&,
                                            const std::string& service) const override {
    return find_by_name(world, service);
  }

  std::unique_ptr<Step> make_declare_step() const override { return make_recreate_step(); }

  void start(StepContext& context) const override {
    for (const TargetPlan& target : context.plan().targets)
      if (const auto info = find_by_name(context.world, target.container_name))
        context.world.engine.start_container(info->id);
  }

  void start_old(StepContext& context, const TargetPlan& target) const override {
    start_old_like_new(context, target);
  }

  // What options its driver had nobody knows any more.
  void make_volume(StepContext& context, const TargetPlan& target) const override {
    context.world.engine.create_volume({.name = target.data_volume.name,
                                        .driver = target.data_volume.driver,
                                        .driver_options = {},
                                        .labels = target.data_volume.labels});
  }

  void make_client(StepContext&, const ClientFacts&) const override {
    throw Error(ErrorKind::failed, "E-CONTAINER-GONE", "no Compose file describes it");
  }

  std::vector<std::string> kept(World& world, const Plan& plan) const override {
    std::vector<std::string> names;
    for (const TargetPlan& target : plan.targets) {
      const auto old = world.engine.inspect_container(target.container_id);
      if (old && old->name == aside_name(plan, target)) names.push_back(old->name);
    }
    return names;
  }
};

}  // namespace

const Site& container_site() {
  static const ContainerSite site;
  return site;
}

}  // namespace pgupgrade::upgrade
