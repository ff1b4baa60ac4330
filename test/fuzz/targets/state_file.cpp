#include <boost/json.hpp>

#include "fuzz/targets.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/model/json.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"

namespace pgupgrade::test::fuzz {

// As a whole file, whose digest keeps nearly everything out; and as the state within one.
void try_state_file(std::string_view input) {
  const std::string text(input);
  const std::vector<std::string> codes = {"E-STATE-DAMAGED", "E-STATE-FORMAT"};
  refusal(codes, [&] {
    const RunState state = upgrade::parse_state(text, "state.json");
    // One of an older format is written in today's.
    const std::string written = upgrade::state_text(state);
    hold(upgrade::parse_state(written, "state.json") == state,
         "a state file that is taken says the same again");
    hold(!text.starts_with(written.substr(0, written.find(','))) || written == text,
         "a state file of today's format that is taken is written the same again");
  });

  RunState state;
  if (!refusal({"E-JSON"}, [&] { state = run_state_from_json(json::parse(input, "a state")); }).empty())
    return;
  hold(run_state_from_json(to_json(state)) == state, "a state comes out of its JSON as it went in");
  const std::string written = upgrade::state_text(state);
  hold(refusal([&] {
         hold(upgrade::parse_state(written, "state.json") == state, "a state file says what was written");
       }).empty(),
       "what was written is taken");
  hold(!refusal(codes, [&] { upgrade::parse_state(with_one_byte_changed(written), "state.json"); }).empty(),
       "a state file with another byte is refused");
}

}  // namespace pgupgrade::test::fuzz
