#include "pgupgrade/migrate/state.hpp"

#include "migrate/facts_builder.hpp"
#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace pgupgrade;
using namespace pgupgrade::migrate;
using pgupgrade::test::TemporaryDirectory;

namespace {

State sample(const std::filesystem::path& root) {
  State state;
  state.created_ms = 1'700'000'000'000;
  auto made = pgupgrade::test::good_case();
  made.request.state_root = root;
  state.plan = made.planned().plan;
  state.plan.source.parameters = {{"host", "old.example"}, {"user", "app"}};
  state.databases = {
      {.name = "shop", .phase = migrate::Phase::copying, .attempt = 2, .begun = true, .started_ms = 5}};
  state.created_roles = {"boss"};
  return state;
}

std::string code_of(const std::string& text) {
  try {
    parse_state(text, "/x/migration.json");
  } catch (const Error& error) {
    return error.code();
  }
  return "read";
}

}  // namespace

TEST_CASE("a migration's state is read as it was written, a generation newer each time") {
  const TemporaryDirectory root;
  State state = sample(root.path());
  save(state);
  save(state);
  CHECK(state.generation == 2);
  CHECK(load(root / "7f3a1b2c" / kStateFile) == state);
  const auto runs = find_runs(root.path());
  REQUIRE(runs.size() == 1);
  CHECK(runs.front().state == state);
}

TEST_CASE("no byte of a migration's state can change unnoticed") {
  const std::string text = state_text(sample("/srv"));
  REQUIRE(code_of(text) == "read");
  for (std::size_t at = 0; at < text.size(); at += 7) {
    std::string damaged = text;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    CHECK(code_of(damaged) != "read");
  }
  CHECK(code_of(text.substr(0, text.size() / 2)) == "E-STATE-DAMAGED");
  CHECK(code_of("{\"pgupgrade_state\": 2, \"sha256\": \"\", \"state\": {}}") == "E-STATE-DAMAGED");
}

TEST_CASE("a state file in the directory of another run is refused") {
  const TemporaryDirectory root;
  State state = sample(root.path());
  save(state);
  std::filesystem::rename(root / "7f3a1b2c", root / "00000000");
  REQUIRE_THROWS_AS(load(root / "00000000" / kStateFile), Error);
  CHECK_FALSE(find_runs(root.path()).front().state);
}
