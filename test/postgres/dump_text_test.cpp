#include "pgupgrade/base/error.hpp"
#include "pgupgrade/postgres/commands.hpp"
#include "pgupgrade/postgres/without_passwords.hpp"
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

TEST_CASE("the rows of materialized views are told from a listing, by the oid of the view") {
  const std::string listing =
      "; Selected TOC Entries:\n"
      "216; 1259 16505 MATERIALIZED VIEW public stock_now postgres\n"
      "217; 1259 16506 MATERIALIZED VIEW DATA near_now postgres\n"
      "3350; 2606 16600 CONSTRAINT public t_pkey postgres\n"
      "3356; 0 16505 MATERIALIZED VIEW DATA public stock_now postgres\n"
      "3357; 0 16506 MATERIALIZED VIEW DATA DATA near_now postgres\n";
  const SplitListing all = split_listing(listing, "MATERIALIZED VIEW DATA");
  REQUIRE(all.of_kind ==
          "3356; 0 16505 MATERIALIZED VIEW DATA public stock_now postgres\n"
          "3357; 0 16506 MATERIALIZED VIEW DATA DATA near_now postgres\n");
  REQUIRE(all.others == listing.substr(0, listing.find("3356;")));
  const SplitListing some = split_listing(listing, "MATERIALIZED VIEW DATA", {"16505"});
  REQUIRE(some.of_kind == "3357; 0 16506 MATERIALIZED VIEW DATA DATA near_now postgres\n");
  REQUIRE(some.others == all.others);
}

TEST_CASE("a listing goes without the triggers of keys, whose names are other ones in each cluster") {
  const std::string mine = "3361; 2620 16421 TRIGGER public child RI_ConstraintTrigger_c_16399 postgres\n";
  const std::string listing =
      "; Selected TOC Entries:\n"
      "3350; 2606 16600 FK CONSTRAINT public child child_p_fkey postgres\n"
      "3358; 2620 16420 TRIGGER public child RI_ConstraintTrigger_c_16420 postgres\n"
      "3359; 2620 16422 TRIGGER public a b RI_ConstraintTrigger_a_16422 two words\n"
      "3360; 2620 16423 TRIGGER public child touch postgres\n" +
      mine;
  REQUIRE(without_key_triggers(listing) ==
          "; Selected TOC Entries:\n"
          "3350; 2606 16600 FK CONSTRAINT public child child_p_fkey postgres\n"
          "3360; 2620 16423 TRIGGER public child touch postgres\n" +
              mine);
}

TEST_CASE("the cluster state is read from pg_controldata") {
  REQUIRE(cluster_state("pg_control version number:            1300\n"
                        "Database cluster state:               shut down\n"
                        "pg_control last modified:             Mon\n") == "shut down");
  REQUIRE(cluster_state("Database cluster state:               in production") == "in production");
  REQUIRE(cluster_state("pg_control version number: 1300\n").empty());
  REQUIRE(cluster_state("").empty());
  REQUIRE(next_transaction("Latest checkpoint's full_page_writes: on\n"
                           "Latest checkpoint's NextXID:          0:735\n") == "0:735");
  REQUIRE(next_transaction("").empty());
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
  REQUIRE(
      globals_problem("CREATE ROLE \"app\";\n") ==
      "could not prepare the dump of the roles: it creates the superuser \"postgres\" 0 times, expected 1");
  REQUIRE(
      globals_problem("CREATE ROLE postgres;\nCREATE ROLE \"postgres\";\n") ==
      "could not prepare the dump of the roles: it creates the superuser \"postgres\" 2 times, expected 1");
  REQUIRE(
      globals_problem("") ==
      "could not prepare the dump of the roles: it creates the superuser \"postgres\" 0 times, expected 1");
}

TEST_CASE("entries of a dump are counted by their kind") {
  const std::string listing =
      ";\n; Archive created at 2025-01-01 00:00:00 UTC\n;     dbname: TABLE\n;\n"
      "215; 1259 16386 TABLE public orders postgres\n"
      "216; 1259 16390 TABLE public TABLE DATA postgres\n"
      "3300; 0 16386 TABLE DATA public orders postgres\n"
      "3400; 0 0 SEQUENCE SET public orders_id_seq postgres\n"
      "217; 1259 16387 SEQUENCE public orders_id_seq postgres\n"
      "218; 0 0 SEQUENCE OWNED BY public orders_id_seq postgres\n"
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

TEST_CASE("passwords in statements that are quoted are not shown") {
  CHECK(without_passwords(
            "Command was: CREATE USER MAPPING FOR x SERVER s OPTIONS (\"password\" 'a''b', \"user\" 'u');") ==
        "Command was: CREATE USER MAPPING FOR x SERVER s OPTIONS (\"password\" '***', \"user\" 'u');");
  CHECK(without_passwords("ALTER ROLE x PASSWORD E'a\\'b' LOGIN") == "ALTER ROLE x PASSWORD E'***' LOGIN");
  CHECK(without_passwords("LINE 1: ALTER ROLE x PASSWORD 'cut sho") == "LINE 1: ALTER ROLE x PASSWORD '***'");
  CHECK(without_passwords("CREATE SUBSCRIPTION s CONNECTION 'host=h password=word user=u'") ==
        "CREATE SUBSCRIPTION s CONNECTION 'host=h password=*** user=u'");
  CHECK(without_passwords("md56a422f785c9e20873908ce25d1736ae2 SCRAM-SHA-256$4096:a$b:c postgres://u:p@h") ==
        "*** *** postgres://u:***@h");
  CHECK(without_passwords("ERROR: password_encryption is 'x', 3 md5 sums at http://host:80/x") ==
        "ERROR: password_encryption is 'x', 3 md5 sums at http://host:80/x");
}

TEST_CASE("schemas called like the end of a kind and names of blanks are counted as what they are") {
  const std::string listing =
      "215; 1259 16386 TABLE DATA orders postgres\n"
      "3400; 0 16386 TABLE DATA DATA orders postgres\n"
      "216; 1259 16390 TABLE ATTACH orders postgres\n"
      "205; 1259 16392 TABLE      \n"
      "3401; 0 16392 TABLE DATA      \n"
      "217; 1259 16400 SEQUENCE SET s postgres\n"
      "3402; 0 0 SEQUENCE SET SET s postgres\n"
      "218; 1259 16410 MATERIALIZED VIEW DATA m postgres\n"
      "219; 1259 16420 INDEX ATTACH i postgres\n"
      "3403; 0 0 INDEX ATTACH public i postgres\n"
      "3404; 2604 16430 DEFAULT ACL t column postgres\n"
      "3405; 826 16431 DEFAULT ACL - DEFAULT PRIVILEGES FOR TABLES postgres\n"
      "220; 2617 16440 OPERATOR CLASS === postgres\n"
      "221; 3381 16450 STATISTICS DATA s postgres\n";
  REQUIRE(count_listing(listing) == std::map<std::string, std::int64_t>{{"DEFAULT", 1},
                                                                        {"DEFAULT ACL", 1},
                                                                        {"INDEX", 1},
                                                                        {"INDEX ATTACH", 1},
                                                                        {"MATERIALIZED VIEW", 1},
                                                                        {"OPERATOR", 1},
                                                                        {"SEQUENCE", 1},
                                                                        {"SEQUENCE SET", 1},
                                                                        {"STATISTICS", 1},
                                                                        {"TABLE", 3},
                                                                        {"TABLE DATA", 2}});
}
