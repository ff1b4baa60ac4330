#include <fmt/format.h>

#include "pgupgrade/upgrade/command/commands.hpp"
#include "upgrade/cluster/rehearsal.hpp"
#include "upgrade/sandbox/image_probe.hpp"

namespace pgupgrade::upgrade {

Diagnostics rehearse_plan(const Plan& plan, World& world) {
  if (!is_dumped(plan))
    return {{.severity = Severity::warning,
             .code = "W-REHEARSAL",
             .message = fmt::format("strategy {} restores nothing, so nothing was rehearsed", plan.strategy),
             .hint = "the run checks the copy before it stops anything: pgupgrade prepare"}};
  Diagnostics found;
  for (const TargetPlan& target : plan.targets) {
    if (!world.engine.inspect_image(target.new_image)) {
      found.push_back(
          {.severity = Severity::warning,
           .code = "W-REHEARSAL",
           .message = fmt::format("service \"{}\" could not be rehearsed: image {} is not on the engine",
                                  target.service, target.new_image),
           .hint = "docker pull " + target.new_image});
      continue;
    }
    const ImageFacts image = probe_image(world, plan.run_id, target.service, target.new_image);
    const RehearsalImage new_image{.id = image.id,
                                   .owner = owner_for(world, plan.run_id, target.service, image, {})};
    for (Diagnostic& diagnostic : rehearse(world, plan, target, new_image).diagnostics)
      found.push_back(std::move(diagnostic));
  }
  return found;
}

}  // namespace pgupgrade::upgrade
