#include "upgrade/cluster/planned_changes.hpp"

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

}  // namespace pgupgrade::upgrade
