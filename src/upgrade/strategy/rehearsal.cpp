#include "upgrade/back/way_back.hpp"
#include "upgrade/steps/steps.hpp"
#include "upgrade/strategy/strategies.hpp"

namespace pgupgrade::upgrade {
namespace {

// What an upgrade by dump does in its downtime, on a copy: these are the parts that are measured.
Steps steps(const Plan& plan) {
  Steps all;
  all.push_back(make_pull_step());
  all.push_back(make_copy_live_step());
  all.push_back(make_dump_copy_step());
  all.push_back(make_verify_dump_step());
  all.push_back(make_start_new_step(NewPlace::of_old));
  all.push_back(make_restore_step());
  all.push_back(make_configure_step());
  all.push_back(make_scram_step());
  all.push_back(make_refresh_step());
  all.push_back(make_verify_step());
  if (!plan.rehearsal.scripts.empty()) all.push_back(make_run_scripts_step());
  return all;
}

const WayBack& way_back(const Plan&) {
  return from_nowhere();
}

}  // namespace

// The whole upgrade beside the running service, which is not touched and does not stop.
Strategy rehearsal_strategy() {
  return {.name = kRehearsal,
          .summary = "dump and restore a copy of the running server",
          .steps = steps,
          .way_back = way_back};
}

}  // namespace pgupgrade::upgrade
