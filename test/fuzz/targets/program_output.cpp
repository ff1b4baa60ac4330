#include "fuzz/targets.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/commands.hpp"

namespace pgupgrade::test::fuzz {

void try_program_output(std::string_view input) {
  const std::string text(input);
  const std::string state = postgres::cluster_state(text);
  hold(text.find(state) != std::string::npos, "the state of a cluster is one that was printed");
  std::int64_t entries = 0;
  for (const auto& [kind, count] : postgres::count_listing(text)) entries += count;
  hold(entries <= static_cast<std::int64_t>(split_lines(text).size()), "no more entries than lines");
  refusal({"E-GLOBALS"}, [&] {
    const std::string rest = postgres::without_superuser_creation(text, "postgres");
    hold(rest.size() < text.size(), "the statement that is left out is gone");
    hold(!refusal([&] { postgres::without_superuser_creation(rest, "postgres"); }).empty(),
         "and was there once");
  });
}

}  // namespace pgupgrade::test::fuzz
