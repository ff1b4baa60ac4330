#pragma once

#include "pgupgrade/base/error_codes.hpp"
#include "pgupgrade/model/diagnostic.hpp"

namespace pgupgrade::cli {

// A line that a command of the user's printed: shown, though it is a note.
inline bool is_hook_line(const Diagnostic& diagnostic) {
  return diagnostic.code == Code("N-HOOK").text();
}

}  // namespace pgupgrade::cli
