#include <set>

#include "pgupgrade/base/error_codes.hpp"
#include "planning/preflight_case.hpp"

using namespace pgupgrade;
using namespace pgupgrade::planning;

namespace {

const CheckLine& line_of(const Planned& result, const std::string& title) {
  for (const CheckLine& line : result.plan.checks)
    if (line.title == title) return line;
  FAIL("no check " << title);
  throw std::logic_error(title);
}

std::size_t count(const Planned& result, CheckOutcome outcome) {
  return static_cast<std::size_t>(
      std::count_if(result.plan.checks.begin(), result.plan.checks.end(),
                    [&](const CheckLine& line) { return line.outcome == outcome; }));
}

}  // namespace

TEST_CASE("a plan lists at least sixty checks, each a thing of its own with codes that are explained") {
  World world;
  world.service().new_image_facts = image_of(17);
  const Planned result = planned(world.request, world.facts);
  CHECK(shown(result.diagnostics).empty());
  CHECK(result.plan.checks.size() >= 60);
  CHECK(count(result, CheckOutcome::passed) == result.plan.checks.size());
  std::set<std::string> titles;
  for (const CheckLine& line : result.plan.checks) {
    INFO(line.title);
    CHECK(titles.insert(line.title).second);
    CHECK(line.title.size() <= 60);
    CHECK_FALSE(line.codes.empty());
    CHECK(line.services.empty());
    for (const std::string& code : line.codes) CHECK(find_code(code) != nullptr);
  }
}

TEST_CASE("every strategy's checks have titles of their own and codes that are explained") {
  for (const char* strategy : {"dump", "warm", kRehearsal}) {
    World world;
    world.request.strategy = strategy;
    world.request.backup = strategy == std::string("dump") ? std::optional(Backup::aside) : std::nullopt;
    std::set<std::string> titles;
    for (const CheckLine& line : planned(world.request, world.facts).plan.checks) {
      INFO(strategy << ": " << line.title);
      CHECK(titles.insert(line.title).second);
      for (const std::string& code : line.codes) CHECK(find_code(code) != nullptr);
    }
    CHECK(titles.size() > 50);
  }
}

TEST_CASE("what the new image is asked for waits until it is on the engine") {
  World world;
  const Planned result = planned(world.request, world.facts);
  CHECK(result.ok);
  CHECK(count(result, CheckOutcome::postponed) == 11);
  CHECK(line_of(result, "the new image has every locale").outcome == CheckOutcome::postponed);
}

TEST_CASE("a check has the worst outcome of all services, and names those that it says something of") {
  World world;
  ServiceFacts second = service_db();
  second.service = "wiki-db";
  second.inventory->tablespaces = {"fast"};
  second.inventory->databases[1].left_behind.views = {{.object = "v", .cure = ""}};
  world.facts.services.push_back(second);
  world.inventory().databases[1].left_behind.views = {{.object = "v", .cure = ""}};
  const Planned result = planned(world.request, world.facts);
  CHECK_FALSE(result.ok);
  const CheckLine& refused = line_of(result, "no tablespace is outside of the data");
  CHECK(refused.outcome == CheckOutcome::refused);
  CHECK(refused.services == std::vector<std::string>{"wiki-db"});
  const CheckLine& warned = line_of(result, "no materialized view is computed anew");
  CHECK(warned.outcome == CheckOutcome::warned);
  CHECK(warned.services == std::vector<std::string>{"db", "wiki-db"});
}

TEST_CASE("an error that is accepted is a warning in the list, too") {
  World world;
  world.service().with_attributes = {"PG_VERSION"};
  world.request.acknowledged = {"E-XATTR"};
  CHECK(line_of(planned(world.request, world.facts), "files have no extended attributes").outcome ==
        CheckOutcome::warned);
}

TEST_CASE("a service that cannot be upgraded has been looked at no further") {
  World world;
  world.service().inventory.reset();
  world.service().running = false;
  const Planned result = planned(world.request, world.facts);
  REQUIRE(result.plan.checks.size() == 1);
  CHECK(result.plan.checks[0].title == "the server runs and lets its superuser in");
  CHECK(result.plan.checks[0].outcome == CheckOutcome::refused);
}
