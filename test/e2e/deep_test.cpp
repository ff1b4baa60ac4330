// What only rows can show: a plan that reads them finds before the upgrade what a restore would refuse.
#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {
namespace {

constexpr const char* kBroken =
    "CREATE TABLE public.parent (id int PRIMARY KEY);\n"
    "CREATE TABLE public.child (id int PRIMARY KEY, p int REFERENCES public.parent);\n"
    "INSERT INTO public.parent VALUES (1);\n"
    "SET session_replication_role = replica;\n"
    "INSERT INTO public.child VALUES (1, 1), (2, 9);\n"
    "RESET session_replication_role;\n"
    "CREATE FUNCTION public.fits(int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT true';\n"
    "CREATE TABLE public.\"Odd one\" (id int PRIMARY KEY, z int CHECK (public.fits(z)));\n"
    "INSERT INTO public.\"Odd one\" VALUES (7, 1), (8, 2);\n"
    "CREATE OR REPLACE FUNCTION public.fits(int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT $1 > 1';\n"
    "CREATE TABLE public.twice (name text);\n"
    "CREATE INDEX only_one ON public.twice (lower(name));\n"
    "INSERT INTO public.twice VALUES ('A'), ('a'), ('b');\n"
    "UPDATE pg_catalog.pg_index SET indisunique = true WHERE indexrelid = 'public.only_one'::regclass;\n"
    "CREATE DOMAIN public.even AS int;\nCREATE TABLE public.pairs (x public.even);\n"
    "INSERT INTO public.pairs VALUES (2), (3);\n"
    "ALTER DOMAIN public.even ADD CONSTRAINT halves CHECK (VALUE % 2 = 0) NOT VALID;\n"
    "UPDATE pg_catalog.pg_constraint SET convalidated = true WHERE conname = 'halves';\n"
    "CREATE CAST (bytea AS text) WITHOUT FUNCTION;\n"
    "CREATE TABLE public.notes (t text);\nINSERT INTO public.notes VALUES ('\\xff41'::bytea::text);\n"
    "DROP CAST (bytea AS text);\n";

constexpr const char* kCured =
    "DELETE FROM public.child WHERE p = 9;\nDELETE FROM public.\"Odd one\" WHERE id = 7;\n"
    "DELETE FROM public.twice WHERE name = 'A';\nDELETE FROM public.pairs WHERE x::int = 3;\n"
    "DELETE FROM public.notes;\n";

}  // namespace

TEST_CASE("a plan that reads the rows names those that the restore would refuse, and finds none once cured") {
  Project project("deep");
  project.write("docker-compose.yml", small_project(15));
  project.up();
  project.script("db", "postgres", "CREATE DATABASE rows;\n");
  project.script("db", "rows", kBroken);
  Words plan = {"plan",       "--compose", "docker-compose.yml", "--to", "17",
                "--strategy", "dump",      "--output",           "json", "--deep"};
  const ProcessResult refused = project.pgupgrade(plan);
  INFO(output_of(refused));
  CHECK(refused.exit_code == 3);
  for (const char* part :
       {"E-BROKEN-ROWS", "W-BROKEN-ROWS", "child_p_fkey on table public.child by 1 row (p=9)",
        "z_check\\\" on table public.\\\"Odd one\\\" by 1 row (id=7)",
        "index only_one on table public.twice by 1 row (lower(name)=a)", "constraint halves of domain",
        "invalid byte sequence for encoding", "AND NOT EXISTS (SELECT 1 FROM ONLY public.parent p"}) {
    INFO(part);
    CHECK_THAT(refused.standard_output, ContainsSubstring(part));
  }
  CHECK(refused.standard_output.find("W-ROWS-UNKNOWN") == std::string::npos);

  project.script("db", "rows", kCured);
  const ProcessResult sound = project.pgupgrade(plan);
  INFO(output_of(sound));
  CHECK(sound.exit_code == 0);
  for (const char* code :
       {"\"code\":\"E-BROKEN-ROWS\"", "\"code\":\"W-BROKEN-ROWS\"", "\"code\":\"W-ROWS-UNKNOWN\""})
    CHECK(sound.standard_output.find(code) == std::string::npos);
  CHECK(project.engine_leftovers().empty());
}

}  // namespace pgupgrade::test
