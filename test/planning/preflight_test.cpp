#include "pgupgrade/planning/preflight.hpp"

#include "planning/preflight_case.hpp"

using namespace pgupgrade;
using namespace pgupgrade::planning;

static const std::string kAnonymous(64, 'a');

TEST_CASE("versions that cannot be reached are refused") {
  require_diagnostics({
      {"older target", [](World& w) { w.request.target_major = 14; },
       "error E-TARGET-OLDER: cannot downgrade service db from PostgreSQL 15 to 14 | choose a target above "
       "15 with --to"},
      {"older target than a stopped cluster",
       [](World& w) {
         w.service().inventory.reset();
         w.service().running = false;
         w.service().pg_version_file = 18;
       },
       "error E-TARGET-OLDER: cannot downgrade service db from PostgreSQL 18 to 17 | choose a target above "
       "18 with --to"},
      {"old cluster of 9.6", [](World& w) { w.inventory().version_num = 90624; },
       "error E-OLD-MAJOR: cannot upgrade service db: PostgreSQL 9 is older than 10 | upgrade it to 10 or "
       "later first"},
      {"target below the range", [](World& w) { w.request.target_major = 10; },
       "error E-TARGET-MAJOR: cannot upgrade to PostgreSQL 10: the target must be from 11 to 99 | specify a "
       "major version with --to"},
      {"target above the range", [](World& w) { w.request.target_major = 100; },
       "error E-TARGET-MAJOR: cannot upgrade to PostgreSQL 100: the target must be from 11 to 99 | specify a "
       "major version with --to"},
      {"no service", [](World& w) { w.facts.services.clear(); },
       "error E-NO-SERVICE: project shop has no service to upgrade | specify one with --service"},
      {"oldest that can be upgraded", [](World& w) { w.inventory().version_num = 100023; },
       "note N-SETTING-DEFAULT: the default of jit changes from off to on for service db | costly queries "
       "are compiled; set it to off if they become slower\n"
       "note N-SETTING-DEFAULT: the default of password_encryption changes from md5 to scram-sha-256 for "
       "service db | clients of before 2018 cannot use new passwords"},
  });
}

TEST_CASE("data that a new container would not find is refused") {
  require_diagnostics({
      {"no mount", [](World& w) { w.service().mounts.clear(); },
       "error E-DATA-MOUNT: the data directory /var/lib/postgresql/data of service db is not on a mount, so "
       "the data would be lost with the container | copy the data to a named volume and mount that "
       "there"},
      {"tmpfs",
       [](World& w) {
         w.service().mounts = {{.kind = MountKind::tmpfs, .target = "/var/lib/postgresql/data"}};
       },
       "error E-DATA-MOUNT: the data directory /var/lib/postgresql/data of service db is on a tmpfs mount, "
       "so the data would be lost with the container | copy the data to a named volume and mount that there"},
      {"anonymous volume below a named one",
       [](World& w) {
         w.service().mounts = {{.source = "shop_pgdata", .target = "/var/lib/postgresql"},
                               {.source = kAnonymous, .target = "/var/lib/postgresql/data"}};
       },
       "error E-ANONYMOUS-VOLUME: the data of service db is on an anonymous volume at "
       "/var/lib/postgresql/data, which a new container would not reuse; its volume shop_pgdata at "
       "/var/lib/postgresql has no cluster | stop the service, copy the volume " +
           kAnonymous + " to a named one that is empty, and mount that at /var/lib/postgresql/data"},
      {"anonymous volume of a new server above the named one with the old cluster",
       [](World& w) {
         w.service().pgdata = w.inventory().data_directory = "/var/lib/postgresql/16/main";
         w.service().declares_pgdata = true;
         w.inventory().version_num = 160001;
         w.service().mounts = {{.source = "shop_pgdata", .target = "/var/lib/postgresql/data"},
                               {.source = kAnonymous, .target = "/var/lib/postgresql"}};
         w.service().unused_clusters = {
             {.mount = w.service().mounts[0], .path = "/var/lib/postgresql/data", .major = 15}};
       },
       "error E-ANONYMOUS-VOLUME: the data of service db is on an anonymous volume at /var/lib/postgresql, "
       "which a new container would not reuse; its volume shop_pgdata at /var/lib/postgresql/data has one of "
       "PostgreSQL 15 | stop the service, copy the volume " +
           kAnonymous + " to a named one that is empty, and mount that at /var/lib/postgresql"},
      {"read-only", [](World& w) { w.service().mounts[0].read_only = true; },
       "error E-READ-ONLY-MOUNT: the volume shop_pgdata of service db is mounted read-only | mount it for "
       "writing"},
      {"no container any more",
       [](World& w) {
         w.service().inventory.reset();
         w.service().running = false;
         w.service().pg_version_file = 0;
         w.service().edits.clear();
         w.service().lone_volume = "volume shop_pgdata";
       },
       "error E-NOT-RUNNING: service db has no container, but its volume shop_pgdata is there, so its "
       "cluster "
       "cannot be read | start it with \"docker compose up -d db\" and run pgupgrade again"},
      {"a container that has ended, and keeps its data nobody knows where",
       [](World& w) {
         w.service().inventory.reset();
         w.service().running = false;
         w.service().ended = true;
         w.service().pg_version_file = 0;
         w.service().edits.clear();
       },
       "error E-NOT-RUNNING: service db is not running, so its cluster cannot be read | start it with "
       "\"docker "
       "compose up -d db\" and run pgupgrade again"},
      {"a new, empty cluster beside the old one",
       [](World& w) {
         w.service().inventory->version_num = 170001;
         w.service().pgdata = "/var/lib/postgresql/17/docker";
         w.service().unused_clusters = {
             {.mount = {.source = "shop_pgdata", .target = "/var/lib/postgresql/data"},
              .path = "/var/lib/postgresql/data",
              .major = 15}};
       },
       "error E-DATA-UNUSED: service db does not use the cluster of PostgreSQL 15 in its volume shop_pgdata "
       "(at "
       "/var/lib/postgresql/data): it uses one of PostgreSQL 17 at /var/lib/postgresql/17/docker | stop it, "
       "set "
       "its image back to PostgreSQL 15 with PGDATA /var/lib/postgresql/data, start it, make sure that its "
       "data "
       "is there, and run pgupgrade again: it changes the image itself"},
      {"a new cluster without tables beside the old one of a version's name",
       [](World& w) {
         w.inventory().version_num = 170001;
         for (DatabaseFacts& database : w.inventory().databases) database.tables = 0;
         w.service().pgdata = "/data/17";
         w.service().mounts = {{.source = "shop_pgdata", .target = "/data"}};
         w.service().unused_clusters = {{.mount = w.service().mounts[0], .path = "/data/15", .major = 15}};
       },
       "error E-DATA-UNUSED: service db does not use the cluster of PostgreSQL 15 in its volume shop_pgdata "
       "(at /data/15): it uses one of PostgreSQL 17 at /data/17, which has no tables | stop it, set its "
       "image "
       "back to PostgreSQL 15 with PGDATA /data/15, start it, make sure that its data is there, and run "
       "pgupgrade again: it changes the image itself"},
      {"no container, and a cluster where a new one would not look",
       [](World& w) {
         w.service().inventory.reset();
         w.service().container_id.clear();
         w.service().running = false;
         w.service().pg_version_file = 0;
         w.service().pgdata.clear();
         w.service().lone_volume = "volume shop_pgdata";
         w.service().unused_clusters = {
             {.mount = w.service().mounts[0], .path = "/var/lib/postgresql/data/data", .major = 15}};
       },
       "error E-DATA-UNUSED: service db does not use the cluster of PostgreSQL 15 in its volume shop_pgdata "
       "(at /var/lib/postgresql/data/data): it has no container, and a new one would not find it | stop it, "
       "set its image back to PostgreSQL 15 with PGDATA /var/lib/postgresql/data/data, start it, make sure "
       "that its data is there, and run pgupgrade again: it changes the image itself"},
      {"an old cluster, and none where the server looks",
       [](World& w) {
         w.service().inventory.reset();
         w.service().running = false;
         w.service().ended = true;
         w.service().pg_version_file = 0;
         w.service().edits.clear();
         w.service().unused_clusters = {
             {.mount = {.source = "shop_pgdata", .target = "/var/lib/postgresql/data"},
              .path = "/var/lib/postgresql/data",
              .major = 15}};
       },
       "error E-DATA-UNUSED: service db does not use the cluster of PostgreSQL 15 in its volume shop_pgdata "
       "(at "
       "/var/lib/postgresql/data): it has no cluster where it looks for one | stop it, set its image back to "
       "PostgreSQL 15 with PGDATA /var/lib/postgresql/data, start it, make sure that its data is there, and "
       "run "
       "pgupgrade again: it changes the image itself"},
      {"a part of a volume", [](World& w) { w.service().mounts[0].subpath = "db/15"; },
       "error E-SUBPATH: service db mounts db/15 of the volume shop_pgdata at /var/lib/postgresql/data, and "
       "only "
       "whole volumes can be upgraded | give it a volume of its own"},
      {"shared volume",
       [](World& w) {
         w.service().other_users = {"backup (exited)", "db-old (running)"};
       },
       "error E-VOLUME-SHARED: the volume shop_pgdata of service db is also mounted by backup (exited), "
       "db-old (running) | remove these containers, stopped ones too (docker rm --force backup db-old; "
       "pgupgrade cleanup removes what an earlier run has left), or give them another volume"},
      {"shared directory",
       [](World& w) {
         w.service().mounts[0].kind = MountKind::bind;
         w.service().mounts[0].source = "/srv/data";
         w.service().other_users = {"files (running)"};
       },
       "error E-VOLUME-SHARED: the directory /srv/data of service db is also mounted by files (running) | "
       "remove these containers, stopped ones too (docker rm --force files; pgupgrade cleanup removes what "
       "an earlier run has left), or give them another volume"},
      {"extended attributes",
       [](World& w) {
         w.service().with_attributes = {"./PG_VERSION", "./my notes"};
       },
       "error E-XATTR: files of service db have extended attributes or access control lists, which a "
       "rollback "
       "would not give back: ./PG_VERSION, ./my notes | remove them (setfattr --remove, setfacl "
       "--remove-all); or proceed anyway with --accept E-XATTR"},
      {"file mounted into the data directory",
       [](World& w) {
         w.service().mounts.push_back({.kind = MountKind::bind,
                                       .source = "/srv/postgresql.conf",
                                       .target = "/var/lib/postgresql/data/postgresql.conf"});
       },
       "error E-NESTED-MOUNT: the mount /var/lib/postgresql/data/postgresql.conf of service db lies within "
       "the data directory | mount it outside of the data directory and name its new place with -c"},
      {"server pointed elsewhere",
       [](World& w) {
         w.inventory().data_directory = "/srv/pg";
         w.service().mounts.push_back({.source = "other", .target = "/srv"});
       },
       "error E-DATA-DIRECTORY: the server of service db keeps its data in /srv/pg, but PGDATA is "
       "/var/lib/postgresql/data | set PGDATA to the directory that the server uses, instead of -D or "
       "data_directory"},
      {"a file of the user's that names the place from which the data moves",
       [](World& w) {
         w.request.target_major = 18;
         w.inventory().settings.push_back({.name = "data_directory",
                                           .value = "/var/lib/postgresql/data",
                                           .file = "/etc/postgresql/postgresql.conf",
                                           .line = 2});
       },
       "error E-DATA-DIRECTORY: /etc/postgresql/postgresql.conf:2 sets data_directory to "
       "/var/lib/postgresql/data, but the new image keeps the data of service db in "
       "/var/lib/postgresql/18/docker | set PGDATA of the service to /var/lib/postgresql/data in the Compose "
       "file, so that data and mount stay where they are, or remove the line"},
      {"the same where the data stays",
       [](World& w) {
         w.inventory().settings.push_back({.name = "data_directory",
                                           .value = "/var/lib/postgresql/data",
                                           .file = "/etc/postgresql/postgresql.conf",
                                           .line = 2});
       },
       ""},
  });
}

TEST_CASE("what a dump would leave behind is refused") {
  require_diagnostics({
      {"tablespaces",
       [](World& w) {
         w.inventory().tablespaces = {"fast", "slow"};
       },
       "error E-TABLESPACES: service db has tablespaces outside of its data directory: \"fast\", \"slow\" | "
       "move their objects to pg_default and drop the tablespaces"},
      {"WAL outside", [](World& w) { w.inventory().wal_outside_data = true; },
       "error E-WAL-OUTSIDE: service db keeps its WAL outside of the data directory: pg_wal is a symbolic "
       "link | stop the server, move the directory that pg_wal leads to back to its place, and leave out "
       "POSTGRES_INITDB_WALDIR"},
      {"standby", [](World& w) { w.inventory().in_recovery = true; },
       "error E-STANDBY: service db is a standby: it follows another server | upgrade its primary, and "
       "recreate the standby from that"},
      {"replication",
       [](World& w) {
         w.inventory().replication_slots = {"slot1"};
         w.inventory().standbys = {"replica"};
       },
       "error E-REPLICATION: service db has replication slots \"slot1\" and connected standbys \"replica\", "
       "which the new cluster will not have | drop the slots and stop the standbys, and recreate them after "
       "the upgrade; or proceed anyway with --accept E-REPLICATION"},
      {"replication origins", [](World& w) { w.inventory().replication_origins = {"it's mine"}; },
       "error E-REPLICATION: service db has replication origins, which the new cluster will not have: \"it's "
       "mine\" | "
       "drop them, and recreate them after the upgrade: SELECT pg_replication_origin_drop('it''s mine'); or "
       "proceed "
       "anyway with --accept E-REPLICATION"},
      {"keys that are disabled",
       [](World& w) {
         w.inventory().databases.front().left_behind.key_states = {
             {.object = "constraint k on public.t (disabled on public.t)", .cure = "UPDATE x"}};
       },
       "note N-KEY-STATES: database \"postgres\" of service db has constraints with triggers that are not "
       "simply "
       "enabled, which a dump leaves out; they are made so again after the restore: constraint k on public.t "
       "(disabled on public.t) | UPDATE x"},
      {"replication accepted",
       [](World& w) {
         w.inventory().standbys = {"replica"};
         w.request.acknowledged = {"E-REPLICATION"};
       },
       "warning E-REPLICATION: service db has connected standbys \"replica\", which the new cluster will "
       "not have | drop the slots and stop the standbys, and recreate them after the upgrade"},
      {"subscriptions", [](World& w) { w.inventory().subscriptions = {"shop.sub"}; },
       "error E-SUBSCRIPTIONS: service db has subscriptions, which are restored disabled: \"shop.sub\" | "
       "drop them, and recreate them after the upgrade; or proceed anyway with --accept "
       "E-SUBSCRIPTIONS"},
      {"subscriptions accepted",
       [](World& w) {
         w.inventory().subscriptions = {"shop.sub"};
         w.request.acknowledged = {"E-SUBSCRIPTIONS"};
       },
       "warning E-SUBSCRIPTIONS: service db has subscriptions, which are restored disabled: \"shop.sub\" | "
       "drop them, and recreate them after the upgrade"},
      {"prepared transactions", [](World& w) { w.inventory().prepared_transactions = {"gid 1"}; },
       "error E-PREPARED: service db has prepared transactions, which a dump leaves out: \"gid 1\" | end "
       "each with COMMIT PREPARED or ROLLBACK PREPARED"},
      {"a database that is closed", [](World& w) { w.inventory().databases[0].allow_connections = false; },
       "error E-DATABASE-CLOSED: service db has databases that nobody can connect to, so that they cannot be "
       "dumped: \"postgres\" | ALTER DATABASE … ALLOW_CONNECTIONS true, or drop them"},
      {"an extension that must be loaded",
       [](World& w) { w.inventory().databases[0].extensions = {{.name = "pg_cron", .version = "1.6"}}; },
       "error E-PRELOAD: service db has extensions that can be created only while shared_preload_libraries "
       "loads "
       "them, which a restore does not: pg_cron in \"postgres\" | drop them and recreate them after the "
       "upgrade, "
       "or follow the extension's own guide"},
      {"bytes in names",
       [](World& w) {
         w.inventory().databases.push_back({.name = "caf\xe9", .collate = "C", .ctype = "C"});
         w.inventory().databases.push_back({.name = "caf\xc3\xa9", .collate = "C", .ctype = "C"});
       },
       "error E-NAME-BYTES: service db has databases whose names are not valid UTF-8, so no program can be "
       "told to "
       "connect to them: \"caf?\" | rename them with ALTER DATABASE"},
      {"line ends in names",
       [](World& w) {
         w.inventory().databases.push_back({.name = "a\nb", .collate = "C", .ctype = "C"});
         w.inventory().roles.push_back({.name = "c\rd"});
       },
       "error E-NAME-LINE-FEED: service db has names with a line end in them, which pg_dumpall refuses: "
       "database \"a\\nb\", role \"c\\rd\" | rename them with ALTER DATABASE or ALTER ROLE"},
      {"a superuser whom initdb refuses", [](World& w) { w.inventory().superuser = "o'neil"; },
       "error E-SUPERUSER-NAME: the superuser of service db is named \"o'neil\", which initdb refuses | "
       "rename it "
       "with ALTER ROLE, as another superuser, to a name without \", $, ', \\, --, /* and */"},
      {"a superuser whom initdb of 17 refuses", [](World& w) { w.inventory().superuser = "--help"; },
       "error E-SUPERUSER-NAME: the superuser of service db is named \"--help\", which initdb refuses | "
       "rename it "
       "with ALTER ROLE, as another superuser, to a name without \", $, ', \\, --, /* and */"},
      {"long lists are cut",
       [](World& w) {
         for (int i = 0; i < 12; ++i) w.inventory().prepared_transactions.push_back(std::to_string(i));
       },
       "error E-PREPARED: service db has prepared transactions, which a dump leaves out: \"0\", \"1\", "
       "\"2\", \"3\", \"4\", \"5\", \"6\", \"7\", \"8\", \"9\" and 2 more | end each with COMMIT PREPARED or "
       "ROLLBACK PREPARED"},
  });
}

TEST_CASE("no code that guards data can be accepted away") {
  World world;
  world.inventory().tablespaces = {"fast"};
  world.request.acknowledged = {"E-TABLESPACES"};
  const Planned result = planned(world.request, world.facts);
  REQUIRE_FALSE(result.ok);
  REQUIRE(can_be_accepted("E-REPLICATION"));
  REQUIRE_FALSE(can_be_accepted("E-TABLESPACES"));
}
