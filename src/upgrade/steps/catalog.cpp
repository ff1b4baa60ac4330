#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {

std::vector<std::unique_ptr<Step>> dump_strategy() {
  std::vector<std::unique_ptr<Step>> steps;
  steps.push_back(make_pull_step());
  steps.push_back(make_freeze_step());
  steps.push_back(make_stop_old_step());
  steps.push_back(make_backup_step());
  steps.push_back(make_verify_backup_step());
  steps.push_back(make_dump_step());
  steps.push_back(make_verify_dump_step());
  steps.push_back(make_wipe_step());
  steps.push_back(make_start_new_step());
  steps.push_back(make_restore_step());
  steps.push_back(make_configure_step());
  steps.push_back(make_scram_step());
  steps.push_back(make_refresh_step());
  steps.push_back(make_verify_step());
  steps.push_back(make_edit_compose_step());
  steps.push_back(make_start_step());
  steps.push_back(make_thaw_step());
  return steps;
}

}  // namespace pgupgrade::upgrade
