#include <algorithm>

#include "compose/dotenv.hpp"
#include "fuzz/targets.hpp"

namespace pgupgrade::test::fuzz {

void try_dotenv(std::string_view input) {
  const std::string text(input);
  std::size_t end_before = 0;
  for (const auto& found : compose::parse_dotenv(".env", text)) {
    hold(!found.name.empty() && found.file == ".env", "an assignment has a name, and the file's");
    hold(found.offset > end_before || end_before == 0, "assignments come in their order");
    hold(found.offset <= text.size() && text.compare(found.offset, found.value.size(), found.value) == 0,
         "a value stands where its assignment says");
    const auto value = text.begin() + static_cast<std::ptrdiff_t>(found.offset);
    hold(found.line == 1 + std::count(text.begin(), value, '\n'),
         "a value stands in the line of its assignment");
    hold(!found.verbatim || found.value.find('\\') == std::string::npos, "a verbatim value has no escape");
    end_before = found.offset + found.value.size();
  }
}

}  // namespace pgupgrade::test::fuzz
