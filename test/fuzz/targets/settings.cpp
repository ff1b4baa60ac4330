#include "fuzz/targets.hpp"
#include "pgupgrade/postgres/inspect.hpp"

namespace pgupgrade::test::fuzz {

void try_settings(std::string_view input) {
  const std::string text(input);
  for (const auto& [name, value] : postgres::parse_auto_conf(text))
    hold(!name.empty() && value.size() <= text.size(), "a setting has a name, and no more than was written");
  const std::string line = "work_mem = " + postgres::quoted_setting(text) + "\n";
  hold(line.find('\n') + 1 == line.size(), "a setting is one line");
  hold(postgres::parse_auto_conf(line + "port = '1'\n") ==
           std::map<std::string, std::string>{{"work_mem", text}, {"port", "1"}},
       "a value comes out of its line as it went in");
}

}  // namespace pgupgrade::test::fuzz
