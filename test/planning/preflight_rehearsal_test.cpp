// What a rehearsal asks for: what a copy of the running server needs, and room for all of it at once.
#include "planning/preflight_case.hpp"

namespace pgupgrade::planning {
namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20;

void rehearse(World& w) {
  w.request.strategy = kRehearsal;
  w.service().copy = CopyFacts{.wal_level = "replica",
                               .free_wal_senders = 10,
                               .free_replication_slots = 10,
                               .data_directory = "/var/lib/docker/volumes/shop_pgdata/_data",
                               .plain_volume = true};
}

}  // namespace

TEST_CASE("a rehearsal needs what a copy of the running server needs, and unlogged tables are no obstacle") {
  require_diagnostics({
      {"all well", rehearse, ""},
      {"unlogged tables",
       [](World& w) {
         rehearse(w);
         w.service().copy->unlogged = {"shop.public.carts"};
       },
       ""},
      {"no wal sender",
       [](World& w) {
         rehearse(w);
         w.service().copy->free_wal_senders = 1;
       },
       "error E-WARM: service db cannot be copied while it runs: 1 of its max_wal_senders are free, 3 are "
       "needed "
       "| raise max_wal_senders and restart the service, or try what needs no copy: pgupgrade plan "
       "--rehearse"},
      {"an old server",
       [](World& w) {
         rehearse(w);
         w.inventory().version = "12.22";
         w.inventory().version_num = 120022;
       },
       "error E-WARM: service db cannot be copied while it runs: a rehearsal copies servers of PostgreSQL 13 "
       "or later | upgrade it without one, or try what needs no copy: pgupgrade plan --rehearse\nnote "
       "N-SETTING-DEFAULT: the default of password_encryption changes from md5 to scram-sha-256 for service "
       "db | clients of before 2018 cannot use new passwords"},
  });
}

TEST_CASE("a rehearsal needs room for the copy, its dump and the new cluster, and none for a backup") {
  World w;
  rehearse(w);
  const auto upgrade = planned(request_to(17), facts_of_shop()).plan;
  const auto rehearsal = planned(w.request, w.facts).plan;
  const std::int64_t data = upgrade.targets.at(0).data_bytes;
  REQUIRE(rehearsal.disk.size() == 2);
  CHECK(rehearsal.disk[0].needed_bytes - upgrade.disk.at(0).needed_bytes ==
        data + data + std::min<std::int64_t>(data, 1024 * kMiB) + 512 * kMiB);
  CHECK(rehearsal.disk[1].needed_bytes == 0);
  CHECK_FALSE(rehearsal.targets.at(0).aside.directory.empty());
}

TEST_CASE("the new cluster of a rehearsal never lies beside the old one, which cleanup would then remove") {
  World w;
  rehearse(w);
  w.service().mounts[0].target = "/data";
  w.service().pgdata = w.inventory().data_directory = "/data/15";
  w.inventory().config_file = "/data/15/postgresql.conf";
  w.inventory().settings.clear();
  w.service().declares_pgdata = true;
  w.service().new_pgdata = "/data/17";
  CHECK_FALSE(planned(w.request, w.facts).plan.targets.at(0).keeps_old);
  w.request.strategy = "dump";
  CHECK(planned(w.request, w.facts).plan.targets.at(0).keeps_old);
}

}  // namespace pgupgrade::planning
