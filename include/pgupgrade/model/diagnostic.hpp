#pragma once

#include <string>
#include <vector>

#include "pgupgrade/base/error.hpp"

namespace pgupgrade {

enum class Severity { note, warning, error };

// Something the user should know before the run. `code` is stable: "W-MD5-UNKNOWN", "E-TARGET-OLDER".
// An error means: preflight refuses, nothing is touched.
struct Diagnostic {
  Severity severity = Severity::note;
  std::string code;
  std::string message;  // lowercase, names the object, no full stop
  std::string hint;     // what to do; may be empty
  bool operator==(const Diagnostic&) const = default;
};

using Diagnostics = std::vector<Diagnostic>;

// A diagnostic of severity error as the Error that it is when nobody collects it.
Error refusal(const Diagnostic& diagnostic);

}  // namespace pgupgrade
