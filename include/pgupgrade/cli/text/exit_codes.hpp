#pragma once

#include <span>
#include <string_view>

namespace pgupgrade::cli {

// What the exit codes mean, for the README and the manual page. `exit_code` of error_text.hpp decides which
// it is.
struct ExitRow {
  std::string_view code;  // "0", "130, 143"
  std::string_view meaning;
  std::string_view to_do;  // empty: nothing
};
std::span<const ExitRow> exit_table();

}  // namespace pgupgrade::cli
