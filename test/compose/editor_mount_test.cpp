#include "compose/editor_support.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::compose;
using namespace pgupgrade::compose::testing;

namespace {

const MountChange kChange{"db", "/var/lib/postgresql/data", "/var/lib/postgresql", {}};
const std::string kCannot =
    "E-COMPOSE-EDIT: cannot change the mount at /var/lib/postgresql/data of service \"db\": ";

std::string entry(const std::string& text) {
  return "services:\n  db:\n    volumes:\n      - ./init:/docker-entrypoint-initdb.d:ro\n      - " + text +
         "\n";
}

}  // namespace

TEST_CASE("only the target of a mount changes") {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"pgdata:/var/lib/postgresql/data", "pgdata:/var/lib/postgresql"},
      {"pgdata:/var/lib/postgresql/data/", "pgdata:/var/lib/postgresql"},
      {"pgdata:/var/lib/postgresql/data:rw", "pgdata:/var/lib/postgresql:rw"},
      {"./data:/var/lib/postgresql/data:Z # keep", "./data:/var/lib/postgresql:Z # keep"},
      {"\"./data:/var/lib/postgresql/data\"", "\"./data:/var/lib/postgresql\""},
      {"/srv/var/lib/postgresql/data:/var/lib/postgresql/data",
       "/srv/var/lib/postgresql/data:/var/lib/postgresql"},
      {"/var/lib/postgresql/data:/var/lib/postgresql/data", "/var/lib/postgresql/data:/var/lib/postgresql"},
      {"/var/lib/postgresql/data", "/var/lib/postgresql"},
      {"${DATA:-./pg}:/var/lib/postgresql/data", "${DATA:-./pg}:/var/lib/postgresql"},
      {"pgdata:${TARGET:-/var/lib/postgresql/data}", "pgdata:${TARGET:-/var/lib/postgresql}"},
      {"{type: volume, source: pgdata, target: /var/lib/postgresql/data}",
       "{type: volume, source: pgdata, target: /var/lib/postgresql}"},
      {"type: bind\n        source: ./data\n        target: '/var/lib/postgresql/data' # here",
       "type: bind\n        source: ./data\n        target: '/var/lib/postgresql' # here"},
  };
  for (const auto& [before, expected] : rows) {
    CAPTURE(before);
    CHECK(mount_after(sources_of({{"/p/c.yml", entry(before)}}), kChange) == "/p/c.yml\n" + entry(expected));
  }
}

TEST_CASE("a mount is followed through files bases anchors and variables") {
  const std::string short_form = "services:\n  db:\n    volumes: [\"pgdata:/var/lib/postgresql/data\"]\n";
  const std::string changed = "services:\n  db:\n    volumes: [\"pgdata:/var/lib/postgresql\"]\n";
  CHECK(mount_after(sources_of({{"/p/a.yml", short_form}, {"/p/b.yml", entry("x:/y")}}), kChange) ==
        "/p/a.yml\n" + changed);
  CHECK(mount_after(sources_of({{"/p/a.yml", "include: [i.yml]\n"}, {"/p/i.yml", short_form}}), kChange) ==
        "/p/i.yml\n" + changed);
  CHECK(mount_after(sources_of({{"/p/a.yml", "services:\n  db: {extends: {file: i.yml, service: db}}\n"},
                                {"/p/i.yml", short_form}}),
                    kChange) == "/p/i.yml\n" + changed);
  CHECK(mount_after(
            sources_of({{"/p/a.yml",
                         "x-v: &v [\"pg:/var/lib/postgresql/data\"]\nservices:\n  db: {volumes: *v}\n"}}),
            kChange) == "/p/a.yml\nx-v: &v [\"pg:/var/lib/postgresql\"]\nservices:\n  db: {volumes: *v}\n");
  CHECK(mount_after(
            sources_of({{"/p/a.yml", entry("pg:$TARGET")}, {"/p/.env", "TARGET=/var/lib/postgresql/data\n"}}),
            kChange) == "/p/.env\nTARGET=/var/lib/postgresql\n");
}

TEST_CASE("a mount edit says its bytes") {
  const Sources sources =
      sources_of({{"/p/c.yml", "services:\n  db:\n    volumes:\n      - d:/var/lib/postgresql/data\n"}});
  const std::vector<FileEdit> expected = {{"/p/c.yml", 58, 4, "/data", "", {}, "d:/var/lib/postgresql", ""}};
  CHECK(propose_mount_edit(sources, kChange) == expected);
  CHECK(propose_mount_edit(sources, {"db", "/a", "/a/", {}}).empty());
}

TEST_CASE("a mount that cannot be changed surely is refused") {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"services:\n  db:\n    image: postgres:15\n",
       kCannot + "/p/c.yml:3 mounts nothing there (mount a volume at /var/lib/postgresql in the service)"},
      {entry("pgdata:/var/lib/postgresql/database"),
       kCannot + "/p/c.yml:3 mounts nothing there (mount a volume at /var/lib/postgresql in the service)"},
      {entry("|-\n        pgdata:/var/lib/postgresql/data"),
       kCannot + "/p/c.yml:5 is a block scalar (write it on one line)"},
      {"x-v: &v [\"pg:/var/lib/postgresql/data\"]\nservices:\n  db: {volumes: *v}\n  bak: {volumes: *v}\n",
       kCannot +
           "an edit of /p/c.yml:1 would also change services.bak.volumes[0] (give the mount at "
           "/var/lib/postgresql/data of service \"db\" a text or a variable of its own, or upgrade service "
           "\"bak\" in the same run)"},
  };
  for (const auto& [text, refusal] : rows) {
    CAPTURE(text);
    CHECK(mount_after(sources_of({{"/p/c.yml", text}}), kChange) == refusal);
  }
  const Sources shell = sources_of({{"/p/c.yml", entry("pg:$T")}}, {{"T", "/var/lib/postgresql/data"}});
  CHECK(
      mount_after(shell, kChange) ==
      kCannot +
          "variable T of the shell's environment decides what /p/c.yml:5 reads (unset T in the shell and set "
          "it in the .env file)");
}
