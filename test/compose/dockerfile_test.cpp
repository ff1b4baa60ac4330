#include "pgupgrade/compose/dockerfile.hpp"

#include "pgupgrade/compose/editor.hpp"
#include "support/catch.hpp"

namespace pgupgrade::compose {

TEST_CASE("the line that decides what an image is built from") {
  CHECK(base_image_line("FROM postgres:15\nCOPY a /a\n") == DockerfileLine{1, "FROM postgres:15"});
  CHECK(base_image_line("# syntax\nARG PG_VERSION=15\nFROM --platform=linux/amd64 postgres:${PG_VERSION} AS "
                        "base\nRUN true\nFROM base\n") == DockerfileLine{2, "ARG PG_VERSION=15"});
  CHECK(base_image_line("FROM debian AS tools\nFROM  postgres:15-alpine as Db \nFROM db\nCOPY --from=tools / "
                        "/\n") == DockerfileLine{2, "FROM  postgres:15-alpine as Db"});
  CHECK(base_image_line("ARG A=1\nFROM postgres:$UNKNOWN\n") == DockerfileLine{2, "FROM postgres:$UNKNOWN"});
  CHECK(base_image_line("FROM postgres:15\nARG V=3\nFROM postgres:$V\n") ==
        DockerfileLine{3, "FROM postgres:$V"});
  CHECK_FALSE(base_image_line("RUN true\n"));
  CHECK_FALSE(base_image_line(""));
}

TEST_CASE("the shell's variables that decide a field of a service are named") {
  Sources sources;
  sources.compose_files = {"/srv/c.yml"};
  sources.texts["/srv/c.yml"] =
      "services:\n  db:\n    image: postgres:${TAG}\n    volumes:\n      - \"${PGDATA:-data}:/data\"\n"
      "      - type: bind\n        source: ${OTHER:-./x}\n        target: /x\n";
  CHECK(shell_variables(sources, "db", "volumes").empty());
  sources.environment = {{"PGDATA", "/somewhere"}, {"TAG", "15"}};
  CHECK(shell_variables(sources, "db", "volumes") == std::vector<std::string>{"PGDATA"});
  CHECK(shell_variables(sources, "db", "image") == std::vector<std::string>{"TAG"});
  sources.environment["OTHER"] = "/y";
  CHECK(shell_variables(sources, "db", "volumes") == std::vector<std::string>{"OTHER", "PGDATA"});
  CHECK(shell_variables(sources, "db", "environment").empty());
}

}  // namespace pgupgrade::compose
