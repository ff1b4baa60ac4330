// What is tried on arbitrary input. libFuzzer makes the input in `scripts/campaign fuzz`; the unit tests take
// the corpus and what a seeded generator makes of it. Both call the very same functions.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace pgupgrade::test::fuzz {

// A property that does not hold.
class Broken : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

void hold(bool holds, const std::string& what);

// The code of the Error that the action throws, empty when it throws none. Any other exception goes through,
// and an Error without a code or a message is Broken: nobody could look it up.
std::string refusal(const std::function<void()>& action);
// The same; a code that is none of these is Broken.
std::string refusal(const std::vector<std::string>& codes, const std::function<void()>& action);

// Gives the input to `take` in pieces: `longest` 0 means as a whole, else of up to so many bytes.
void in_pieces(std::string_view input, std::size_t longest,
               const std::function<void(std::string_view)>& take);

// The parts of the input that zero bytes divide, at least `count`.
std::vector<std::string> parts_of(std::string_view input, std::size_t count);

// A byte of the text changed, at a place that only the text decides.
std::string with_one_byte_changed(std::string text);

// Each in the file of its name below targets/, with its corpus in corpus/ under the same name.
void try_compose_config(std::string_view input);
void try_compose_editor(std::string_view input);
void try_connection_string(std::string_view input);
void try_dotenv(std::string_view input);
void try_engine_answers(std::string_view input);
void try_frames(std::string_view input);
void try_image_reference(std::string_view input);
void try_listing(std::string_view input);
void try_manifest(std::string_view input);
void try_migration_state(std::string_view input);
void try_passwords(std::string_view input);
void try_program_output(std::string_view input);
void try_progress(std::string_view input);
void try_registry_login(std::string_view input);
void try_settings(std::string_view input);
void try_state_file(std::string_view input);
void try_tar(std::string_view input);

}  // namespace pgupgrade::test::fuzz
