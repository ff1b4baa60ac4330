// What Compose itself makes of the shapes of project, as they are and edited.
#include <algorithm>
#include <memory>
#include <vector>

#include "pgupgrade/base/environment.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/compose/cli.hpp"
#include "pgupgrade/compose/sources.hpp"
#include "support/catch.hpp"
#include "support/environment_variable.hpp"
#include "support/shapes.hpp"

namespace pgupgrade::test {
namespace {

// With the shape's own variable in the shell.
compose::Project loaded(const Shape& shape, const Texts& texts) {
  std::vector<std::unique_ptr<Variable>> shell;
  for (const auto& [name, value] : shape.shell()) shell.push_back(std::make_unique<Variable>(name, value));
  const Environment environment = current_environment();
  const Cancellation never;
  const auto cli = compose::make_cli("unix:///nowhere", environment, never);
  return cli->load_with(shape.location(), texts);
}

}  // namespace

TEST_CASE("Compose reads each shape of project as its shape.txt says, and the edit as it is meant") {
  for (const Shape& shape : all_shapes()) {
    CAPTURE(shape.name);
    const std::string service = shape.field("service");
    if (shape.field("expected") == "refused, E-COMPOSE-CONFIG") {
      CHECK_THROWS_AS(loaded(shape, {}), Error);
      continue;
    }
    compose::Project before = loaded(shape, {});
    CHECK(before.services.at(service).image == shape.field("image"));
    if (shape.edits.starts_with("refused")) continue;
    const auto sources = compose::read_sources(shape.location(), shape.shell());
    compose::Project after = loaded(shape, edited(shape, sources));
    CHECK(after.services.at(service).image == shape.new_image());
    auto along = shape.list("along");
    along.push_back(service);
    for (const auto& [name, declared] : before.services)
      if (std::find(along.begin(), along.end(), name) == along.end())
        CHECK(after.services.at(name).image == declared.image);
  }
}

}  // namespace pgupgrade::test
