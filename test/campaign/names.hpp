// What the files of the part "names" share.
#pragma once

#include <string>

namespace pgupgrade::test::campaign {

class Cases;

// What there can be one of only in a cluster or a project: superuser, service, volume, directory, …
void names_of_projects(Cases& cases);

std::string sql_literal(const std::string& text);
// A line of a file for --password-file.
std::string password_file_line(const std::string& role, const std::string& password);

}  // namespace pgupgrade::test::campaign
