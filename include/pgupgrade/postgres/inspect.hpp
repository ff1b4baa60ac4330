#pragma once

#include <map>
#include <string>
#include <vector>

#include "pgupgrade/base/secret.hpp"
#include "pgupgrade/model/inventory.hpp"
#include "pgupgrade/postgres/sql.hpp"

namespace pgupgrade::postgres {

// What a running cluster is and holds. `connect_database` is where to start ("postgres", or any that exists);
// databases that do not allow connections are described by the shared catalogs only.
Inventory read_inventory(SqlReader& reader, const std::string& connect_database);

// What an observation will ask of a server, told to the reader (SqlReader::expect): by the answers of the
// opening questions, which are the first two, all that read_inventory, read_md5_verifiers, read_left_behind,
// read_members and read_copy_facts ask of every server.
std::vector<std::string> opening_questions();
void expect_observation(SqlReader& reader, const std::string& connect_database);

// Role -> md5 verifier; a secret.
std::map<std::string, Secret> read_md5_verifiers(SqlReader& reader, const std::string& connect_database);

// name -> value of each line of a postgresql.auto.conf text, also those not yet loaded. Later lines win.
std::map<std::string, std::string> parse_auto_conf(const std::string& text);

// A setting's value as such a file has it, in quotes and in one line.
std::string quoted_setting(const std::string& value);

}  // namespace pgupgrade::postgres
