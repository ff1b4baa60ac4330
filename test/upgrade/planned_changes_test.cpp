#include "upgrade/cluster/planned_changes.hpp"

#include <functional>
#include <map>

#include "support/catch.hpp"

namespace pgupgrade::upgrade {
namespace {

Fingerprint print_with(const Objects& shared, const Objects& objects) {
  Fingerprint print{.version_num = 150008, .row_hash = "h", .databases = {}, .shared = shared};
  print.databases["shop"].objects = objects;
  return print;
}

}  // namespace

TEST_CASE("grants of the plan are expected, a new one with the admin option alone") {
  const TargetPlan target{.role_grants = {{.role = "a\"b", .member = "panel"},
                                          {.role = "held", .member = "panel", .fresh = false},
                                          {.role = "dropped", .member = "panel"}}};
  const Objects roles = {{"role \"panel\"", {}}, {"role \"a\"\"b\"", {}}, {"role \"held\"", {}}};
  Fingerprint old = print_with(roles, {});
  old.shared["membership \"panel\" in \"held\""] = {{"admin_option", "false"}};
  Fingerprint now = old;
  now.shared["membership \"panel\" in \"a\"\"b\""] = {
      {"admin_option", "true"}, {"grantor", "postgres"}, {"inherit_option", "true"}};
  expect_planned_changes({}, target, old, now);
  Objects expected = roles;
  expected["membership \"panel\" in \"a\"\"b\""] = {{"admin_option", "true"},
                                                    {"grantor", "postgres"},
                                                    {"inherit_option", "false"},
                                                    {"set_option", "false"}};
  expected["membership \"panel\" in \"held\""] = {{"admin_option", "true"}};
  CHECK(old.shared == expected);
}

TEST_CASE("what the user has accepted to lose is not compared, and only that") {
  TargetPlan target;
  DatabaseFacts shop{.name = "shop"};
  shop.left_behind.catalog_objects = {{.object = "function pg_catalog.f(integer)", .cure = "ALTER"}};
  target.inventory.databases = {shop};
  Fingerprint old = print_with({}, {{"function \"pg_catalog\".\"f\"(integer)", {}},
                                    {"comment on function \"pg_catalog\".\"f\"(integer)", {}},
                                    {"function \"pg_catalog\".\"g\"(integer)", {}}});
  Fingerprint now = print_with({}, {});

  Fingerprint untouched = old;
  Fingerprint now_untouched = now;
  expect_planned_changes({}, target, untouched, now_untouched);
  CHECK(untouched == old);
  CHECK(now_untouched == now);

  Plan plan;
  plan.acknowledged = {"E-CATALOG-OBJECTS"};
  expect_planned_changes(plan, target, old, now);
  CHECK(old.databases["shop"].objects == Objects{{"function \"pg_catalog\".\"g\"(integer)", {}}});
}

TEST_CASE(
    "generated columns that the user has accepted may be computed anew, and nothing else of their table") {
  TargetPlan target;
  DatabaseFacts shop{.name = "shop"};
  shop.left_behind.generated_columns = {
      {.table = "public.invoice", .column = "gross", .changed = 2},
      {.table = "public.part_1", .whole = "public.parts", .column = "gross", .changed = 1}};
  target.inventory.databases = {shop};
  Plan plan;
  plan.acknowledged = {"E-GENERATED-CHANGES"};
  const auto print_of = [](const TablePrint& invoice) {
    Fingerprint print = print_with({}, {});
    print.databases["shop"].tables = {{"public.invoice", invoice}, {"public.parts", invoice}};
    return print;
  };
  const TablePrint before{
      .rows = 3, .digest = "1", .ordinary = "o", .generated = {{"gross", "116"}, {"twice", "6"}}};
  TablePrint after = before;
  after.digest = "2";
  after.generated["gross"] = "119";
  const auto differences_with = [&](const Plan& accepted, const TablePrint& table) {
    Fingerprint old = print_of(before);
    Fingerprint now = print_of(table);
    expect_planned_changes(accepted, target, old, now);
    return differences(old, now).size();
  };
  CHECK(differences_with({}, after) == 2);
  CHECK(differences_with(plan, after) == 0);
  for (const auto& [what, change] : std::map<std::string, std::function<void(TablePrint&)>>{
           {"another row", [](TablePrint& table) { table.rows = 4; }},
           {"another ordinary value", [](TablePrint& table) { table.ordinary = "p"; }},
           {"another column", [](TablePrint& table) { table.generated["twice"] = "7"; }},
           {"not known", [](TablePrint& table) { table.ordinary.clear(); }}}) {
    INFO(what);
    TablePrint spoilt = after;
    change(spoilt);
    CHECK(differences_with(plan, spoilt) == 2);
  }
}

}  // namespace pgupgrade::upgrade
