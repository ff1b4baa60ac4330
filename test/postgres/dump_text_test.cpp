#include "pgupgrade/base/error.hpp"
#include "pgupgrade/postgres/commands.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::postgres;

namespace {

std::string globals_problem(const std::string& globals) {
  try {
    without_superuser_creation(globals, "postgres");
  } catch (const Error& error) {
    REQUIRE(error.code() == "E-GLOBALS");
    return error.what();
  }
  return "no problem";
}

}  // namespace

TEST_CASE("the cluster state is read from pg_controldata") {
  REQUIRE(cluster_state("pg_control version number:            1300\n"
                        "Database cluster state:               shut down\n"
                        "pg_control last modified:             Mon\n") == "shut down");
  REQUIRE(cluster_state("Database cluster state:               in production") == "in production");
  REQUIRE(cluster_state("pg_control version number: 1300\n").empty());
  REQUIRE(cluster_state("").empty());
}

TEST_CASE("only the statement that creates the superuser is left out") {
  const std::string head = "--\n-- Roles of o'brien \"x\n--\n\\restrict abc\n\nCREATE ROLE \"app\";\n";
  const std::string tail =
      "ALTER ROLE \"postgres\" WITH SUPERUSER;\nCREATE ROLE \"postgres2\";\n\\unrestrict abc\n";
  REQUIRE(without_superuser_creation(head + "CREATE ROLE \"postgres\";\n" + tail, "postgres") == head + tail);
  REQUIRE(without_superuser_creation(head + "CREATE ROLE postgres;\n" + tail, "postgres") == head + tail);
}

TEST_CASE("a superuser with quotes in its name is found") {
  REQUIRE(without_superuser_creation("CREATE ROLE \"a\"\"b c\";\nALTER ROLE \"a\"\"b c\";\n", "a\"b c") ==
          "ALTER ROLE \"a\"\"b c\";\n");
}

TEST_CASE("a statement inside a literal or a name is data") {
  const std::string comment =
      "COMMENT ON ROLE \"app\" IS 'first ''line''\nCREATE ROLE \"postgres\";\nlast';\n"
      "COMMENT ON ROLE \"it's\" IS E'\\\\';\n";
  REQUIRE(without_superuser_creation(comment + "CREATE ROLE \"postgres\";\n", "postgres") == comment);
}

TEST_CASE("a dump that does not create the superuser exactly once is refused") {
  REQUIRE(globals_problem("CREATE ROLE \"app\";\n") ==
          "cannot prepare the dump of the roles: it creates the superuser \"postgres\" 0 times, expected 1");
  REQUIRE(globals_problem("CREATE ROLE postgres;\nCREATE ROLE \"postgres\";\n") ==
          "cannot prepare the dump of the roles: it creates the superuser \"postgres\" 2 times, expected 1");
  REQUIRE(globals_problem("") ==
          "cannot prepare the dump of the roles: it creates the superuser \"postgres\" 0 times, expected 1");
}

TEST_CASE("entries of a dump are counted by their kind") {
  const std::string listing =
      ";\n; Archive created at 2025-01-01 00:00:00 UTC\n;     dbname: TABLE\n;\n"
      "215; 1259 16386 TABLE public orders postgres\n"
      "216; 1259 16390 TABLE public TABLE DATA postgres\n"
      "3300; 0 16386 TABLE DATA public orders postgres\n"
      "3400; 0 0 SEQUENCE SET public orders_id_seq postgres\n"
      "217; 1259 16387 SEQUENCE public orders_id_seq postgres\n"
      "218; 1259 16387 SEQUENCE OWNED BY public orders_id_seq postgres\n"
      "3200; 2606 16399 FK CONSTRAINT public orders orders_fk postgres\n"
      "3201; 2606 16398 CONSTRAINT public orders orders_pkey postgres\n"
      "240; 1259 16400 MATERIALIZED VIEW public sums postgres\n"
      "3500; 0 16400 MATERIALIZED VIEW DATA public sums postgres\n"
      "2; 3079 16384 EXTENSION - hstore \n"
      "3600; 0 0 COMMENT - EXTENSION hstore \n";
  REQUIRE(count_listing(listing) == std::map<std::string, std::int64_t>{{"COMMENT", 1},
                                                                        {"CONSTRAINT", 1},
                                                                        {"EXTENSION", 1},
                                                                        {"FK CONSTRAINT", 1},
                                                                        {"MATERIALIZED VIEW", 1},
                                                                        {"MATERIALIZED VIEW DATA", 1},
                                                                        {"SEQUENCE", 1},
                                                                        {"SEQUENCE OWNED BY", 1},
                                                                        {"SEQUENCE SET", 1},
                                                                        {"TABLE", 2},
                                                                        {"TABLE DATA", 1}});
  REQUIRE(count_listing("").empty());
}
