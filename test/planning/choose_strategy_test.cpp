// Which strategy is taken by itself, and what the plan says of each.
#include "pgupgrade/planning/estimates.hpp"
#include "planning/preflight_case.hpp"

using namespace pgupgrade;
using namespace pgupgrade::planning;

namespace {

constexpr std::int64_t kSmall = 100'000'000;
constexpr std::int64_t kLarge = 40'000'000'000;

// A server that can be copied while it runs, with so much data.
World world_of(std::int64_t bytes) {
  World world;
  world.inventory().databases[1].size_bytes = bytes;
  world.inventory().databases[1].tables = 10;
  world.service().copy = CopyFacts{.wal_level = "replica",
                                   .free_wal_senders = 10,
                                   .free_replication_slots = 10,
                                   .data_directory = "/var/lib/docker/volumes/shop_pgdata/_data",
                                   .old_libc = "glibc 2.36"};
  world.service().new_image_facts = image_of(17);
  return world;
}

void change_generated(World& world) {
  world.inventory().databases[1].left_behind.generated_columns = {
      {.table = "public.invoice", .column = "gross", .changed = 2}};
}

void preload(World& world) {
  world.inventory().databases[1].extensions.push_back({.name = "pg_cron", .version = "1.6"});
  world.service().new_image_facts->extensions["pg_cron"] = "1.6";
}

Plan plan_of(const World& world) {
  const Planned result = planned(world.request, world.facts);
  INFO(shown(result.diagnostics));
  REQUIRE(result.ok);
  return result.plan;
}

std::string choice_of(const World& world) {
  const Plan plan = plan_of(world);
  return plan.strategy + " (" + plan.strategy_reason + ")";
}

}  // namespace

TEST_CASE("little data that a dump does not change is dumped") {
  const Plan plan = plan_of(world_of(kSmall));
  CHECK(plan.strategy == "dump");
  CHECK(plan.strategy_reason == "auto: quick, and changes nothing");
  CHECK(plan.targets[0].aside == AsidePlan{});
  REQUIRE(plan.outlooks.size() == 2);
  CHECK(plan.outlooks[0] ==
        StrategyOutlook{.name = "dump",
                        .downtime_ms = downtime_ms(kSmall, 10, 4),
                        .basis = "default rates",
                        .room_bytes = dump_bytes(kSmall) + backup_bytes(kSmall) + restore_extra_bytes(kSmall),
                        .way_back = "the backup"});
  CHECK(plan.outlooks[1] == StrategyOutlook{.name = "warm",
                                            .downtime_ms = warm_downtime_ms(0, 10, 4, false),
                                            .basis = "default rates",
                                            .room_bytes = copy_bytes(kSmall),
                                            .way_back = "the old data stays"});
}

TEST_CASE("much data is copied while the server runs") {
  const Plan plan = plan_of(world_of(kLarge));
  CHECK(plan.strategy == "warm");
  CHECK(plan.strategy_reason == "auto: dump would be down for 23:44");
  CHECK_FALSE(plan.targets[0].aside.directory.empty());
  CHECK(plan.estimated_downtime_ms == plan.outlooks[1].downtime_ms);
  CHECK(plan.disk[0].needed_bytes == copy_bytes(kLarge));
}

TEST_CASE(
    "what a dump would change or cannot do at all is a reason for a copy, however little data there is") {
  World world = world_of(kSmall);
  change_generated(world);
  CHECK(choice_of(world) == "warm (auto: dump would change something: 1 generated column computed anew)");
  CHECK(plan_of(world).outlooks[0].obstacles.empty());

  world = world_of(kSmall);
  world.inventory().databases[1].left_behind.oid_columns = {{.column = "audit.log.relid", .values = 5}};
  CHECK(choice_of(world) == "warm (auto: dump would change something: 1 column of oids that no longer fit)");

  world = world_of(kSmall);
  preload(world);
  CHECK(choice_of(world) == "warm (auto: dump does not suit)");

  world = world_of(kSmall);
  world.facts.state_free_bytes = 1'000'000;
  CHECK(choice_of(world) == "warm (auto: dump does not suit)");
}

TEST_CASE(
    "a change to a built-in object is lost by either strategy, so neither is taken before it is accepted") {
  World world = world_of(kSmall);
  world.inventory().databases[1].left_behind.members = {{.kind = MemberChangeKind::altered,
                                                         .type = "operator family",
                                                         .identity = "pg_catalog.integer_ops USING btree",
                                                         .attribute = "operators"}};
  const Planned refused = planned(world.request, world.facts);
  REQUIRE_FALSE(refused.ok);
  CHECK(refused.plan.strategy == "dump");
  CHECK(refused.diagnostics.front().code == "E-BUILT-IN-CHANGES");
  world.request.acknowledged = {"E-BUILT-IN-CHANGES"};
  const Plan plan = plan_of(world);
  for (const StrategyOutlook& outlook : plan.outlooks)
    CHECK(outlook.changes == std::vector<std::string>{"1 change to built-in objects lost"});
  change_generated(world);
  CHECK(choice_of(world).starts_with("warm (auto: dump would change something: 1 generated column"));
}

TEST_CASE("what is asked for is taken, and refused in its own words") {
  World world = world_of(kLarge);
  world.request.strategy = "dump";
  CHECK(choice_of(world) == "dump (asked for)");
  world = world_of(kSmall);
  world.request.strategy = "warm";
  CHECK(choice_of(world) == "warm (asked for)");
  change_generated(world);
  world.request.strategy = "dump";
  const Planned refused = planned(world.request, world.facts);
  REQUIRE_FALSE(refused.ok);
  CHECK(refused.diagnostics.front().code == "E-GENERATED-CHANGES");
  CHECK(refused.diagnostics.size() == 1);
}

TEST_CASE("where nothing suits better a dump is taken, and the plan says what would make a copy suit") {
  World world = world_of(kLarge);
  world.service().copy->wal_level = "minimal";
  const Plan plan = plan_of(world);
  CHECK(plan.strategy == "dump");
  CHECK(plan.strategy_reason == "auto: no other one suits better");
  CHECK(plan.outlooks[1].obstacles ==
        std::vector<std::string>{"service db cannot be copied while it runs: its wal_level is minimal → set "
                                 "wal_level to replica, its default, and restart the service"});
}

TEST_CASE("where neither suits the refusal says how to accept, and what would make a copy suit") {
  World world = world_of(kSmall);
  change_generated(world);
  world.service().copy->unlogged = {"shop.public.carts"};
  const Planned refused = planned(world.request, world.facts);
  REQUIRE_FALSE(refused.ok);
  CHECK(
      shown(refused.diagnostics) ==
      "error E-GENERATED-CHANGES: database \"shop\" of service db has stored generated columns whose values "
      "are not what their expressions give now, so the restore would change them: public.invoice.gross in 2 "
      "rows | set a column that it is computed from to itself (UPDATE) for the new values, or keep the old "
      "ones: ALTER TABLE public.invoice ALTER COLUMN \"gross\" DROP EXPRESSION; or proceed anyway with "
      "--accept "
      "E-GENERATED-CHANGES\n"
      "note N-STRATEGY: strategy warm does not suit either: service db cannot be copied while it runs: a "
      "copy has the rows of no unlogged table: shop.public.carts | ALTER TABLE … SET LOGGED");
  world.request.acknowledged = {"E-GENERATED-CHANGES"};
  CHECK(choice_of(world) == "dump (auto: no other one suits better)");
}

TEST_CASE("all services of a run go the same way") {
  World world = world_of(kSmall);
  world.facts.services.push_back(world.service());
  world.facts.services[1].service = "audit";
  world.facts.services[1].container_id = "decade";
  CHECK(choice_of(world) == "dump (auto: quick, and changes nothing; one for all services)");
  change_generated(world);
  CHECK(choice_of(world) ==
        "warm (auto: dump would change something: db: 1 generated column computed anew; one for all "
        "services)");
  world.facts.services[1].copy->wal_level = "minimal";
  const Planned refused = planned(world.request, world.facts);
  CHECK_FALSE(refused.ok);
  CHECK(refused.plan.strategy == "dump");
}

TEST_CASE("what of the request only one strategy can do chooses it") {
  World world = world_of(kSmall);
  world.request.verify = Verify::catalog;
  CHECK(choice_of(world) == "warm (auto: dump does not suit)");
  world = world_of(kLarge);
  world.request.dump_directory = "/mnt/dumps";
  world.facts.dumps_free_bytes = 10 * kLarge;
  CHECK(choice_of(world) == "dump (auto: no other one suits better)");
  world.request.verify = Verify::catalog;
  const Planned refused = planned(world.request, world.facts);
  REQUIRE_FALSE(refused.ok);
  CHECK(refused.diagnostics.front().code == "E-VERIFY");
}

TEST_CASE("who asks for a backup gets a dump, and is told what a copy would need where that is refused") {
  World world = world_of(kLarge);
  world.request.backup_directory = "/mnt/backups";
  CHECK(choice_of(world) == "dump (auto: no other one suits better)");
  CHECK(plan_of(world).outlooks[1].obstacles ==
        std::vector<std::string>{"strategy warm makes no backup: the old data stays beside the new cluster → "
                                 "leave --backup-dir out, or use --strategy dump"});
  change_generated(world);
  const Planned refused = planned(world.request, world.facts);
  REQUIRE_FALSE(refused.ok);
  CHECK(refused.plan.strategy == "dump");
  CHECK(refused.diagnostics.front().code == "E-GENERATED-CHANGES");
  CHECK(refused.diagnostics.back().code == "N-STRATEGY");
  CHECK(
      refused.diagnostics.back().message ==
      "strategy warm does not suit either: strategy warm makes no backup: the old data stays beside the new "
      "cluster");
  world.request.strategy = "warm";
  CHECK(planned(world.request, world.facts).diagnostics.front().code == "E-BACKUP-DIR");
}

TEST_CASE("a rehearsal is chosen by nobody, and sets no strategies side by side") {
  World world = world_of(kLarge);
  world.service().copy->plain_volume = true;
  for (const StrategyOutlook& outlook : plan_of(world).outlooks) CHECK(outlook.name != kRehearsal);
  world.request.strategy = kRehearsal;
  const Plan plan = plan_of(world);
  CHECK(plan.strategy == kRehearsal);
  CHECK(plan.strategy_reason.empty());
  CHECK(plan.outlooks.empty());
  CHECK(plan.estimated_downtime_ms == downtime_ms(kLarge, 10, 4));
  world.request.verify = Verify::catalog;
  CHECK(planned(world.request, world.facts).diagnostics.front().code == "E-VERIFY");
}

TEST_CASE("what could not be found out of a server is a reason against copying it") {
  World world = world_of(kLarge);
  world.service().copy = CopyFacts{.problem = "could not start a container"};
  const Plan plan = plan_of(world);
  CHECK(plan.strategy == "dump");
  CHECK(plan.outlooks[1].obstacles ==
        std::vector<std::string>{"service db cannot be copied while it runs: what that needs could not be "
                                 "found out: could not start a container → see to that and plan again"});
  world = world_of(kLarge);
  world.service().copy->no_exchange = "it is a mount point";
  CHECK(choice_of(world) == "dump (auto: no other one suits better)");
}

TEST_CASE("the forecast goes by the newest run of that strategy with as much data") {
  const Workload now{.bytes = 1'000'000'000, .tables = 10, .jobs = 2};
  const std::int64_t by_default = downtime_ms(now.bytes, 10, 2);
  const auto past = [](const char* run, const char* strategy, std::int64_t bytes, std::int64_t downtime) {
    return PastRun{.run_id = run,
                   .strategy = strategy,
                   .workload = {.bytes = bytes, .tables = 10, .jobs = 2},
                   .downtime_ms = downtime};
  };
  CHECK(forecast("dump", now, {}).ms == by_default);
  CHECK(forecast("dump", now, {}).basis == "default rates");
  const Forecast half =
      forecast("dump", now,
               {past("a", "warm", now.bytes, 1), past("b", "dump", 10 * now.bytes, 1),
                past("c", "dump", now.bytes, by_default / 2), past("d", "dump", now.bytes, 1)});
  CHECK(half.ms == by_default / 2);
  CHECK(half.basis == "rates of run c");
  CHECK(forecast("dump", now, {past("e", "dump", now.bytes, 1)}).ms == by_default / 5);

  World world = world_of(2'000'000'000);
  CHECK(plan_of(world).strategy == "warm");
  const std::int64_t expected = downtime_ms(2'000'000'000, 10, 4);
  world.facts.past_runs = {{.run_id = "7f3a21bc",
                            .strategy = "dump",
                            .workload = {.bytes = 2'000'000'000, .tables = 10, .jobs = 4},
                            .downtime_ms = expected / 3}};
  CHECK(choice_of(world) == "dump (auto: quick, and changes nothing)");
  CHECK(plan_of(world).outlooks[0].basis == "rates of run 7f3a21bc");
}
