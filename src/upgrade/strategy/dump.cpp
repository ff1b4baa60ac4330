#include "upgrade/back/way_back.hpp"
#include "upgrade/run/site.hpp"
#include "upgrade/steps/steps.hpp"
#include "upgrade/strategy/strategies.hpp"

namespace pgupgrade::upgrade {
namespace {

Steps steps(const Plan& plan) {
  const bool aside = plan.backup == Backup::aside;
  Steps all;
  all.push_back(make_pull_step());
  all.push_back(make_rehearse_step());
  if (aside) all.push_back(make_make_aside_step());
  add_hook(all, "before-freeze", plan.hooks.before_freeze);
  all.push_back(make_freeze_step());
  all.push_back(make_stop_old_step());
  if (!aside) all.push_back(make_backup_step());
  if (!aside) all.push_back(make_verify_backup_step());
  all.push_back(make_dump_step());
  all.push_back(make_verify_dump_step());
  if (!plan.dump_directory.empty()) all.push_back(make_keep_dumps_step());
  if (!aside) all.push_back(make_wipe_step());
  all.push_back(make_start_new_step(aside ? NewPlace::own : NewPlace::of_old));
  all.push_back(make_restore_step());
  all.push_back(make_configure_step());
  all.push_back(make_scram_step());
  all.push_back(make_refresh_step());
  all.push_back(make_verify_step());
  add_hook(all, "after-verify", plan.hooks.after_verify);
  if (aside) all.push_back(make_exchange_step());
  all.push_back(site_of(plan).make_declare_step());
  all.push_back(make_start_step());
  all.push_back(make_thaw_step());
  add_hook(all, "after-thaw", plan.hooks.after_thaw);
  return all;
}

const WayBack& way_back(const Plan& plan) {
  return plan.backup == Backup::aside ? from_aside() : from_backup();
}

}  // namespace

// The classic sequence: what is dumped from the old cluster is restored into a new one in its place, or, with
// --backup aside, beside it, where the two change places at the end.
Strategy dump_strategy() {
  return {.name = "dump", .summary = "dump and restore", .steps = steps, .way_back = way_back};
}

}  // namespace pgupgrade::upgrade
