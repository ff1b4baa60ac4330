// --backup aside: where the old data can be kept beside the new, and what room that needs.
#include "pgupgrade/planning/estimates.hpp"
#include "planning/preflight_case.hpp"

namespace pgupgrade::planning {
namespace {

void keep_aside(World& w) {
  w.request.strategy = "dump";
  w.request.backup = Backup::aside;
  w.service().copy =
      CopyFacts{.data_directory = "/var/lib/docker/volumes/shop_pgdata/_data", .plain_volume = true};
}

}  // namespace

TEST_CASE("the old data is kept aside where it can change places with a new cluster, and has no other copy") {
  require_diagnostics({
      {"all well, and no replication is asked for", keep_aside, ""},
      {"another driver",
       [](World& w) {
         keep_aside(w);
         w.service().copy->plain_volume = false;
       },
       "error E-ASIDE: the old data of service db cannot be kept aside: the volume shop_pgdata has another "
       "driver than \"local\", or options | move the data to a plain volume or a bind mount, or use --backup "
       "tar"},
      {"nobody knows where",
       [](World& w) {
         keep_aside(w);
         w.service().copy->data_directory.clear();
       },
       "error E-ASIDE: the old data of service db cannot be kept aside: could not determine where the volume "
       "shop_pgdata is on the host | move the data to a plain volume or a bind mount, or use --backup tar"},
      {"a place for the backup that is not made",
       [](World& w) {
         keep_aside(w);
         w.request.backup_directory = "/backups";
       },
       "error E-BACKUP-OPTION: no backup would be written to /backups: with --backup aside the old data "
       "stays "
       "beside the new, and no archive is made | leave --backup-dir out, or use --backup tar"},
      {"an archive that strategy warm does not make",
       [](World& w) {
         w.request.strategy = kWarm;
         w.request.backup = Backup::tar;
       },
       "error E-BACKUP-OPTION: strategy warm keeps the old data aside and makes no archive of it | leave "
       "--backup out, or use --strategy dump"},
      {"not enough room",
       [](World& w) {
         keep_aside(w);
         w.facts.engine_free_bytes = 1000;
       },
       "error E-DISK: not enough space in the engine's volumes: up to 6.4 GiB is needed, 1000 B is free | "
       "free some "
       "space; or proceed anyway with --accept E-DISK"},
  });
}

TEST_CASE("old data that stays aside needs room for the new cluster beside it, and none for a backup") {
  World w;
  keep_aside(w);
  const Plan classic = planned(request_to(17), facts_of_shop()).plan;
  const Plan aside = planned(w.request, w.facts).plan;
  const std::int64_t data = classic.targets.at(0).data_bytes;
  REQUIRE(aside.disk.size() == 2);
  CHECK(aside.disk[0].needed_bytes == classic.disk.at(0).needed_bytes + data);
  CHECK(aside.disk[1].needed_bytes == 0);
  CHECK(classic.disk.at(1).needed_bytes == backup_bytes(data));
}

TEST_CASE("old data that stays aside makes the downtime shorter by the backup and its proof") {
  World w;
  keep_aside(w);
  const Plan classic = planned(request_to(17), facts_of_shop()).plan;
  const Plan aside = planned(w.request, w.facts).plan;
  CHECK(classic.backup == Backup::tar);
  CHECK(aside.backup == Backup::aside);
  CHECK(aside.estimated_downtime_ms < classic.estimated_downtime_ms);
  CHECK(aside.estimated_downtime_ms == aside_downtime_ms(2'000'000'000, 0, 100, 4));
}

TEST_CASE("the place of a new cluster beside the old one is a volume beside its volume, without a copy") {
  World w;
  keep_aside(w);
  const Plan plan = planned(w.request, w.facts).plan;
  const AsidePlan& aside = plan.targets.at(0).aside;
  CHECK(aside.directory == "/var/lib/docker/volumes/pgupgrade-" + plan.run_id + "-db-aside/_data");
  CHECK_FALSE(aside.copied);
  w.request.backup.reset();
  w.request.strategy = kWarm;
  w.service().copy->wal_level = "replica";
  w.service().copy->free_wal_senders = w.service().copy->free_replication_slots = 10;
  const Plan warm = planned(w.request, w.facts).plan;
  CHECK(warm.backup == Backup::aside);
  CHECK(warm.targets.at(0).aside.copied);
}

TEST_CASE("a copy is dumped where a dump would write to the old data, or a crash would cost some of it") {
  const auto aside_with = [](const std::function<void(World&)>& change) {
    World w;
    keep_aside(w);
    change(w);
    return planned(w.request, w.facts).plan;
  };
  const auto why = [&](const std::function<void(World&)>& change) {
    const AsidePlan aside = aside_with(change).targets.at(0).aside;
    CHECK(aside.copied == !aside.copied_because.empty());
    return aside.copied_because;
  };
  const auto mark = [](World& w) { w.service().copy->marked = {"shop"}; };
  CHECK(why([](World&) {}).empty());
  CHECK(why([](World& w) { w.service().copy->unlogged = {"shop.public.carts"}; }) ==
        "it has unlogged tables");
  CHECK(why(mark) == "the server keeps marks of its own in the catalogs");
  CHECK(why([&](World& w) {
          mark(w);
          w.service().copy->unlogged = {"shop.public.carts"};
          w.service().inventory->databases.at(0).left_behind.members = {
              {.kind = MemberChangeKind::added,
               .extension = "hstore",
               .type = "table",
               .identity = "public.p",
               .statement = "ALTER EXTENSION hstore ADD TABLE p"}};
        }) ==
        "it has unlogged tables, objects were moved in or out of extensions, the server keeps marks of its "
        "own in "
        "the catalogs");

  const Plan plain = aside_with([](World&) {});
  const Plan copied = aside_with(mark);
  const std::int64_t data = plain.targets.at(0).data_bytes;
  CHECK(copied.estimated_downtime_ms == aside_downtime_ms(data, data, 100, 4));
  CHECK(copied.estimated_downtime_ms > plain.estimated_downtime_ms);
  // It goes before the new cluster comes.
  CHECK(copied.disk.at(0).needed_bytes == plain.disk.at(0).needed_bytes);
}

TEST_CASE("a rehearsal keeps nothing aside") {
  World w;
  w.request.strategy = kRehearsal;
  w.request.backup = Backup::aside;
  CHECK(backup_of(w.request) == Backup::tar);
}

}  // namespace pgupgrade::planning
