#pragma once

#include <string>

// Queries for SqlReader: each row is one JSON object in one line.
namespace pgupgrade::postgres {

std::string server_sql();
std::string copy_facts_sql();
std::string version_num_sql();     // needs no knowledge of the version
std::string database_names_sql();  // likewise; of those that let connections in, each an object with "name"
std::string databases_sql(int version_num);
std::string roles_facts_sql();
std::string file_settings_sql();
std::string command_line_settings_sql();
std::string auto_conf_sql();
std::string postmaster_options_sql();
std::string cluster_objects_sql();  // rows with "kind" and "name"
std::string connections_sql();
std::string database_contents_sql();  // in each database
std::string md5_verifiers_sql();

}  // namespace pgupgrade::postgres
