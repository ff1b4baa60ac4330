#pragma once

#include <memory>
#include <string>

#include "pgupgrade/upgrade/run/step.hpp"

// One maker a step; each lives in the file of its name.
namespace pgupgrade::upgrade {

std::unique_ptr<Step> make_pull_step();
std::unique_ptr<Step> make_rehearse_step();
std::unique_ptr<Step> make_freeze_step();
std::unique_ptr<Step> make_stop_old_step();
std::unique_ptr<Step> make_backup_step();
std::unique_ptr<Step> make_verify_backup_step();
std::unique_ptr<Step> make_dump_step();
std::unique_ptr<Step> make_verify_dump_step();
std::unique_ptr<Step> make_keep_dumps_step();
std::unique_ptr<Step> make_wipe_step();
// The new cluster's place: where the old one was, or one of its own.
enum class NewPlace { of_old, own };
std::unique_ptr<Step> make_start_new_step(NewPlace place);
std::unique_ptr<Step> make_restore_step();
std::unique_ptr<Step> make_configure_step();
std::unique_ptr<Step> make_scram_step();
std::unique_ptr<Step> make_refresh_step();
std::unique_ptr<Step> make_verify_step();
std::unique_ptr<Step> make_start_step();
std::unique_ptr<Step> make_thaw_step();
// One of Hooks, under the name of its option.
std::unique_ptr<Step> make_hook_step(std::string name, std::string command);
std::unique_ptr<Step> make_copy_step();
std::unique_ptr<Step> make_copy_live_step();
std::unique_ptr<Step> make_dump_copy_step();
std::unique_ptr<Step> make_run_scripts_step();
std::unique_ptr<Step> make_check_upgrade_step();
std::unique_ptr<Step> make_promote_step();
std::unique_ptr<Step> make_convert_step();
std::unique_ptr<Step> make_make_aside_step();
std::unique_ptr<Step> make_exchange_step();
// These two share what the first one holds.
class LiveRows;
std::unique_ptr<Step> make_hold_rows_step(std::shared_ptr<LiveRows> live);
std::unique_ptr<Step> make_compare_rows_step(std::shared_ptr<LiveRows> live);

}  // namespace pgupgrade::upgrade
