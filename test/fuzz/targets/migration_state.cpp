#include "fuzz/targets.hpp"
#include "pgupgrade/migrate/state.hpp"

namespace pgupgrade::test::fuzz {

// A state file that is taken is written the same again, and with another byte it is refused.
void try_migration_state(std::string_view input) {
  const std::vector<std::string> codes = {"E-STATE-DAMAGED", "E-STATE-FORMAT"};
  migrate::State state;
  if (!refusal(codes, [&] { state = migrate::parse_state(std::string(input), "migration.json"); }).empty()) {
    state.created_roles.emplace_back(input);
    state.plan.source.parameters["host"] = std::string(input);
  }
  const std::string written = migrate::state_text(state);
  hold(refusal([&] {
         hold(migrate::parse_state(written, "migration.json") == state, "a state file says what was written");
       }).empty(),
       "what was written is taken");
  hold(!refusal(codes, [&] { migrate::parse_state(with_one_byte_changed(written), "migration.json"); })
            .empty(),
       "a state file with another byte is refused");
}

}  // namespace pgupgrade::test::fuzz
