#include "pgupgrade/model/diagnostic.hpp"

namespace pgupgrade {

Error refusal(const Diagnostic& diagnostic) {
  const CodeRow* row = find_code(diagnostic.code);
  return {row == nullptr ? Code("E-INTERNAL") : Code(*row), diagnostic.message, diagnostic.hint};
}

}  // namespace pgupgrade
