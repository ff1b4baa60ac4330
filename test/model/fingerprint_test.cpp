#include "pgupgrade/model/fingerprint.hpp"

#include <functional>

#include "model/samples.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;

using Sentences = std::vector<std::string>;

static Sentences after(const std::function<void(Fingerprint&)>& change) {
  const Fingerprint expected = samples::fingerprint();
  Fingerprint actual = expected;
  change(actual);
  return differences(expected, actual);
}

static Sentences after_in_shop(const std::function<void(DatabasePrint&)>& change) {
  return after([&](Fingerprint& print) { change(print.databases["shop"]); });
}

TEST_CASE("a fingerprint counts its tables, rows, sequences and roles") {
  REQUIRE(samples::fingerprint().table_count() == 3);
  REQUIRE(samples::fingerprint().row_count() == 113);
  REQUIRE(samples::fingerprint().sequence_count() == 1);
  REQUIRE(samples::fingerprint().role_count() == 1);
  REQUIRE(Fingerprint{}.row_count() == 0);
  REQUIRE(Fingerprint{}.role_count() == 0);
}

TEST_CASE("equal fingerprints have no differences") {
  REQUIRE(differences(samples::fingerprint(), samples::fingerprint()).empty());
}

TEST_CASE("a change of a table is told in one sentence") {
  REQUIRE(after_in_shop([](DatabasePrint& shop) { shop.tables["public.t"].rows = 1; }) ==
          Sentences{"database \"shop\": table public.t has 1 rows, expected 2"});
  REQUIRE(after_in_shop([](DatabasePrint& shop) { shop.tables["public.t"].digest = "x"; }) ==
          Sentences{"database \"shop\": table public.t has 2 rows as expected, but other contents"});
  REQUIRE(after_in_shop([](DatabasePrint& shop) {
            shop.tables["public.t"].digest = "x";
            shop.tables["public.t"].generated["gross"] = "9";
          }) ==
          Sentences{"database \"shop\": table public.t has 2 rows as expected, but other values in generated "
                    "columns (\"gross\"), which a restore computes anew"});
  REQUIRE(after_in_shop([](DatabasePrint& shop) { shop.tables.erase("public.t"); }) ==
          Sentences{"database \"shop\": table public.t is missing"});
  REQUIRE(after_in_shop([](DatabasePrint& shop) { shop.tables["public.a"] = {}; }) ==
          Sentences{"database \"shop\": table public.a is not in the old cluster"});
}

TEST_CASE("an extension's table that no dump holds must have its rows, and may have more") {
  REQUIRE(after_in_shop([](DatabasePrint& shop) { shop.not_dumped.clear(); }) ==
          Sentences{"database \"shop\": table partman.log, which an extension owns and a dump leaves out, is "
                    "missing"});
  REQUIRE(
      after_in_shop([](DatabasePrint& shop) { shop.not_dumped["partman.log"] = 3; }) ==
      Sentences{"database \"shop\": table partman.log, which an extension owns and a dump leaves out, has 3 "
                "rows, expected 4"});
  REQUIRE(after_in_shop([](DatabasePrint& shop) { shop.not_dumped["partman.log"] = 5; }).empty());
  REQUIRE(after_in_shop([](DatabasePrint& shop) { shop.not_dumped["partman.other"] = 1; }).empty());
}

TEST_CASE("a change of anything else in a database is told in one sentence") {
  REQUIRE(after_in_shop([](DatabasePrint& shop) { shop.sequences["public.t_id_seq"] = "4 true"; }) ==
          Sentences{"database \"shop\": sequence public.t_id_seq is \"4 true\", expected \"5 true\""});
  REQUIRE(after_in_shop([](DatabasePrint& shop) { shop.large_objects = 2; }) ==
          Sentences{"database \"shop\": there are 2 large objects, expected 3"});
  REQUIRE(after_in_shop([](DatabasePrint& shop) { shop.large_objects_digest = "ee"; }) ==
          Sentences{"database \"shop\": there are 3 large objects as expected, but with other contents"});
}

static Attributes& table_of(DatabasePrint& shop) {
  return shop.objects.at(R"(table "public"."t")");
}

TEST_CASE("a change of an object names the object and the attribute with both values") {
  REQUIRE(
      after_in_shop([](DatabasePrint& shop) { table_of(shop)["relpersistence"] = "p"; }) ==
      Sentences{"database \"shop\": table public.t: persistence is \"permanent\", expected \"unlogged\""});
  REQUIRE(after_in_shop([](DatabasePrint& shop) { table_of(shop)["relowner"] = R"("O""Neil")"; }) ==
          Sentences{"database \"shop\": table public.t: owner is \"\"O\"\"Neil\"\", expected \"app\""});
  REQUIRE(after_in_shop([](DatabasePrint& shop) { table_of(shop).erase("relowner"); }) ==
          Sentences{"database \"shop\": table public.t: owner is null, expected \"app\""});
  REQUIRE(after_in_shop([](DatabasePrint& shop) { table_of(shop)["relnovel"] = "1"; }) ==
          Sentences{"database \"shop\": table public.t: relnovel is \"1\", expected null"});
  REQUIRE(after_in_shop([](DatabasePrint& shop) { shop.objects.clear(); }) ==
          Sentences{"database \"shop\": table public.t is missing"});
  REQUIRE(after_in_shop([](DatabasePrint& shop) { shop.objects[R"(view "public"."Odd v")"] = {}; }) ==
          Sentences{"database \"shop\": view public.\"Odd v\" is not in the old cluster"});
}

TEST_CASE("of long values the place is shown where they part") {
  const std::string start(500, 'a');
  const Fingerprint expected = [&] {
    Fingerprint print = samples::fingerprint();
    table_of(print.databases["shop"])["prosrc"] = start + "old" + std::string(500, 'z');
    return print;
  }();
  Fingerprint actual = expected;
  table_of(actual.databases["shop"])["prosrc"] = start + "new";
  REQUIRE(differences(expected, actual) ==
          Sentences{"database \"shop\": table public.t: body is \"…" + std::string(30, 'a') +
                    "new\" (of 503 bytes), expected \"…" + std::string(30, 'a') + "old" +
                    std::string(57, 'z') + "…\" (of 1,003 bytes)"});
}

TEST_CASE("a change of databases and roles is told in one sentence") {
  REQUIRE(after([](Fingerprint& print) { print.databases.erase("wiki"); }) ==
          Sentences{"database \"wiki\" is missing"});
  REQUIRE(after([](Fingerprint& print) { print.databases["new"] = {}; }) ==
          Sentences{"database \"new\" is not in the old cluster"});
  REQUIRE(after([](Fingerprint& print) { print.shared[R"(role "app")"]["rolcanlogin"] = "false"; }) ==
          Sentences{"role app: rolcanlogin is \"false\", expected \"true\""});
  REQUIRE(after([](Fingerprint& print) { print.shared.clear(); }) == Sentences{"role app is missing"});
}

TEST_CASE("fingerprints of two kinds are different whatever they hold") {
  REQUIRE(after([](Fingerprint& print) { print.format = 3; }) ==
          Sentences{"the fingerprints cannot be compared: format 3, expected 2"});
  REQUIRE(after([](Fingerprint& print) { print.row_hash = "md5"; }) ==
          Sentences{"the fingerprints cannot be compared: rows hashed by \"md5\", expected "
                    "\"hashtextextended\""});
}

TEST_CASE("differences come in order and no more than the limit") {
  Fingerprint actual = samples::fingerprint();
  actual.databases["shop"].tables.clear();
  actual.databases["wiki"].tables["public.page"].rows = 99;
  actual.shared.clear();
  REQUIRE(differences(samples::fingerprint(), actual) ==
          Sentences{"database \"shop\": table public.orders is missing",
                    "database \"shop\": table public.t is missing",
                    "database \"wiki\": table public.page has 99 rows, expected 100", "role app is missing"});
  REQUIRE(differences(samples::fingerprint(), actual, 2) ==
          Sentences{"database \"shop\": table public.orders is missing",
                    "database \"shop\": table public.t is missing"});
}

TEST_CASE("names with control characters cannot break a sentence of a difference") {
  Fingerprint actual = samples::fingerprint();
  actual.databases["a\x1b[2J"] = {};
  REQUIRE(differences(samples::fingerprint(), actual) ==
          Sentences{"database \"a?[2J\" is not in the old cluster"});
}
