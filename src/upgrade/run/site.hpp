#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgupgrade/compose/project.hpp"
#include "pgupgrade/model/facts.hpp"
#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/upgrade/run/step.hpp"
#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::upgrade {

// The services that a request means, and those whose image may change along with theirs because one line
// names the image of several.
struct Companions {
  std::vector<std::string> targets;
  std::vector<std::string> clients;  // they use PostgreSQL's image without a cluster of their own
};

// Where services are declared: what says of them what they are, and makes their containers. A platform is a
// file in src/upgrade/site/ and a line in its table; whoever needs a service's container, or has it made,
// asks the site of the plan.
class Site {
 public:
  virtual ~Site() = default;
  virtual std::string_view name() const = 0;  // as in Plan::site

  virtual std::string subject(const Request& request) const = 0;  // "the Compose project"
  // What is declared. May hold secrets. Throws Error(usage) for what the user named wrongly, Error(refused)
  // for what another site has to do.
  virtual compose::Project load(World& world, const Request& request) const = 0;
  virtual compose::Project load(World& world, const Plan& plan) const = 0;  // the same, of a run
  // Throws Error(usage) with what there is to choose from.
  virtual Companions choose(World& world, const Request& request, const compose::Project& project) const = 0;
  // Who needs the service, of `all` containers, the new image's reference, and what has to be changed where
  // the service is declared. `digests` gets the files that would be edited.
  virtual void propose(ServiceFacts& facts, World& world, const Request& request,
                       const compose::Project& project, const Companions& companions,
                       const std::vector<docker::ContainerInfo>& all,
                       std::map<std::string, std::string>& digests) const = 0;
  // Whether what was proposed comes to what is meant, for all services.
  virtual void prove(std::vector<ServiceFacts>& services, World& world, const Request& request,
                     const compose::Project& project, const Companions& companions) const = 0;

  // What can only be said once it is known what the new image is like, as far as it is.
  virtual void conclude(ServiceFacts& facts, World& world, const Request& request) const = 0;

  // The container that runs for the service now, or ran last; nothing when there is none.
  virtual std::optional<docker::ContainerInfo> find(World& world, const std::string& project,
                                                    const std::string& service) const = 0;

  // The step that passes Point::declares: from then on the services are declared on their new images.
  virtual std::unique_ptr<Step> make_declare_step() const = 0;
  // Starts all targets as they are declared now. May be called again.
  virtual void start(StepContext& context) const = 0;
  // Makes the old container again, which is gone, and starts it. May be called again after it was cut off.
  virtual void start_old(StepContext& context, const TargetPlan& target) const = 0;
  // Makes the target's volume, which is gone: as the engine would make it, it would lack what was declared.
  virtual void make_volume(StepContext& context, const TargetPlan& target) const = 0;
  // Makes a client's container again, whose network went with the old one of a target. Error(failed) when it
  // cannot.
  virtual void make_client(StepContext& context, const ClientFacts& client) const = 0;
  // Containers that stay for the way back until cleanup, by name.
  virtual std::vector<std::string> kept(World& world, const Plan& plan) const = 0;
};

// Defined with the table, in src/upgrade/site/. Error(usage, "E-SITE") for one that this program lacks.
const Site& site_of(const Plan& plan);
const Site& site_of(const Request& request);

}  // namespace pgupgrade::upgrade
