// The strategy that is taken by itself, and the wait for a window.
#include <fmt/format.h>
#include <signal.h>
#include <time.h>

#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {
namespace {

const Words kPlan = {"plan", "--compose", "docker-compose.yml", "--to", "17"};
constexpr const char* kGross = "SELECT string_agg(gross::text, ' ' ORDER BY id) FROM public.invoice";

// A stored generated column, and a function that has been replaced since its values were computed.
void make_old_values(const Project& project) {
  project.script("db", "postgres",
                 "CREATE FUNCTION public.with_vat(net numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ "
                 "SELECT round(net * 1.16, 2) $$;\n"
                 "CREATE TABLE public.invoice (id int PRIMARY KEY, net numeric NOT NULL, gross numeric "
                 "GENERATED ALWAYS AS (public.with_vat(net)) STORED);\n"
                 "INSERT INTO public.invoice (id, net) VALUES (1, 100), (2, 100);\n"
                 "CREATE OR REPLACE FUNCTION public.with_vat(net numeric) RETURNS numeric LANGUAGE sql "
                 "IMMUTABLE AS $$ SELECT round(net * 1.19, 2) $$;\n");
  REQUIRE(project.sql("db", "postgres", kGross) == "116.00 116.00");
}

// Lines are wrapped where they end.
std::string in_one_line(const std::string& text) {
  std::string line;
  for (const std::string& part : split_lines(text)) line.append(" ").append(trim(part));
  return line;
}

std::string text_of(time_t time) {
  struct tm parts {};
  localtime_r(&time, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min);
}

}  // namespace

TEST_CASE("little data that a dump would change is copied, so that it stays as it was") {
  Project project("auto");
  project.write("docker-compose.yml", small_project(13));
  project.up();
  const ProcessResult quick = project.pgupgrade(kPlan);
  INFO(output_of(quick));
  CHECK(quick.exit_code == 0);
  CHECK_THAT(quick.standard_output,
             ContainsSubstring("  Strategy    dump (auto: quick, and changes nothing)\n"));
  CHECK_THAT(quick.standard_output, ContainsSubstring("> dump  ") && ContainsSubstring("  warm  "));

  make_old_values(project);
  const ProcessResult result = project.pgupgrade({"--compose", "docker-compose.yml", "--to", "17", "--yes"});
  INFO(output_of(result));
  REQUIRE(result.exit_code == 0);
  CHECK_THAT(result.standard_output,
             ContainsSubstring("> warm  ") && ContainsSubstring("changes: 1 generated column computed anew"));
  CHECK_THAT(result.standard_output, ContainsSubstring(" (forecast "));
  CHECK_THAT(result.standard_output, !ContainsSubstring("computed anew in database"));
  CHECK(project.server_version("db") == "17");
  CHECK(project.sql("db", "postgres", kGross) == "116.00 116.00");
}

TEST_CASE("where neither strategy suits, the refusal says what would make each suit") {
  Project project("neither");
  const std::string fits = small_project(15);
  const std::string image = "    image: pgupgrade-fixture/postgres:15\n";
  std::string minimal = fits;
  minimal.insert(minimal.find(image) + image.size(),
                 "    command: [postgres, -c, wal_level=minimal, -c, max_wal_senders=0]\n");
  project.write("docker-compose.yml", minimal);
  project.up();
  const ProcessResult dumped = project.pgupgrade(kPlan);
  INFO(output_of(dumped));
  CHECK(dumped.exit_code == 0);
  CHECK_THAT(in_one_line(dumped.standard_output),
             ContainsSubstring("does not suit: ") &&
                 ContainsSubstring("its wal_level is minimal → set wal_level to"));

  make_old_values(project);
  const ProcessResult refused = project.pgupgrade({"--compose", "docker-compose.yml", "--to", "17", "--yes"});
  INFO(output_of(refused));
  CHECK(refused.exit_code == 3);
  CHECK_THAT(refused.standard_error, ContainsSubstring("error[E-GENERATED-CHANGES]"));
  CHECK_THAT(in_one_line(refused.standard_error),
             ContainsSubstring("strategy warm does not suit either: ") &&
                 ContainsSubstring("set wal_level to replica, its default"));
  CHECK(project.runs().empty());

  project.write("docker-compose.yml", fits);
  project.up();
  const ProcessResult copied = project.pgupgrade(kPlan);
  INFO(output_of(copied));
  CHECK(copied.exit_code == 0);
  CHECK_THAT(copied.standard_output, ContainsSubstring("> warm  "));
}

TEST_CASE(
    "a run waits for its minute with everything prepared, stops nothing before, and may die meanwhile") {
  Project project("at");
  project.write("docker-compose.yml", small_project(15));
  project.up();
  for (const char* time : {"25:00", "soon", "2020-01-01T03:00"}) {
    const ProcessResult bad = project.pgupgrade({"--to", "17", "--yes", "--at", time});
    INFO(output_of(bad));
    CHECK(bad.exit_code == 2);
    CHECK(project.runs().empty());
  }
  const std::string before = project.inspect(project.container("db"), "{{.State.StartedAt}}");
  const time_t then = ((::time(nullptr) + 90) / 60 + 1) * 60;
  const ProcessResult killed =
      project.killed_at("wait:looked", {"--compose", "docker-compose.yml", "--to", "17", "--strategy", "warm",
                                        "--yes", "--at", text_of(then)});
  INFO(output_of(killed));
  REQUIRE(killed.signal_number == SIGKILL);
  CHECK_THAT(killed.standard_error,
             ContainsSubstring("waiting until ") &&
                 ContainsSubstring(" left; the copy of service db follows its server"));
  const ProcessResult status = project.pgupgrade({"status"});
  INFO(output_of(status));
  CHECK_THAT(status.standard_output, ContainsSubstring("prepared"));
  CHECK(project.inspect(project.container("db"), "{{.State.StartedAt}}") == before);

  const ProcessResult result = project.pgupgrade({"run", "--yes", "--at", text_of(then)});
  INFO(output_of(result));
  REQUIRE(result.exit_code == 0);
  CHECK(::time(nullptr) >= then);
  CHECK(project.server_version("db") == "17");
}

}  // namespace pgupgrade::test
