#pragma once

#include <string>

#include "pgupgrade/base/error_codes.hpp"
#include "pgupgrade/cli/text/style.hpp"

namespace pgupgrade::cli {

// The row that `word` names: lower case will do, and so will the code without its prefix. Throws Error(usage,
// "E-USAGE") that names the nearest codes.
const CodeRow& code_named(const std::string& word);

// The code, what it means, its cause, what state the data is in, what to do, and the exit code. Broken to the
// width of the style.
std::string explain_text(const CodeRow& row, const Style& style);

// A line for each code.
std::string list_of_codes();

}  // namespace pgupgrade::cli
