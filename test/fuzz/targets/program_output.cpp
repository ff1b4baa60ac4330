#include "fuzz/targets.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/commands.hpp"
#include "pgupgrade/postgres/program_errors.hpp"
#include "pgupgrade/postgres/value_settings.hpp"

namespace pgupgrade::test::fuzz {

void try_program_output(std::string_view input) {
  const std::string text(input);
  const std::string state = postgres::cluster_state(text);
  hold(text.find(state) != std::string::npos, "the state of a cluster is one that was printed");
  std::int64_t entries = 0;
  for (const auto& [kind, count] : postgres::count_listing(text)) entries += count;
  hold(entries <= static_cast<std::int64_t>(split_lines(text).size()), "no more entries than lines");
  const auto split = postgres::split_listing(text, "TABLE DATA");
  hold(split_lines(split.of_kind).size() + split_lines(split.others).size() == split_lines(text).size(),
       "a listing is split into all of its lines");
  const postgres::ProgramFailure failure = postgres::parse_failure(text);
  hold(postgres::explain(failure).cause.empty() == failure.error.empty(), "an error has a cause to tell");
  for (const auto& [name, value] : postgres::parse_postmaster_options(text))
    hold(text.find(value) != std::string::npos, "a setting's value stands in postmaster.opts");
  refusal({"E-GLOBALS"}, [&] {
    const std::string rest = postgres::without_superuser_creation(text, "postgres");
    hold(rest.size() < text.size(), "the statement that is left out is gone");
    hold(!refusal([&] { postgres::without_superuser_creation(rest, "postgres"); }).empty(),
         "and was there once");
  });
}

}  // namespace pgupgrade::test::fuzz
