#include "pgupgrade/planning/preflight.hpp"

#include <functional>

#include "planning/facts_builder.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::planning;

namespace {

const std::string kAnonymous(64, 'a');

struct World {
  Request request = request_to(17);
  Facts facts = facts_of_shop();
  ServiceFacts& service() { return facts.services[0]; }
  Inventory& inventory() { return *facts.services[0].inventory; }
};

struct Case {
  std::string name;
  std::function<void(World&)> change;
  std::string expected;  // all diagnostics
};

void require_diagnostics(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    INFO(c.name);
    World world;
    c.change(world);
    const Planned result = planned(world.request, world.facts);
    REQUIRE(shown(result.diagnostics) == c.expected);
    REQUIRE(result.ok == (c.expected.find("error ") != 0));  // errors come first
  }
}

RoleFacts md5_role(const std::string& name) {
  return {.name = name, .can_login = true, .verifier = VerifierKind::md5};
}

}  // namespace

TEST_CASE("versions that cannot be reached are refused") {
  require_diagnostics({
      {"older target", [](World& w) { w.request.target_major = 14; },
       "error E-TARGET-OLDER: cannot take service db from PostgreSQL 15 back to 14 | choose a target above "
       "15 with --to"},
      {"older target than a stopped cluster",
       [](World& w) {
         w.service().inventory.reset();
         w.service().running = false;
         w.service().pg_version_file = 18;
       },
       "error E-TARGET-OLDER: cannot take service db from PostgreSQL 18 back to 17 | choose a target above "
       "18 with --to"},
      {"old cluster of 9.6", [](World& w) { w.inventory().version_num = 90624; },
       "error E-OLD-MAJOR: cannot upgrade service db: PostgreSQL 9 is older than 10 | upgrade it to 10 or "
       "later by hand first"},
      {"target below the range", [](World& w) { w.request.target_major = 10; },
       "error E-TARGET-MAJOR: cannot upgrade to PostgreSQL 10: the target must be from 11 to 99 | name a "
       "major version with --to"},
      {"target above the range", [](World& w) { w.request.target_major = 100; },
       "error E-TARGET-MAJOR: cannot upgrade to PostgreSQL 100: the target must be from 11 to 99 | name a "
       "major version with --to"},
      {"no service", [](World& w) { w.facts.services.clear(); },
       "error E-NO-SERVICE: project shop has no service to upgrade | name one with --service"},
      {"oldest that can be upgraded", [](World& w) { w.inventory().version_num = 100023; },
       "note N-SETTING-DEFAULT: the default of jit changes from off to on for service db | costly queries "
       "are compiled; set it to off if they become slower\n"
       "note N-SETTING-DEFAULT: the default of password_encryption changes from md5 to scram-sha-256 for "
       "service db | clients of before 2018 cannot use new passwords"},
  });
}

TEST_CASE("a server that does not answer is refused with the way to start it") {
  require_diagnostics({
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
       },
       "error E-NOT-RUNNING: service db is not running, so its cluster cannot be read; its data is of "
       "PostgreSQL 15, but its image postgres:17-alpine is of PostgreSQL 17 | set the image back to "
       "postgres:15-alpine, start it with \"docker compose up -d db\" and run pgupgrade again: it changes "
       "the image itself"},
      {"running without an answer",
       [](World& w) {
         w.service().inventory.reset();
         w.service().inventory_problem = "the container restarts";
       },
       "error E-NO-SERVER: cannot reach the server of service db: the container restarts | see why in "
       "\"docker compose logs db\""},
      {"restarting since the tag was bumped",
       [](World& w) {
         w.service().inventory.reset();
         w.service().inventory_problem = "the container restarts";
         w.service().compose_image = "postgres:17";
       },
       "error E-NO-SERVER: cannot reach the server of service db: the container restarts; its data is of "
       "PostgreSQL 15, but its image postgres:17 is of PostgreSQL 17 | set the image back to postgres:15, "
       "start it with \"docker compose up -d db\" and run pgupgrade again: it changes the image itself"},
      {"running on an empty directory without an answer",
       [](World& w) {
         w.service().inventory.reset();
         w.service().pg_version_file = 0;
         w.service().inventory_problem = "the container restarts";
       },
       "error E-NO-SERVER: cannot reach the server of service db: the container restarts | see why in "
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
      {"never started",
       [](World& w) {
         w.service().inventory.reset();
         w.service().running = false;
         w.service().pg_version_file = 0;
         w.service().edits.clear();
       },
       "note N-NO-DATA: service db has no data yet, so nothing is to upgrade | "},
  });
}

TEST_CASE("data that a new container would not find is refused") {
  require_diagnostics({
      {"no mount", [](World& w) { w.service().mounts.clear(); },
       "error E-DATA-MOUNT: the data directory /var/lib/postgresql/data of service db is on no mount of the "
       "container, so the data ends with its container | copy the data to a named volume and mount that "
       "there"},
      {"tmpfs",
       [](World& w) {
         w.service().mounts = {{.kind = MountKind::tmpfs, .target = "/var/lib/postgresql/data"}};
       },
       "error E-DATA-MOUNT: the data directory /var/lib/postgresql/data of service db is on a tmpfs mount, "
       "so the data ends with its container | copy the data to a named volume and mount that there"},
      {"anonymous volume below a named one",
       [](World& w) {
         w.service().mounts = {{.source = "shop_pgdata", .target = "/var/lib/postgresql"},
                               {.source = kAnonymous, .target = "/var/lib/postgresql/data"}};
       },
       "error E-ANONYMOUS-VOLUME: the data of service db is on an anonymous volume at "
       "/var/lib/postgresql/data, which a new container would not get | stop the service, copy the volume " +
           kAnonymous + " to a named one, and mount that at /var/lib/postgresql/data"},
      {"read-only", [](World& w) { w.service().mounts[0].read_only = true; },
       "error E-READ-ONLY-MOUNT: the volume shop_pgdata of service db is mounted read-only | mount it for "
       "writing"},
      {"shared volume",
       [](World& w) {
         w.service().other_users = {"backup (exited)", "db-old (running)"};
       },
       "error E-VOLUME-SHARED: the volume shop_pgdata of service db is also mounted by backup (exited), "
       "db-old (running) | remove these containers, stopped ones too, or give them another volume"},
      {"shared directory",
       [](World& w) {
         w.service().mounts[0].kind = MountKind::bind;
         w.service().mounts[0].source = "/srv/data";
         w.service().other_users = {"files (running)"};
       },
       "error E-VOLUME-SHARED: the directory /srv/data of service db is also mounted by files (running) | "
       "remove these containers, stopped ones too, or give them another volume"},
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
       "error E-STANDBY: service db is a standby: it follows another server | upgrade its primary, and make "
       "the standby anew from that"},
      {"replication",
       [](World& w) {
         w.inventory().replication_slots = {"slot1"};
         w.inventory().standbys = {"replica"};
       },
       "error E-REPLICATION: service db has replication slots \"slot1\" and connected standbys \"replica\", "
       "which the new cluster will not have | drop the slots and stop the standbys, and make them anew "
       "after the upgrade; or go on all the same with --accept E-REPLICATION"},
      {"replication accepted",
       [](World& w) {
         w.inventory().standbys = {"replica"};
         w.request.acknowledged = {"E-REPLICATION"};
       },
       "warning E-REPLICATION: service db has connected standbys \"replica\", which the new cluster will "
       "not have | drop the slots and stop the standbys, and make them anew after the upgrade"},
      {"subscriptions", [](World& w) { w.inventory().subscriptions = {"shop.sub"}; },
       "error E-SUBSCRIPTIONS: service db has subscriptions, which are restored disabled: \"shop.sub\" | "
       "drop them, and make them anew after the upgrade; or go on all the same with --accept "
       "E-SUBSCRIPTIONS"},
      {"subscriptions accepted",
       [](World& w) {
         w.inventory().subscriptions = {"shop.sub"};
         w.request.acknowledged = {"E-SUBSCRIPTIONS"};
       },
       "warning E-SUBSCRIPTIONS: service db has subscriptions, which are restored disabled: \"shop.sub\" | "
       "drop them, and make them anew after the upgrade"},
      {"prepared transactions", [](World& w) { w.inventory().prepared_transactions = {"gid 1"}; },
       "error E-PREPARED: service db has prepared transactions, which a dump leaves out: \"gid 1\" | end "
       "each with COMMIT PREPARED or ROLLBACK PREPARED"},
      {"line ends in names",
       [](World& w) {
         w.inventory().databases.push_back({.name = "a\nb", .collate = "C", .ctype = "C"});
         w.inventory().roles.push_back({.name = "c\rd"});
       },
       "error E-NAME-LINE-FEED: service db has names with a line end in them, which pg_dumpall refuses: "
       "database \"a?b\", role \"c?d\" | rename them with ALTER DATABASE or ALTER ROLE"},
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

TEST_CASE("md5 passwords are refused or kept as asked") {
  require_diagnostics({
      {"unknown",
       [](World& w) {
         w.inventory().roles = {md5_role("legacy")};
         w.service().md5_passwords = {{.role = "legacy", .origin = ""}};
       },
       "error E-MD5-UNKNOWN: role \"legacy\" of service db keeps an md5 password: none of the declared "
       "passwords fits | give the password with --password-file, or keep md5 with --keep-md5; or go on all "
       "the same with --accept E-MD5-UNKNOWN"},
      {"kept",
       [](World& w) {
         w.inventory().roles = {md5_role("a"), md5_role("b")};
         w.request.md5_policy = Md5Policy::keep;
       },
       "warning W-MD5-KEPT: roles \"a\", \"b\" of service db keep md5 passwords | set new passwords when you "
       "can: PostgreSQL will drop md5"},
      {"known",
       [](World& w) {
         w.inventory().roles = {md5_role("a")};
         w.service().md5_passwords = {{.role = "a", .origin = "--password-file"}};
       },
       ""},
      {"without login",
       [](World& w) { w.inventory().roles = {{.name = "a", .verifier = VerifierKind::md5}}; }, ""},
      {"password_encryption set to md5",
       [](World& w) { w.inventory().settings = {{.name = "password_encryption", .value = "md5"}}; },
       "warning W-PASSWORD-ENCRYPTION: service db sets password_encryption to md5, so new passwords will be "
       "md5 again | leave the setting out once all clients speak SCRAM"},
      {"password_encryption set to scram",
       [](World& w) { w.inventory().settings = {{.name = "password_encryption", .value = "scram-sha-256"}}; },
       ""},
      {"pooler",
       [](World& w) {
         w.inventory().roles = {md5_role("a")};
         w.service().md5_passwords = {{.role = "a", .origin = "--password-file"}};
         w.service().clients.push_back({.container_id = "1", .container_name = "shop-pgbouncer-1"});
       },
       "warning W-POOLER: container shop-pgbouncer-1 looks like a connection pooler, which may hold md5 "
       "hashes of passwords that service db turns to SCRAM | put the passwords or the SCRAM secrets in its "
       "user list, or let it use auth_query"},
      {"pooler without md5 passwords",
       [](World& w) { w.service().clients.push_back({.container_id = "1", .service = "pgbouncer"}); }, ""},
  });
}

TEST_CASE("clients and the compose file are looked at") {
  require_diagnostics({
      {"clients on the host",
       [](World& w) {
         w.service().host_clients = {"psql as app", "cron as app"};
       },
       "warning W-CLIENT-HOST: service db has connections that no container explains and that cannot be "
       "stopped: psql as app, cron as app | end them first: they are cut off when the server stops"},
      {"edit that is not possible",
       [](World& w) {
         w.service().edit_problem = Diagnostic{.severity = Severity::error,
                                               .code = "E-COMPOSE-EDIT",
                                               .message = "cannot rewrite docker-compose.yml:7",
                                               .mend = "do so by hand"};
       },
       "error E-COMPOSE-EDIT: cannot rewrite docker-compose.yml:7 | do so by hand"},
      {"no new image",
       [](World& w) {
         w.service().compose_image = "postgres:latest";
         w.service().new_image = w.service().new_compose_image = "";
       },
       "error E-NO-IMAGE: cannot tell the new image of service db from \"postgres:latest\" | name it with "
       "--image"},
      {"edit without effect", [](World& w) { w.service().new_compose_image = "postgres:15"; },
       "error E-COMPOSE-EDIT: cannot change the image of service db to \"postgres:17\": with the edit "
       "Compose still resolves it to \"postgres:15\" | set the image in one place of the compose files"},
  });
}

TEST_CASE("checksums that the new version would bring are told as a note") {
  require_diagnostics({
      {"without checksums to 18",
       [](World& w) {
         w.request.target_major = 18;
         w.inventory().checksums = false;
       },
       "note N-NO-CHECKSUMS: service db has no data checksums and stays without, though PostgreSQL 18 has "
       "them by default | \"pg_checksums --enable\" adds them to a stopped cluster after the upgrade"},
      {"without checksums to 17", [](World& w) { w.inventory().checksums = false; }, ""},
      {"changed default that is set",
       [](World& w) {
         w.inventory().version_num = 130016;
         w.inventory().settings = {{.name = "password_encryption", .value = "scram-sha-256"}};
       },
       ""},
  });
}

TEST_CASE("a disk that is too small is refused and an unknown one told") {
  constexpr std::int64_t kMiB = std::int64_t{1} << 20;
  require_diagnostics({
      {"engine's disk", [](World& w) { w.facts.engine_free_bytes = 1024 * kMiB; },
       "error E-DISK: not enough space in the engine's volumes: up to 4.5 GiB are needed, 1.0 GiB are free | "
       "free some space; or go on all the same with --accept E-DISK"},
      {"state directory", [](World& w) { w.facts.state_free_bytes = 0; },
       "error E-DISK: not enough space in /srv/shop/.pgupgrade: up to 3.0 GiB are needed, 0 B are free | "
       "free some space; or go on all the same with --accept E-DISK"},
      {"one file system for both adds up",
       [](World& w) {
         w.facts.same_file_system = true;
         w.facts.state_free_bytes = w.facts.engine_free_bytes = 5 * 1024 * kMiB;
       },
       "error E-DISK: not enough space in the engine's volumes and /srv/shop/.pgupgrade: up to 7.5 GiB are "
       "needed, 5.0 GiB are free | free some space; or go on all the same with --accept E-DISK"},
      {"one file system of which only the state's side is known",
       [](World& w) {
         w.facts.same_file_system = true;
         w.facts.engine_free_bytes = -1;
       },
       ""},
      {"accepted",
       [](World& w) {
         w.facts.state_free_bytes = 0;
         w.request.acknowledged = {"E-DISK"};
       },
       "warning E-DISK: not enough space in /srv/shop/.pgupgrade: up to 3.0 GiB are needed, 0 B are free | "
       "free some space"},
      {"unknown", [](World& w) { w.facts.engine_free_bytes = -1; },
       "warning W-DISK-UNKNOWN: cannot tell the free space of the engine's volumes: up to 4.5 GiB are needed "
       "| see that there is enough"},
  });
}

TEST_CASE("several findings come with errors first then warnings then notes") {
  World world;
  world.request.target_major = 18;
  world.inventory().checksums = false;
  world.service().host_clients = {"psql"};
  world.inventory().tablespaces = {"fast"};
  world.inventory().prepared_transactions = {"g"};
  std::vector<std::string> codes;
  for (const Diagnostic& found : planned(world.request, world.facts).diagnostics) codes.push_back(found.code);
  REQUIRE(codes ==
          std::vector<std::string>{"E-TABLESPACES", "E-PREPARED", "W-CLIENT-HOST", "N-NO-CHECKSUMS"});
}
