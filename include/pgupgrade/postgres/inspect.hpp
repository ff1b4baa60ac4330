#pragma once

#include <map>
#include <string>

#include "pgupgrade/base/secret.hpp"
#include "pgupgrade/model/inventory.hpp"
#include "pgupgrade/postgres/sql.hpp"

namespace pgupgrade::postgres {

// What a running cluster is and holds. `connect_database` is where to start ("postgres", or any that exists);
// databases that do not allow connections are described by the shared catalogs only.
Inventory read_inventory(SqlReader& reader, const std::string& connect_database);

// Role -> md5 verifier; a secret.
std::map<std::string, Secret> read_md5_verifiers(SqlReader& reader, const std::string& connect_database);

// name -> value of each line of a postgresql.auto.conf text, also those not yet loaded. Later lines win.
std::map<std::string, std::string> parse_auto_conf(const std::string& text);

// A setting's value as such a file has it, in quotes and in one line.
std::string quoted_setting(const std::string& value);

}  // namespace pgupgrade::postgres
