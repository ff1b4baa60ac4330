#pragma once

#include <string>

namespace pgupgrade::postgres {

// A line that one of PostgreSQL's programs wrote, with "***" for the passwords and verifiers that a statement
// which it quotes may have in it. For lines of at most a few thousand bytes.
std::string without_passwords(const std::string& line);

}  // namespace pgupgrade::postgres
