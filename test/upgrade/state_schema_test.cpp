// The state files of whole runs, held against the schema that lies beside the types.
#include <boost/json.hpp>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/model/json.hpp"
#include "support/catch.hpp"
#include "support/paths.hpp"
#include "support/schema.hpp"
#include "support/world/scene.hpp"

namespace pgupgrade::test {
namespace {

namespace bj = boost::json;

bj::value state_in(const Scene& scene) {
  return bj::parse(read_file(scene.state_file())).at("state");
}

}  // namespace

TEST_CASE("the state of runs that ended, died or went back is as the schema says, and so are their plans") {
  std::vector<std::string> states;
  std::vector<std::string> plans;
  const auto keep = [&](const Scene& scene) {
    states.push_back(bj::serialize(state_in(scene)));
    plans.push_back(bj::serialize(to_json(scene.plan)));
  };
  Scene done({.targets = 2});
  done.start();
  keep(done);
  Scene warm({.unlogged = false, .strategy = "warm"});
  warm.start();
  keep(warm);
  Scene dead({.new_major = 18});
  dead.die_at("wipe:after-done");
  keep(dead);
  dead.roll_back();
  keep(dead);
  CHECK(schema_findings("model/state.schema.json", states) == std::vector<std::string>{});
  CHECK(schema_findings("model/plan.schema.json", plans) == std::vector<std::string>{});
}

TEST_CASE("states that older programs wrote are as the schema says") {
  std::vector<std::string> states;
  for (const char* format : {"format_1", "format_2"})
    for (const auto& entry : std::filesystem::directory_iterator(test_data() / "upgrade" / format))
      states.push_back(bj::serialize(bj::parse(read_file(entry.path() / "state.json")).at("state")));
  CHECK(states.size() > 5);
  CHECK(schema_findings("model/state.schema.json", states) == std::vector<std::string>{});
}

TEST_CASE("a state with a field that the schema does not know is not as the schema says") {
  Scene scene;
  scene.start();
  bj::value state = state_in(scene);
  state.at("targets").at("db").as_object()["news"] = 1;
  CHECK(schema_findings("model/state.schema.json", {bj::serialize(state)}) ==
        std::vector<std::string>{
            "document 0: targets.db: Additional properties are not allowed ('news' was unexpected)"});
}

}  // namespace pgupgrade::test
