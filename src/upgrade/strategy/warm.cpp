#include "upgrade/back/way_back.hpp"
#include "upgrade/clients/live_rows.hpp"
#include "upgrade/cluster/live_copy.hpp"
#include "upgrade/run/site.hpp"
#include "upgrade/steps/steps.hpp"
#include "upgrade/strategy/strategies.hpp"

namespace pgupgrade::upgrade {
namespace {

Steps steps(const Plan& plan) {
  Steps all;
  all.push_back(make_pull_step());
  all.push_back(make_copy_step());
  all.push_back(make_check_upgrade_step());
  add_hook(all, "before-freeze", plan.hooks.before_freeze);
  all.push_back(make_freeze_step());
  all.push_back(make_stop_old_step());
  all.push_back(make_promote_step());
  all.push_back(make_convert_step());
  all.push_back(make_configure_step());
  all.push_back(make_scram_step());
  all.push_back(make_refresh_step());
  all.push_back(make_verify_step());
  add_hook(all, "after-verify", plan.hooks.after_verify);
  all.push_back(make_exchange_step());
  all.push_back(site_of(plan).make_declare_step());
  all.push_back(make_start_step());
  const auto live = plan.verify == Verify::deferred ? std::make_shared<LiveRows>() : nullptr;
  if (live) all.push_back(make_hold_rows_step(live));
  all.push_back(make_thaw_step());
  add_hook(all, "after-thaw", plan.hooks.after_thaw);
  if (live) all.push_back(make_compare_rows_step(live));
  return all;
}

const WayBack& way_back(const Plan&) {
  return from_aside();
}

}  // namespace

// A copy of the running server follows it until it is stopped, and becomes the new cluster by pg_upgrade. The
// old data is not touched.
Strategy warm_strategy() {
  return {.name = kWarm,
          .summary = "copy the running server, then pg_upgrade the copy",
          .steps = steps,
          .way_back = way_back,
          .preparation = describe_standby};
}

}  // namespace pgupgrade::upgrade
