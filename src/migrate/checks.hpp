#pragma once

#include <string>
#include <vector>

#include "pgupgrade/migrate/facts.hpp"
#include "pgupgrade/migrate/programs.hpp"
#include "pgupgrade/migrate/request.hpp"
#include "pgupgrade/model/diagnostic.hpp"

// The checks before a migration: small pure functions, each with one subject.
namespace pgupgrade::migrate {

struct Subject {
  const Request& request;
  const Facts& facts;
  const std::vector<ClientPrograms>& programs;
};

using Check = Diagnostics (*)(const Subject&);
const std::vector<Check>& all_checks();

// Servers and programs (checks_servers.cpp).
Diagnostics check_versions(const Subject& subject);
Diagnostics check_standby(const Subject& subject);
Diagnostics check_programs(const Subject& subject);
Diagnostics check_connections(const Subject& subject);
Diagnostics check_encryption(const Subject& subject);
Diagnostics check_room(const Subject& subject);

// What is to be copied, and where to (checks_databases.cpp).
Diagnostics check_readable(const Subject& subject);
Diagnostics check_same_database(const Subject& subject);
Diagnostics check_destinations(const Subject& subject);
Diagnostics check_forms(const Subject& subject);
Diagnostics check_extensions(const Subject& subject);
Diagnostics check_clients(const Subject& subject);

// Owners and grants (checks_roles.cpp).
Diagnostics check_roles(const Subject& subject);
Diagnostics check_memberships(const Subject& subject);

// The program to take: of the newer server's version, else the next newer one. Null: none fits.
const ClientPrograms* fitting_programs(const Subject& subject);
// Roles that a database names, sorted: who owns, who was granted something, whom policies name.
std::vector<std::string> needed_roles(const Subject& subject);
// Those of them that the target lacks.
std::vector<std::string> missing_roles(const Subject& subject);
// What is left behind, a line each.
std::vector<std::string> not_carried(const Subject& subject);

std::string quoted(const std::string& name);                 // "\"a\"", fit to be shown
std::string some_of(const std::vector<std::string>& names);  // "a, b and 3 more"

}  // namespace pgupgrade::migrate
