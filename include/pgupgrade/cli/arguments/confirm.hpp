#pragma once

#include <iosfwd>
#include <string>

#include "pgupgrade/model/plan.hpp"

namespace pgupgrade::cli {

// What the user types to let a plan run: the volume's name, or the bind mount's path; with several targets
// the project's name. `noun` says which of these it is.
struct Phrase {
  std::string noun;
  std::string text;
};
Phrase confirmation_phrase(const Plan& plan);

enum class Consent { given, refused, impossible };

// How the user may consent: --yes, or by typing on a terminal.
struct ConsentSource {
  bool yes = false;
  bool terminal = false;
  std::istream& in;
  std::ostream& out;
};

// Asks for the phrase ("Type the volume name (x) to continue: "). Impossible without --yes and without a
// terminal.
Consent ask(const ConsentSource& source, const Phrase& phrase);

}  // namespace pgupgrade::cli
