#include "pgupgrade/model/version_differences.hpp"

#include "support/catch.hpp"

using namespace pgupgrade;

using Sentences = std::vector<std::string>;

namespace {

// Two clusters with one object each.
Sentences between(int old_major, int new_major, const std::string& object, const Attributes& was,
                  const Attributes& is) {
  Fingerprint expected;
  expected.version_num = old_major * 10'000 + 4;
  expected.databases["shop"].objects[object] = was;
  Fingerprint actual;
  actual.version_num = new_major * 10'000 + 1;
  actual.databases["shop"].objects[object] = is;
  return differences(expected, actual);
}

Sentences extra(int old_major, int new_major, const Objects& objects) {
  Fingerprint expected;
  expected.version_num = old_major * 10'000 + 4;
  expected.databases["shop"];
  Fingerprint actual;
  actual.version_num = new_major * 10'000 + 1;
  actual.databases["shop"].objects = objects;
  return differences(expected, actual);
}

}  // namespace

TEST_CASE("a column that only the newer version has is expected to say what the older one meant") {
  CHECK(between(13, 17, "column a", {}, {{"attcompression", ""}}).empty());
  CHECK(between(13, 17, "column a", {}, {{"attcompression", "l"}}).size() == 1);
  CHECK(between(14, 17, "column a", {}, {{"attcompression", ""}}).size() == 1);
  CHECK(between(13, 17, "column a", {}, {{"attnovel", ""}}).size() == 1);
  CHECK(between(15, 18, "constraint a", {}, {{"conenforced", "true"}, {"conperiod", "false"}}).empty());
  CHECK(between(15, 18, "constraint a", {}, {{"conenforced", "false"}}).size() == 1);
  CHECK(between(15, 17, "subscription a", {}, {{"suborigin", "any"}}).empty());
  CHECK(between(15, 17, "subscription a", {}, {{"suborigin", "none"}}).size() == 1);
}

TEST_CASE("an unlogged partitioned table is permanent from 18 on, another one is not") {
  const Attributes unlogged = {{"relpersistence", "u"}};
  const Attributes permanent = {{"relpersistence", "p"}};
  CHECK(between(15, 18, "partitioned table a", unlogged, permanent).empty());
  CHECK(between(15, 18, "partitioned table a", permanent, unlogged) ==
        Sentences{
            "database \"shop\": partitioned table a: persistence is \"unlogged\", expected \"permanent\""});
  CHECK(between(15, 17, "partitioned table a", unlogged, permanent).size() == 1);
  CHECK(between(18, 18, "partitioned table a", unlogged, permanent).size() == 1);
  CHECK(between(15, 18, "table a", unlogged, permanent).size() == 1);
}

TEST_CASE("MAINTAIN comes to those who had all privileges, and to no others") {
  const std::string all =
      R"({a=DELETE/o,a=INSERT/o,a=REFERENCES/o,a=SELECT/o,a=TRIGGER/o,a=TRUNCATE/o,a=UPDATE/o,"\"B b\"=SELECT/o")";
  const auto grants = [](const std::string& text) { return Attributes{{"relacl", text + "}"}}; };
  CHECK(between(15, 17, "table a", grants(all), grants(all + ",a=MAINTAIN/o")).empty());
  CHECK(between(17, 18, "table a", grants(all), grants(all + ",a=MAINTAIN/o")).size() == 1);
  CHECK(between(15, 17, "table a", grants(all), grants(all + R"(,"\"B b\"=MAINTAIN/o")")).size() == 1);
  CHECK(between(15, 17, "table a", grants(all), grants(all + ",a=MAINTAIN*/o")).size() == 1);
  CHECK(between(15, 17, "table a", grants(all), grants(all + ",a=MAINTAIN/o,c=SELECT/o")).size() == 1);
}

TEST_CASE("the owner of a table has MAINTAIN whatever else was revoked") {
  const auto grants = [](const std::string& text) { return Attributes{{"relacl", text}}; };
  CHECK(between(15, 18, "table a", grants("{o=SELECT/o}"), grants("{o=MAINTAIN/o,o=SELECT/o}")).empty());
  CHECK(between(15, 18, "table a", grants("{o=SELECT/o}"), grants("{a=MAINTAIN/o,o=SELECT/o}")).size() == 1);
}

TEST_CASE("functions of arrays take compatible types from 14 on") {
  const auto step = [](const char* function) { return Attributes{{"aggtransfn", function}}; };
  const Attributes equal = step(R"("array_append"("anyarray","anyelement"))");
  const Attributes compatible = step(R"("array_append"("anycompatiblearray","anycompatible"))");
  CHECK(between(13, 17, "aggregate a", equal, compatible).empty());
  CHECK(between(14, 17, "aggregate a", equal, compatible).size() == 1);
  CHECK(between(13, 17, "aggregate a", equal, step(R"("array_cat"("anycompatiblearray","anycompatible"))"))
            .size() == 1);
  CHECK(between(13, 17, "aggregate a", step(R"("s"."f"("anyarray","anyelement"))"),
                step(R"("s"."f"("anycompatiblearray","anycompatible"))"))
            .size() == 1);
}

TEST_CASE("the function of a conversion has one argument more from 14 on, and is the same one") {
  const auto conversion = [](const char* function) { return Attributes{{"conproc", function}}; };
  const Attributes old = conversion(R"("latin1_to_utf8"(integer,integer,"cstring","internal",integer))");
  const Attributes same =
      conversion(R"("latin1_to_utf8"(integer,integer,"cstring","internal",integer,boolean))");
  CHECK(between(13, 17, "conversion a", old, same).empty());
  CHECK(between(14, 17, "conversion a", old, same).size() == 1);
  CHECK(between(13, 17, "conversion a", old,
                conversion(R"("other"(integer,integer,"cstring","internal",integer,boolean))"))
            .size() == 1);
}

TEST_CASE("a partition may have more copies of a foreign key but not fewer") {
  const Objects copy = {{"copy of foreign key a references b", {{"contype", "f"}}}};
  CHECK(extra(15, 17, copy).empty());
  CHECK(extra(17, 17, copy).empty());
  CHECK(extra(15, 17, {{"constraint a on b", {{"contype", "f"}}}}).size() == 1);
  Fingerprint expected;
  expected.databases["shop"].objects = copy;
  Fingerprint actual;
  actual.databases["shop"];
  CHECK(differences(expected, actual).size() == 1);
}

TEST_CASE("a locale of ICU becomes a tag of the same language") {
  const auto locale = [](const char* name) {
    return Attributes{{"collprovider", "i"}, {"colllocale", name}};
  };
  CHECK(between(15, 17, "collation a", locale("de@collation=phonebook"), locale("de-u-co-phonebk")).empty());
  CHECK(between(15, 17, "collation a", locale("root"), locale("und")).empty());
  CHECK(between(15, 17, "collation a", locale("de"), locale("da")).size() == 1);
  CHECK(between(16, 17, "collation a", locale("de_DE"), locale("de-DE")).size() == 1);
  CHECK(between(15, 17, "collation a", {{"collprovider", "c"}, {"colllocale", "de"}},
                {{"collprovider", "c"}, {"colllocale", "de_X"}})
            .size() == 1);
}

TEST_CASE("objects that a version has of itself are no difference") {
  const Objects not_null = {{"not-null constraint a on b", {{"conrelid", "b"}}}};
  CHECK(extra(15, 18, not_null).empty());
  CHECK(extra(15, 17, not_null).size() == 1);
  CHECK(extra(18, 18, not_null).size() == 1);
  CHECK(extra(15, 17, {{"not-null constraint a on d", {{"conrelid", "-"}}}}).empty());
  CHECK(extra(13, 15, {{"trigger a on b", {{"tgparentid", "true"}}}}).empty());
  CHECK(extra(13, 15, {{"trigger a on b", {{"tgparentid", "false"}}}}).size() == 1);
  CHECK(extra(15, 17, {{"trigger a on b", {{"tgparentid", "true"}}}}).size() == 1);
  CHECK(extra(15, 18, {{"table a", {}}}) ==
        Sentences{"database \"shop\": table a is not in the old cluster"});
}

TEST_CASE("multirange types come with range types from 14 on") {
  Objects objects = {
      {"type m", {{"typtype", "m"}}},
      {"type m[]", {}},
      {"cast (r AS m)", {{"casttarget", "m"}}},
      {"function m()", {{"prorettype", "m"}, {"prosrc", "multirange_constructor0"}}},
  };
  CHECK(extra(13, 17, objects).size() == 4);
  objects["type r"] = {{"rngmultitypid", "m"}};
  CHECK(extra(13, 17, objects) == Sentences{"database \"shop\": type r is not in the old cluster"});
  CHECK(extra(14, 17, objects).size() == 5);
  objects["function f()"] = {{"prorettype", "m"}, {"prosrc", "SELECT 1"}};
  CHECK(extra(13, 17, objects).size() == 2);
}
