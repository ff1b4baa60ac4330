#include "cli/command/diagnostics.hpp"

#include <ostream>

#include "pgupgrade/cli/text/error_text.hpp"
#include "pgupgrade/cli/text/render_plan.hpp"
#include "pgupgrade/cli/view/events.hpp"

namespace pgupgrade::cli {

void tell_diagnostics(Session& session, const Diagnostics& diagnostics) {
  for (const Diagnostic& diagnostic : diagnostics) {
    if (session.json()) {
      session.out << diagnostic_event(diagnostic, session.clock.unix_ms()) << std::endl;
    } else if (diagnostic.severity == Severity::error) {
      session.err << error_text(refusal(diagnostic), {}, session.err_style()) << std::flush;
    } else {
      session.err << render_diagnostic(diagnostic, session.err_style()) << std::flush;
    }
  }
}

int refuse(Session& session, const Diagnostics& diagnostics) {
  tell_diagnostics(session, diagnostics);
  constexpr int code = 3;
  if (session.json() && !diagnostics.empty()) {
    // The text form goes to standard error in every mode.
    for (const Diagnostic& diagnostic : diagnostics)
      if (diagnostic.severity == Severity::error)
        session.err << error_text(refusal(diagnostic), {}, session.err_style());
    session.out << error_summary(refusal(diagnostics.front()), {}, code, session.clock.unix_ms())
                << std::endl;
  }
  return code;
}

}  // namespace pgupgrade::cli
