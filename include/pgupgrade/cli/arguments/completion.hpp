#pragma once

#include <string>

namespace pgupgrade::cli {

// The completion script for "bash", "zsh" or "fish", made from the table of options.
std::string completion_script(const std::string& shell);

}  // namespace pgupgrade::cli
