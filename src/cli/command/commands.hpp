#pragma once

#include "cli/command/session.hpp"

// One function a command; each returns the exit code and throws Error.
namespace pgupgrade::cli {

int upgrade_command(Session& session);  // `plan`, too
int resume_command(Session& session);
int rollback_command(Session& session);
int status_command(Session& session);
int cleanup_command(Session& session);
int unlock_command(Session& session);
int verify_backup_command(Session& session);
int doctor_command(Session& session);
int completion_command(Session& session);
int explain_command(Session& session);

int perform(Session& session);

}  // namespace pgupgrade::cli
