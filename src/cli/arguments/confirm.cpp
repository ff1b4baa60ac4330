#include "pgupgrade/cli/arguments/confirm.hpp"

#include <istream>
#include <ostream>

#include "pgupgrade/base/text.hpp"

namespace pgupgrade::cli {

Phrase confirmation_phrase(const Plan& plan) {
  if (plan.targets.size() != 1) return {"name of the project", plan.project};
  const Mount& data = plan.targets.front().data_mount;
  return {data.kind == MountKind::volume ? "name of the volume" : "path of the data directory", data.source};
}

Consent ask(const ConsentSource& source, const Phrase& phrase) {
  if (source.yes) return Consent::given;
  if (!source.terminal) return Consent::impossible;
  source.out << "Type the " << phrase.noun << " (" << printable(phrase.text)
             << ") to continue: " << std::flush;
  std::string line;
  if (!std::getline(source.in, line)) {
    source.out << "\n";
    return Consent::refused;
  }
  return trim(line) == phrase.text ? Consent::given : Consent::refused;
}

}  // namespace pgupgrade::cli
