#pragma once

#include "cli/command/session.hpp"

// One function a command; each returns the exit code and throws Error.
namespace pgupgrade::cli {

int upgrade_command(Session& session);  // `plan`, too
int rehearse_command(Session& session);
int alternate_command(Session& session);  // `rehearse` within one server
int apply_command(Session& session);
int resume_command(Session& session);
int part_command(Session& session);  // `wipe` and `load`
int rollback_command(Session& session);
int status_command(Session& session);
int report_command(Session& session);
int cleanup_command(Session& session);
int unlock_command(Session& session);
// A migration of its own, and what the other commands do for one (migrate_command.cpp).
int migrate_command(Session& session);
int compare_command(Session& session);
int resume_migration(Session& session);
int roll_back_migration(Session& session);
int show_migration(Session& session);
int clean_up_migration(Session& session);
// Of scripts tried within one server (alternate_runs.cpp).
int show_alternate(Session& session);
int clean_up_alternate(Session& session);
// Error(usage, "E-USAGE") for one of those: only the command that began it goes on. `verb` completes "cannot
// …".
void refuse_alternate(const Session& session, const std::string& verb);
// Of other runs' status: what rehearsals within a server have left in the same directory, a line each.
std::string alternates_beside(const Session& session);
int verify_backup_command(Session& session);
int doctor_command(Session& session);
int completion_command(Session& session);
int explain_command(Session& session);
int manual_command(Session& session);

int perform(Session& session);

}  // namespace pgupgrade::cli
