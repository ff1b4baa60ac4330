#pragma once

#include <map>
#include <string>
#include <vector>

#include "pgupgrade/model/inventory.hpp"

namespace pgupgrade::postgres {

// The settings of the old server by which a value is made, or is accepted at all, while its contents are
// restored: what the old server was given, or its own default where initdb gives the new one another. They go
// onto the command line of the new server until its configuration is in place.
std::vector<SettingFacts> value_settings(const Inventory& old);

// What the sessions of pg_dump and pg_restore set so that both sides mean the same by a text, whatever
// server, database and role say; for PGOPTIONS. The REFRESH of a materialized view is an evaluation, and has
// those of compute_options() only.
std::string exchange_options();
std::string compute_options();

// name -> value of the settings in a postmaster.opts ("/usr/bin/postgres \"-c\" \"work_mem=8MB\"").
std::map<std::string, std::string> parse_postmaster_options(const std::string& text);

}  // namespace pgupgrade::postgres
