#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "upgrade/back/old_container.hpp"
#include "upgrade/clients/compose_files.hpp"
#include "upgrade/observe/observe_parts.hpp"
#include "upgrade/run/context.hpp"
#include "upgrade/run/for_targets.hpp"
#include "upgrade/sandbox/service_container.hpp"
#include "upgrade/site/sites.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr std::chrono::minutes kPatience{10};

void refuse_missing_files(const Request& request) {
  for (const std::filesystem::path& file : request.project.files) {
    std::error_code ignored;
    if (std::filesystem::exists(file, ignored)) continue;
    throw Error(ErrorKind::usage, "E-NO-FILE",
                fmt::format("could not find the Compose file {}", file.string()),
                "specify it with --compose");
  }
}

// A project's files. Compose makes the containers, pgupgrade edits the files.
class ComposeSite final : public Site {
 public:
  std::string_view name() const override { return kComposeSite; }

  std::string subject(const Request&) const override { return "the Compose project"; }

  compose::Project load(World& world, const Request& request) const override {
    refuse_missing_files(request);
    world.compose.version();  // refuses what is no Compose of today
    return world.compose.load(request.project);
  }

  compose::Project load(World& world, const Plan& plan) const override {
    return world.compose.load(plan.location);
  }

  Companions choose(World& world, const Request& request, const compose::Project& project) const override {
    Companions companions{.targets = {}, .clients = clients_by_image(world, project)};
    companions.targets = choose_services(request, project, companions.clients);
    for (const std::string& name : companions.targets) std::erase(companions.clients, name);
    return companions;
  }

  void propose(ServiceFacts& facts, World& world, const Request& request, const compose::Project& project,
               const Companions& companions, const std::vector<docker::ContainerInfo>& all,
               std::map<std::string, std::string>& digests) const override {
    observe_old_image(facts, world, request);
    observe_clients(facts, world, project, all);
    Companions others = companions;
    std::erase(others.targets, facts.service);
    observe_edits(facts, world, project, request, others, digests);
  }

  void prove(std::vector<ServiceFacts>& services, World& world, const Request& request,
             const compose::Project& project, const Companions& companions) const override {
    prove_edits(services, world, project, request, companions);
  }

  void conclude(ServiceFacts&, World&, const Request&) const override {}

  std::optional<docker::ContainerInfo> find(World& world, const std::string& project,
                                            const std::string& service) const override {
    return find_compose_container(world, project, service);
  }

  std::unique_ptr<Step> make_declare_step() const override { return make_edit_compose_step(); }

  // By one call for all. Where one of them may fail alone, by one for each.
  void start(StepContext& context) const override {
    const ProjectLocation location = location_after(context.journal);
    std::vector<std::string> services;
    for (const TargetPlan* target : context.targets()) services.push_back(target->service);
    if (!context.plan().keep_going) return context.world.compose.up(location, services, kPatience);
    for (const TargetPlan* target : context.targets())
      done_for(context, *target, [&] { context.world.compose.up(location, {target->service}, kPatience); });
  }

  void start_old(StepContext& context, const TargetPlan& target) const override {
    start_old_through_compose(context, target);
  }

  // With its driver's options and Compose's labels, from the file of before.
  void make_volume(StepContext& context, const TargetPlan& target) const override {
    context.world.compose.create(context.plan().location, {target.service}, kPatience);
  }

  void make_client(StepContext& context, const ClientFacts& client) const override {
    const Plan& plan = context.plan();
    if (client.project != plan.project || client.service.empty())
      throw Error(ErrorKind::failed, "E-COMPOSE-UP", "it is not of this project");
    if (client.running)
      context.world.compose.up(plan.location, {client.service}, kPatience);
    else
      context.world.compose.create(plan.location, {client.service}, kPatience);
  }

  std::vector<std::string> kept(World&, const Plan&) const override { return {}; }
};

}  // namespace

const Site& compose_site() {
  static const ComposeSite site;
  return site;
}

}  // namespace pgupgrade::upgrade
