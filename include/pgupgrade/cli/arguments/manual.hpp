#pragma once

#include <string>

namespace pgupgrade::cli {

// A manual page as man reads it (roff with the macros of man(7), UTF-8): "pgupgrade" is that of the program,
// made from the tables of commands, options and exit codes; "pgupgrade-codes" that of all codes.
std::string manual_page(const std::string& name);

}  // namespace pgupgrade::cli
