// What the files of the part "names" share.
#pragma once

#include <string>

#include "support/project.hpp"

namespace pgupgrade::test::campaign {

class Cases;

// What there can be one of only in a cluster or a project: superuser, service, volume, directory, …
void names_of_projects(Cases& cases);

// Databases, schemas and roles of servers that are reached by their address: migrated, and copied within one.
void names_of_servers(Cases& cases);

// What roles, databases and all in them may be called.
const Words& names_of_all_kinds();
// SQL that makes all kinds of things of one name; the role "reader" is there.
std::string things(const std::string& text, const std::string& owner);
struct Question {
  std::string name;
  std::string database;
  std::string sql;
  std::string contains;  // the answer must
};
Question about_things(const std::string& text, const std::string& database);
std::string doubled(const std::string& text, char mark);  // in quotes

std::string sql_literal(const std::string& text);
// A line of a file for --password-file.
std::string password_file_line(const std::string& role, const std::string& password);

}  // namespace pgupgrade::test::campaign
