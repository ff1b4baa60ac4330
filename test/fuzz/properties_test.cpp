#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>
#include <set>

#include "fuzz/targets.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/paths.hpp"

using namespace pgupgrade;
using namespace pgupgrade::test::fuzz;
namespace fs = std::filesystem;

namespace {

using Random = std::mt19937;
using Inputs = std::vector<std::string>;

fs::path corpus_directory() {
  return pgupgrade::test::test_data() / "fuzz/corpus";
}

Inputs corpus(const std::string& target) {
  std::set<fs::path> files;
  for (const auto& file : fs::directory_iterator(corpus_directory() / target)) files.insert(file.path());
  Inputs inputs;
  for (const fs::path& file : files) inputs.push_back(read_file(file));
  return inputs;
}

std::size_t below(Random& random, std::size_t limit) {
  return limit == 0 ? 0 : random() % limit;
}

// What is in all formats the place where something begins or ends.
char telling(Random& random) {
  static constexpr std::string_view kTelling = "\0\n\r \t:/\\.@$#{}[]\",'=-0179azAZ\x7f\x80\xff";
  return kTelling[below(random, kTelling.size())];
}

void change(std::string& text, const Inputs& others, Random& random) {
  const std::size_t at = below(random, text.size() + 1);
  const std::size_t length = below(random, std::min<std::size_t>(text.size() - at, 40) + 1);
  switch (below(random, 6)) {
    case 0:
      text.insert(at, 1, telling(random));
      break;
    case 1:
      text.erase(at, length);
      break;
    case 2:
      text.insert(at, text.substr(at, length));
      break;
    case 3:
      text.resize(at);
      break;
    case 4: {
      const std::string& other = others[below(random, others.size())];
      text.replace(at, length, other.substr(below(random, other.size() + 1), below(random, 60)));
      break;
    }
    default:
      if (at < text.size()) text[at] = telling(random);
  }
}

void try_all(const std::string& target, void (*try_input)(std::string_view), int rounds) {
  const Inputs inputs = corpus(target);
  REQUIRE(!inputs.empty());
  std::size_t kept = 0;
  const auto check = [&](const std::string& input) {
    try {
      try_input(input);
      ++kept;
    } catch (const std::exception& error) {
      FAIL(fmt::format("{}: {}, on \"{}\"", target, error.what(), printable(input, 2000)));
    }
  };
  for (const std::string& input : inputs) check(input);
  Random random(20'240'229);  // any, but the same each time
  for (int round = 0; round < rounds; ++round) {
    std::string input = inputs[below(random, inputs.size())];
    for (std::size_t changes = 1 + below(random, 4); changes > 0; --changes) change(input, inputs, random);
    check(input);
  }
  CHECK(kept == inputs.size() + static_cast<std::size_t>(rounds));
}

const std::map<std::string, void (*)(std::string_view)>& targets() {
  static const std::map<std::string, void (*)(std::string_view)> all = {
      {"compose_config", try_compose_config},
      {"compose_editor", try_compose_editor},
      {"connection_string", try_connection_string},
      {"dotenv", try_dotenv},
      {"engine_answers", try_engine_answers},
      {"frames", try_frames},
      {"image_reference", try_image_reference},
      {"listing", try_listing},
      {"manifest", try_manifest},
      {"migration_state", try_migration_state},
      {"passwords", try_passwords},
      {"program_output", try_program_output},
      {"progress", try_progress},
      {"registry_login", try_registry_login},
      {"settings", try_settings},
      {"state_file", try_state_file},
  };
  return all;
}

}  // namespace

TEST_CASE("every parser keeps its promises on its corpus and on thousands of changes of it") {
  for (const auto& [name, try_input] : targets()) try_all(name, try_input, 4000);
}

// Each of its inputs that is a tar is written to the disk and synced.
TEST_CASE("a tar keeps its promises on its corpus and on hundreds of changes of it") {
  try_all("tar", try_tar, 400);
}

TEST_CASE("every corpus belongs to a target") {
  std::set<std::string> known = {"tar"};
  for (const auto& [name, try_input] : targets()) known.insert(name);
  std::set<std::string> found;
  for (const auto& directory : fs::directory_iterator(corpus_directory()))
    found.insert(directory.path().filename().native());
  CHECK(found == known);
}
