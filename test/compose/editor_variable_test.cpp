#include "compose/editor_support.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/compose/sources.hpp"
#include "support/catch.hpp"
#include "support/paths.hpp"
#include "support/temporary_directory.hpp"

using namespace pgupgrade;
using namespace pgupgrade::compose;
using namespace pgupgrade::compose::testing;

namespace {

const VariableChange kChange{
    .service = "db", .name = "PGDATA", .old_value = "/data/15", .new_value = "/data/17", .companions = {}};
const std::string kCannot = "E-COMPOSE-EDIT: cannot change PGDATA of service \"db\": ";

std::string variable_after(const Sources& sources) {
  try {
    return after(sources, propose_variable_edit(sources, kChange));
  } catch (const Error& error) {
    return refusal_text(error);
  }
}

std::string with(const std::string& environment) {
  return "services:\n  db:\n    image: postgres:15\n    environment:\n" + environment;
}

// The texts of a fixture, its service's env files and .env among them.
Sources fixture(const std::string& name) {
  return read_sources(
      {.files = {test::source_directory() / "compose-fixtures" / name / "docker-compose.yml"}}, {});
}

}  // namespace

TEST_CASE("a variable is changed where the environment gives it") {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"      PGDATA: /data/15\n", "      PGDATA: /data/17\n"},
      {"      PGDATA: \"/data/15\"   # with the version\n",
       "      PGDATA: \"/data/17\"   # with the version\n"},
      {"      - TZ=UTC\n      - PGDATA=/data/15\n", "      - TZ=UTC\n      - PGDATA=/data/17\n"},
      {"      PGDATA: ${DATA:-/data/15}\n", "      PGDATA: ${DATA:-/data/17}\n"},
      {"      PGDATA: /data/${MAJOR:-15}\n", "      PGDATA: /data/${MAJOR:-17}\n"},
      {"      PGDATA: /data/17\n", ""},
  };
  for (const auto& [before, expected] : rows) {
    CAPTURE(before);
    CHECK(variable_after(sources_of({{"c.yml", with(before)}})) ==
          (expected.empty() ? "" : "c.yml\n" + with(expected)));
  }
}

TEST_CASE("a variable is changed in .env, and in an env file of the service") {
  CHECK(variable_after(sources_of({{"c.yml", with("      PGDATA: ${DATA}\n")},
                                   {".env", "DATA=/data/15\n"}})) == ".env\nDATA=/data/17\n");

  Sources sources =
      sources_of({{"p/c.yml", "services:\n  db:\n    image: postgres:15\n    env_file: [a.env, b.env]\n"}});
  sources.texts["p/a.env"] = "PGDATA=/data/14\n";
  sources.texts["p/b.env"] = "# where the data is\nTZ=UTC\nPGDATA=/data/15\n";
  CHECK(variable_after(sources) == "p/b.env\n# where the data is\nTZ=UTC\nPGDATA=/data/17\n");
  CHECK(propose_variable_edit(sources, kChange).at(0).line == 3);
  sources.texts["p/b.env"] = "PGDATA=${BASE}/15\n";
  CHECK(variable_after(sources).starts_with(kCannot + "p/b.env:1 reads"));
}

TEST_CASE("a variable is not changed where that would change something else or is not surely it") {
  CHECK(variable_after(sources_of({{"c.yml", with("      TZ: UTC\n")}})).starts_with(kCannot + "c.yml:"));
  CHECK(variable_after(sources_of({{"c.yml", with("      PGDATA: /data/14\n")}}))
            .starts_with(kCannot + "c.yml:5 reads \"/data/14\", but Compose says \"/data/15\""));
  CHECK(variable_after(sources_of({{"c.yml", with("      PGDATA: ${DATA}\n")}}, {{"DATA", "/data/15"}}))
            .starts_with(kCannot + "variable DATA of the shell's environment"));
  const std::string other = "  backup:\n    image: tool\n    environment:\n      FROM: ${DATA}\n";
  CHECK(variable_after(
            sources_of({{"c.yml", with("      PGDATA: ${DATA}\n") + other}, {".env", "DATA=/data/15\n"}}))
            .starts_with(kCannot + "an edit of .env:1 would also change services.backup.environment.FROM"));
}

TEST_CASE("an image may take PGDATA along where it becomes what was planned") {
  const std::string text =
      "services:\n  db:\n    image: postgres:${MAJOR}\n    environment:\n      PGDATA: /data/${MAJOR}\n";
  const Sources sources = sources_of({{"c.yml", text}, {".env", "MAJOR=15\n"}});
  ImageChange change{"db", "postgres:15", "postgres:17", {}};
  CHECK(image_after(sources, change).starts_with("E-COMPOSE-EDIT"));
  change.new_pgdata = "/data/17";
  CHECK(image_after(sources, change) == ".env\nMAJOR=17\n");
  change.new_pgdata = "/data/18";
  CHECK(image_after(sources, change).starts_with("E-COMPOSE-EDIT"));
}

TEST_CASE("PGDATA is changed where the fixtures that name the version have it") {
  const Sources sources = fixture("versioned");
  const std::string directory = (test::source_directory() / "compose-fixtures/versioned").string();
  const auto golden = [&](const std::string& file, const std::string& old_text, const std::string& new_text) {
    std::string text = sources.texts.at(directory + "/" + file);
    return directory + "/" + file + "\n" + text.replace(text.find(old_text), old_text.size(), new_text);
  };
  const auto changed = [&](const std::string& service) {
    return after(sources, propose_variable_edit(sources, {.service = service,
                                                          .name = "PGDATA",
                                                          .old_value = "/data/13",
                                                          .new_value = "/data/17",
                                                          .companions = {}}));
  };
  CHECK(changed("inventory") == golden("docker-compose.yml", "PGDATA: /data/13", "PGDATA: /data/17"));
  CHECK(changed("wiki") == golden("wiki.env", "PGDATA=/data/13", "PGDATA=/data/17"));
  CHECK(changed("photos") == golden(".env", "PHOTOS_PGDATA=/data/13", "PHOTOS_PGDATA=/data/17"));
}
