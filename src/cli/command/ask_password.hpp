#pragma once

#include "cli/command/session.hpp"
#include "pgupgrade/postgres/remote.hpp"

namespace pgupgrade::cli {

// Asks on the terminal, without showing what is typed. Nothing where nobody can type, or nothing is typed.
postgres::AskPassword asks_on_terminal(Session& session);

}  // namespace pgupgrade::cli
