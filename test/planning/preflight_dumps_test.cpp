#include "planning/preflight_case.hpp"

using namespace pgupgrade;
using namespace pgupgrade::planning;

TEST_CASE("dumps that are kept need room of their own, and a place outside of the data") {
  constexpr std::int64_t kMiB = std::int64_t{1} << 20;
  const auto keep = [](World& w, const std::string& directory) {
    w.request.dump_directory = directory;
    w.facts.dumps_free_bytes = 100'000 * kMiB;
  };
  require_diagnostics({
      {"enough", [&](World& w) { keep(w, "/mnt/dumps"); }, ""},
      {"on a disk of their own",
       [&](World& w) {
         keep(w, "/mnt/dumps");
         w.facts.dumps_free_bytes = 1024 * kMiB;
       },
       "error E-DISK: not enough space in /mnt/dumps: up to 2.9 GiB is needed, 1.0 GiB is free | free some "
       "space; or proceed anyway with --accept E-DISK"},
      {"on that of the state directory, which has enough for one of them",
       [&](World& w) {
         keep(w, "/srv/dumps");
         w.facts.dumps_with_state = true;
         w.facts.state_free_bytes = w.facts.dumps_free_bytes = 4 * 1024 * kMiB;
       },
       "error E-DISK: not enough space in /srv/shop/.pgupgrade and /srv/dumps: up to 5.8 GiB is needed, 4.0 "
       "GiB "
       "is free | free some space; or proceed anyway with --accept E-DISK"},
      {"on that of the engine's volumes",
       [&](World& w) {
         keep(w, "/var/lib/dumps");
         w.facts.dumps_with_engine = true;
         w.facts.engine_free_bytes = w.facts.dumps_free_bytes = 5 * 1024 * kMiB;
       },
       "error E-DISK: not enough space in the engine's volumes and /var/lib/dumps: up to 7.4 GiB is needed, "
       "5.0 GiB is free | free some space; or proceed anyway with --accept E-DISK"},
      {"in the directory that is emptied",
       [&](World& w) {
         keep(w, "/srv/shop/data/dumps");
         w.service().data_volume.reset();
         w.service().mounts[0] = {
             .kind = MountKind::bind, .source = "/srv/shop/data", .target = "/var/lib/postgresql/data"};
       },
       "error E-KEEP-DUMPS: dumps cannot be kept in /srv/shop/data/dumps: it lies in the data of service db "
       "| "
       "choose another directory"},
      {"by a strategy that makes none",
       [&](World& w) {
         keep(w, "/mnt/dumps");
         w.request.strategy = kWarm;
       },
       "error E-KEEP-DUMPS: strategy warm makes no dump that could be kept | leave --keep-dumps out, or use "
       "--strategy dump"},
  });
}

TEST_CASE(
    "a new cluster beside the old one needs room for the data once more, and its directory for itself") {
  constexpr std::int64_t kMiB = std::int64_t{1} << 20;
  const auto versioned = [](World& w) {
    w.service().mounts[0].target = "/data";
    w.service().pgdata = w.inventory().data_directory = "/data/15";
    w.inventory().config_file = "/data/15/postgresql.conf";
    w.inventory().settings.clear();
    w.service().declares_pgdata = true;
    w.service().new_pgdata = "/data/17";
  };
  require_diagnostics({
      {"enough", versioned, ""},
      {"too little",
       [&](World& w) {
         versioned(w);
         w.facts.engine_free_bytes = 5 * 1024 * kMiB;
       },
       "error E-DISK: not enough space in the engine's volumes: up to 6.4 GiB is needed, 5.0 GiB is free | "
       "free "
       "some space; or proceed anyway with --accept E-DISK"},
      {"a cluster there",
       [&](World& w) {
         versioned(w);
         w.service().unused_clusters = {{.mount = w.service().mounts[0], .path = "/data/17", .major = 17}};
       },
       "error E-NEW-DIRECTORY: service db is to have its new cluster in /data/17, but one of PostgreSQL 17 "
       "is "
       "there | move it away when nobody needs it"},
  });
}
