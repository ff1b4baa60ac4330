#include "migrate/comparable.hpp"

#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::migrate;
using Sequences = std::map<std::string, std::string>;

namespace {

DatabasePrint sample() {
  DatabasePrint print;
  print.objects["table \"public\".\"t\""] = {{"relowner", "app"}, {"relacl", "{x}"}, {"relkind", "r"}};
  print.objects["schema \"public\""] = {{"nspowner", "postgres"}, {"nspacl", "{y}"}, {"nspname", "public"}};
  print.objects["user mapping a on server s"] = {{"umoptions", "{z}"}};
  print.objects["event trigger \"e\""] = {{"evtname", "e"}};
  print.objects["default acl for role app"] = {{"defaclacl", "{}"}};
  print.large_objects_digest = "11 22 33";
  return print;
}

std::vector<std::string> names(const DatabasePrint& print) {
  std::vector<std::string> result;
  for (const auto& [name, attributes] : print.objects) result.push_back(name);
  return result;
}

}  // namespace

TEST_CASE("all is compared unless something is left out") {
  DatabasePrint print = sample();
  leave_out({}, print);
  CHECK(print == sample());
}

TEST_CASE("what only superusers read or make is not compared for others") {
  DatabasePrint print = sample();
  leave_out({.user_mappings = false, .superusers_objects = false}, print);
  CHECK(names(print) ==
        std::vector<std::string>{"default acl for role app", "schema \"public\"", "table \"public\".\"t\""});
  CHECK(print.objects["table \"public\".\"t\""].contains("relowner"));
}

TEST_CASE("owners and grants that are left out are not compared") {
  DatabasePrint print = sample();
  leave_out({.owners = false}, print);
  CHECK(print.objects["table \"public\".\"t\""] == Attributes{{"relkind", "r"}});
  CHECK_FALSE(print.objects.contains("default acl for role app"));
  CHECK(print.large_objects_digest == "11 22");
}

TEST_CASE("the bootstrap superuser may have another name at the target") {
  DatabasePrint print = sample();
  leave_out({.owner_of_public = false}, print);
  CHECK(print.objects["schema \"public\""] == Attributes{{"nspname", "public"}});
  CHECK(print.objects["table \"public\".\"t\""].contains("relowner"));
}

TEST_CASE("a sequence that moved meanwhile may stand anywhere between") {
  const Sequences before = {{"a", "value 5 called; type bigint"}, {"b", "value 5 called; type bigint"}};
  const Sequences later = {{"a", "value 9 called; type bigint"}, {"b", "value 5 called; type bigint"}};
  const auto settled = [&](const std::string& a, const std::string& b) {
    const Sequences copy = {{"a", a}, {"b", b}};
    Sequences now = later;
    settle_sequences(before, now, copy);
    return now == copy;
  };
  const std::string unmoved = before.at("b");
  CHECK(settled("value 5 called; type bigint", unmoved));
  CHECK(settled("value 7 called; type bigint", unmoved));
  CHECK(settled("value 9 called; type bigint", unmoved));
  CHECK_FALSE(settled("value 10 called; type bigint", unmoved));
  CHECK_FALSE(settled("value 4 called; type bigint", unmoved));
  CHECK_FALSE(settled("value 7 called; type integer", unmoved));
  CHECK_FALSE(settled("value 7 called; type bigint", "value 6 called; type bigint"));
}
