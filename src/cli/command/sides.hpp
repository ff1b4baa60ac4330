#pragma once

#include <string>

#include "cli/command/session.hpp"
#include "pgupgrade/postgres/endpoint.hpp"

namespace pgupgrade::cli {

// Whether a database is named by the string, by PGDATABASE or by the service.
bool names_a_database(const Session& session, const postgres::Endpoint& endpoint);

// The server that `flag` names, called `name` in messages. Where no database is named, "postgres" is the one
// to begin with: every server has it by default. Error(usage, "E-USAGE") when the text is empty.
postgres::Endpoint endpoint_of(const Session& session, const std::string& text, const std::string& flag,
                               const std::string& name);

}  // namespace pgupgrade::cli
