#pragma once

#include <functional>
#include <string>

#include "pgupgrade/migrate/facts.hpp"
#include "pgupgrade/migrate/request.hpp"
#include "pgupgrade/postgres/remote.hpp"

namespace pgupgrade::migrate {

// Looks at both servers and changes nothing there. `say` gets a line per thing looked at.
// Throws Error(usage, "E-UNKNOWN-DATABASE") for a database that the source does not have, Error(usage,
// "E-USAGE") where no database is named, and what the servers answer.
Facts observe(const Request& request, postgres::RemoteServer& source, postgres::RemoteServer& target,
              const std::function<void(const std::string&)>& say);

// The place for one database; asked again before it is filled.
DestinationFacts observe_destination(postgres::RemoteServer& target, const ListedDatabase* listed,
                                     const std::string& name, const Schemas& schemas = {});

// What of a database, or of schemas in it, the role cannot read: "table public.pay (no SELECT)".
std::vector<std::string> unreadable(postgres::RemoteServer& server, const std::string& database,
                                    const Schemas& schemas = {});

// The databases that are meant, by name, without repetition: those that are named, all, or the one that is
// connected to. Error(usage, "E-UNKNOWN-DATABASE") for one that the server does not have.
std::vector<std::string> choose_databases(const std::vector<std::string>& named, bool all,
                                          const ServerFacts& server, const std::string& connected);

ServerFacts observe_server(postgres::RemoteServer& server);

}  // namespace pgupgrade::migrate
