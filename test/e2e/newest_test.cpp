// The newest version, of which Debian has a release candidate only: `scripts/fixture-images 19`, then
// `build/release/test/e2e_test "[.newest]"`.
#include "support/catch.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {
namespace {

constexpr const char* kContent =
    "CREATE TYPE public.span AS RANGE (subtype = int4);\n"
    "CREATE TABLE public.stay (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, during public.span, note "
    "text "
    "COLLATE \"C\", twice int GENERATED ALWAYS AS (id * 2) STORED);\n"
    "INSERT INTO public.stay (during, note) SELECT public.span(i, i + 2), repeat('x', i) FROM "
    "generate_series(1, "
    "500) i;\n"
    "CREATE EXTENSION btree_gist;\nCREATE INDEX ON public.stay USING gist (id);\n"
    "CREATE PUBLICATION everything FOR TABLE public.stay;\n"
    "CREATE FUNCTION public.now_or(t timestamptz) RETURNS timestamptz LANGUAGE sql AS 'SELECT coalesce(t, "
    "now())';\nCREATE DATABASE \"other one\";\n";

void upgrade(int from, const char* strategy) {
  Project project("newest");
  project.write("docker-compose.yml", small_project(from));
  project.up();
  project.script("db", "postgres", kContent);
  const ProcessResult done =
      project.pgupgrade({"--compose", "docker-compose.yml", "--to", "19", "--strategy", strategy, "--yes"});
  INFO(output_of(done));
  REQUIRE(done.exit_code == 0);
  CHECK(project.server_version("db") == "19");
  CHECK(project.sql("db", "postgres", "SELECT count(*), sum(twice) FROM public.stay") == "500|250500");
  const ProcessResult back = project.pgupgrade({"rollback", "--yes", "--discard-new-writes"});
  INFO(output_of(back));
  CHECK(back.exit_code == 0);
  CHECK(project.server_version("db") == std::to_string(from));
}

}  // namespace

TEST_CASE("a database goes to the newest version and back, by a dump and by a copy", "[.newest]") {
  upgrade(13, "dump");
  upgrade(17, "warm");
  upgrade(18, "warm");
  upgrade(18, "dump");
}

}  // namespace pgupgrade::test
