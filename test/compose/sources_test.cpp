#include "pgupgrade/compose/sources.hpp"

#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"
#include "support/environment_variable.hpp"
#include "support/temporary_directory.hpp"

using namespace pgupgrade;
using namespace pgupgrade::compose;
using pgupgrade::test::TemporaryDirectory;
using pgupgrade::test::Variable;
using Texts = std::vector<std::string>;

TEST_CASE("the files of a project are read with what they include and extend") {
  const TemporaryDirectory directory;
  const auto at = [&](const std::string& name) { return (directory.path() / name).string(); };
  directory.write("c.yml", "include: [db/i.yml, absent.yml]\n");
  directory.write("o/o.yml", "services: {db: {extends: {file: base.yml, service: x}}}\n");
  directory.write("base.yml", "services: {x: {extends: {file: c.yml, service: y}}}\n");
  directory.write("o/base.yml", "services: {wrong: {}}\n");
  directory.write("db/i.yml", "services: {z: {extends: {file: ../db/j.yml, service: x}}}\n");
  directory.write("db/j.yml", "services: {x: {image: a}}\n");
  directory.write(".env", "A=1\n");
  const Sources sources = read_sources({{at("c.yml"), at("o/o.yml")}, "", {}, {}}, {{"HOME", "/h"}});
  CHECK(sources.compose_files ==
        Texts{at("c.yml"), at("o/o.yml"), at("db/i.yml"), at("base.yml"), at("db/j.yml")});
  CHECK(sources.given_files == 2);
  CHECK(sources.env_files == Texts{at(".env")});
  CHECK(sources.texts.size() == 6);
  CHECK(sources.texts.at(at(".env")) == "A=1\n");
  CHECK(sources.environment == std::map<std::string, std::string>{{"HOME", "/h"}});
}

TEST_CASE("named env files replace the default one") {
  const TemporaryDirectory directory;
  const auto file = directory.write("c.yml", "services: {}\n");
  directory.write(".env", "A=1\n");
  const auto env = directory.write("prod.env", "A=2\n");
  CHECK(read_sources({{file}, "", {}, {env}}, {}).env_files == Texts{env.string()});
}

TEST_CASE("a compose file that is not there is an error") {
  const TemporaryDirectory directory;
  try {
    read_sources({{directory.path() / "absent.yml"}, "", {}, {}}, {});
    FAIL("it was read");
  } catch (const Error& error) {
    CHECK(error.code() == "E-FILE");
  }
}
