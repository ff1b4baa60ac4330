// The states in which a service is found, and the way on from each.
#include "planning/preflight_case.hpp"

using namespace pgupgrade;
using namespace pgupgrade::planning;

TEST_CASE("a server that does not answer is refused with the way to start it") {
  require_diagnostics({
      {"lets nobody in, and why is known",
       [](World& w) {
         w.service().inventory.reset();
         w.service().inventory_problem =
             std::string(300, 'x') + ": role \"postgres\" is not permitted to log in";
         w.service().inventory_hint = "as another superuser: ALTER ROLE postgres LOGIN";
         w.service().pg_version_file = 15;
       },
       "error E-NO-SERVER: could not reach the server of service db: " + std::string(300, 'x') +
           ": role \"postgres\" is not permitted to log in | as another superuser: ALTER ROLE postgres "
           "LOGIN"},
      {"stopped",
       [](World& w) {
         w.service().running = false;
         w.service().inventory.reset();
       },
       "error E-NOT-RUNNING: service db is not running, so its cluster cannot be read | start it with "
       "\"docker compose up -d db\" and run pgupgrade again"},
      {"stopped since the tag was bumped",
       [](World& w) {
         w.service().running = false;
         w.service().inventory.reset();
         w.service().compose_image = "postgres:17-alpine";
         w.service().old_image = "postgres:15-alpine";
         w.service().back_edits = {
             {.file = "/srv/shop/compose.yaml", .line = 5, .old_text = "17", .new_text = "15"}};
       },
       "error E-TAG-BUMPED: service db cannot start: its data (in the volume shop_pgdata at "
       "/var/lib/postgresql/data) is of PostgreSQL 15, but its image postgres:17-alpine is of PostgreSQL 17 "
       "| "
       "\"pgupgrade --to 17 --old-image postgres:15-alpine\" starts it on that image and upgrades it from "
       "there; or change compose.yaml:5 \"17\" to \"15\", start it with \"docker compose up -d db\", and run "
       "pgupgrade again: it changes the image itself"},
      {"ended, and only the image itself says its version",
       [](World& w) {
         w.service().running = false;
         w.service().ended = true;
         w.service().inventory.reset();
         w.service().compose_image = "shop/db";
         w.service().image_major = 18;
       },
       "error E-TAG-BUMPED: service db cannot start: its data (in the volume shop_pgdata at "
       "/var/lib/postgresql/data) is of PostgreSQL 15, but its image shop/db is of PostgreSQL 18 | "
       "\"pgupgrade --to 17 --old-image IMAGE\" starts it on an image of PostgreSQL 15 and upgrades it from "
       "there; or set the image back to one of PostgreSQL 15, start it with \"docker compose up -d db\", and "
       "run pgupgrade again: it changes the image itself"},
      {"bumped to an image that looks elsewhere",
       [](World& w) {
         w.service().running = false;
         w.service().ended = true;
         w.service().inventory.reset();
         w.service().compose_image = "postgres:18";
         w.service().image_major = 18;
         w.service().pgdata = "/var/lib/postgresql/18/docker";
         w.service().pg_version_file = 0;
         w.service().unused_clusters = {
             {.mount = w.service().mounts[0], .path = "/var/lib/postgresql/data", .major = 15}};
       },
       "error E-TAG-BUMPED: service db cannot start: its data (in the volume shop_pgdata at "
       "/var/lib/postgresql/data) is of PostgreSQL 15, but its image postgres:18 is of PostgreSQL 18 | "
       "\"pgupgrade --to 17 --old-image IMAGE\" starts it on an image of PostgreSQL 15 and upgrades it from "
       "there; or set the image back to one of PostgreSQL 15, start it with \"docker compose up -d db\", and "
       "run pgupgrade again: it changes the image itself"},
      {"running without an answer",
       [](World& w) {
         w.service().inventory.reset();
         w.service().inventory_problem = "the container restarts";
       },
       "error E-NO-SERVER: could not reach the server of service db: the container restarts | see why in "
       "\"docker compose logs db\""},
      {"restarting since the tag was bumped",
       [](World& w) {
         w.service().inventory.reset();
         w.service().inventory_problem = "the container restarts";
         w.service().compose_image = "postgres:17";
         w.service().old_image = "postgres:15";
       },
       "error E-TAG-BUMPED: service db cannot start: its data (in the volume shop_pgdata at "
       "/var/lib/postgresql/data) is of PostgreSQL 15, but its image postgres:17 is of PostgreSQL 17 | "
       "\"pgupgrade --to 17 --old-image postgres:15\" starts it on that image and upgrades it from there; or "
       "set the image back to postgres:15, start it with \"docker compose up -d db\", and run pgupgrade "
       "again: "
       "it changes the image itself"},
      {"running on an empty directory without an answer",
       [](World& w) {
         w.service().inventory.reset();
         w.service().pg_version_file = 0;
         w.service().inventory_problem = "the container restarts";
       },
       "error E-NO-SERVER: could not reach the server of service db: the container restarts | see why in "
       "\"docker compose logs db\""},
  });
}

TEST_CASE("nothing is to do for a service at the target or without data") {
  require_diagnostics({
      {"at the target", [](World& w) { w.inventory().version_num = 170001; },
       "note N-ALREADY: service db is at PostgreSQL 17 already | "},
      {"stopped at the target",
       [](World& w) {
         w.service().inventory.reset();
         w.service().running = false;
         w.service().pg_version_file = 17;
       },
       "note N-ALREADY: service db is at PostgreSQL 17 already | "},
      {"at the target, with the old cluster that an upgrade has left beside it",
       [](World& w) {
         w.inventory().version_num = 170001;
         w.inventory().data_directory = w.service().pgdata = "/data/17";
         w.service().mounts = {{.source = "shop_pgdata", .target = "/data"}};
         w.service().unused_clusters = {{.mount = w.service().mounts[0], .path = "/data/15", .major = 15}};
       },
       "note N-ALREADY: service db is at PostgreSQL 17 already | "},
      {"at the target, with a copy of old on a mount for copies",
       [](World& w) {
         w.inventory().version_num = 170001;
         w.service().mounts.push_back({.source = "shop_copies", .target = "/copies"});
         w.service().unused_clusters = {
             {.mount = w.service().mounts.back(), .path = "/copies/monday/base15", .major = 15}};
       },
       "note N-ALREADY: service db is at PostgreSQL 17 already | "},
      {"never started",
       [](World& w) {
         w.service().inventory.reset();
         w.service().running = false;
         w.service().pg_version_file = 0;
         w.service().edits.clear();
       },
       "note N-NO-DATA: service db has no data yet, so there is nothing to upgrade | "},
  });
}
