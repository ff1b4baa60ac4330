#include "planning/preflight_case.hpp"

using namespace pgupgrade;
using namespace pgupgrade::planning;

static RoleFacts md5_role(const std::string& name) {
  return {.name = name, .can_login = true, .verifier = VerifierKind::md5};
}

TEST_CASE("a service that was started on its old image is told as such, and its file is none of the user's") {
  require_diagnostics({
      {"made from both",
       [](World& w) {
         w.request.project.files.emplace_back("/srv/shop/.pgupgrade/old-image.json");
         w.service().made_from = "/srv/shop/docker-compose.yml,/srv/shop/.pgupgrade/old-image.json";
       },
       "note N-OLD-IMAGE: service db was started on postgres:15 by /srv/shop/.pgupgrade/old-image.json, "
       "since "
       "its data needs that; the project's own files name another image for it | until it is upgraded, "
       "\"docker compose up\" would start that one, which cannot use the data"},
  });
}

TEST_CASE("md5 passwords are refused or kept as asked") {
  require_diagnostics({
      {"unknown",
       [](World& w) {
         w.inventory().roles = {md5_role("legacy")};
         w.service().md5_passwords = {{.role = "legacy", .origin = ""}};
       },
       "error E-MD5-UNKNOWN: role \"legacy\" of service db keeps an md5 password: none of the known "
       "passwords matches | pass --password-file with the password, or --keep-md5; or proceed anyway with "
       "--accept E-MD5-UNKNOWN"},
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
      {"a backup job with the old version's programs",
       [](World& w) {
         w.service().dumpers = {{"shop-backup-1", 15}, {"shop-newer-backup-1", 17}};
       },
       "warning W-CLIENT-DUMP: container shop-backup-1 makes dumps of service db with pg_dump 15, which "
       "refuses a server of PostgreSQL 17: there will be no more backups by it | give it an image with "
       "pg_dump 17 before you rely on its backups"},
      {"pooler without md5 passwords",
       [](World& w) { w.service().clients.push_back({.container_id = "1", .service = "pgbouncer"}); }, ""},
  });
}

TEST_CASE("clients and the compose file are looked at") {
  require_diagnostics({
      {"made from the same file", [](World& w) { w.service().made_from = "/srv/shop/docker-compose.yml"; },
       ""},
      {"made from another file besides",
       [](World& w) { w.service().made_from = "/srv/shop/docker-compose.yml,/srv/shop/my prod.yml"; },
       "warning W-OTHER-FILES: the container of service db was made from /srv/shop/docker-compose.yml, "
       "/srv/shop/my prod.yml, but the new one will be made from /srv/shop/docker-compose.yml | if that is "
       "not intended, specify them all: --compose /srv/shop/docker-compose.yml --compose '/srv/shop/my "
       "prod.yml'"},
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
                                               .hint = "do so by hand"};
       },
       "error E-COMPOSE-EDIT: cannot rewrite docker-compose.yml:7 | do so by hand"},
      {"without an edit",
       [](World& w) {
         w.request.edit_files = false;
         w.service().edits.clear();
       },
       "note N-NO-EDIT: the project's files stay as they are, and name postgres:15 for service db until you "
       "change them | after the upgrade, set the image to postgres:17 where your deployment sets it"},
      {"without an edit, with a place",
       [](World& w) {
         w.request.edit_files = false;
         w.service().edits = {{.file = "/srv/shop/.env", .line = 3, .old_text = "15", .new_text = "17"}};
       },
       "note N-NO-EDIT: the project's files stay as they are, and name postgres:15 for service db until you "
       "change them | after the upgrade, change /srv/shop/.env:3 from \"15\" to \"17\""},
      {"the override of an earlier run",
       [](World& w) {
         w.service().made_from =
             "/srv/shop/docker-compose.yml," + (w.request.state_root / "7f3a21bc/override.yaml").string();
       },
       ""},
      {"a job by the same line", [](World& w) { w.service().moved_along = {"backup"}; },
       "warning W-MOVED-ALONG: service \"backup\" has no cluster and shares the image of service db, so the "
       "edit "
       "moves it to postgres:17 as well | after the upgrade, recreate the containers: docker compose up -d "
       "backup"},
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
       "error E-DISK: not enough space in the engine's volumes: up to 4.5 GiB is needed, 1.0 GiB is free | "
       "free some space; or proceed anyway with --accept E-DISK"},
      {"state directory", [](World& w) { w.facts.state_free_bytes = 0; },
       "error E-DISK: not enough space in /srv/shop/.pgupgrade: up to 3.0 GiB is needed, 0 B is free | "
       "free some space; or proceed anyway with --accept E-DISK"},
      {"one file system for both adds up",
       [](World& w) {
         w.facts.same_file_system = true;
         w.facts.state_free_bytes = w.facts.engine_free_bytes = 5 * 1024 * kMiB;
       },
       "error E-DISK: not enough space in the engine's volumes and /srv/shop/.pgupgrade: up to 7.5 GiB is "
       "needed, 5.0 GiB is free | free some space; or proceed anyway with --accept E-DISK"},
      {"one file system of which only the state's side is known",
       [](World& w) {
         w.facts.same_file_system = true;
         w.facts.engine_free_bytes = -1;
       },
       ""},
      {"data on a file system of its own",
       [](World& w) {
         w.facts.engine_device = 1;
         w.service().data_device = 2;
         w.service().data_free_bytes = 512 * kMiB;
       },
       "error E-DISK: not enough space in volume shop_pgdata: up to 1.6 GiB is needed, 512.0 MiB is free | "
       "free some space; or proceed anyway with --accept E-DISK"},
      {"data on a file system of its own leaves the engine's volumes less to hold",
       [](World& w) {
         w.facts.engine_device = 1;
         w.facts.engine_free_bytes = 3 * 1024 * kMiB;
         w.service().data_device = 2;
         w.service().data_free_bytes = 2 * 1024 * kMiB;
       },
       ""},
      {"accepted",
       [](World& w) {
         w.facts.state_free_bytes = 0;
         w.request.acknowledged = {"E-DISK"};
       },
       "warning E-DISK: not enough space in /srv/shop/.pgupgrade: up to 3.0 GiB is needed, 0 B is free | "
       "free some space"},
      {"unknown", [](World& w) { w.facts.engine_free_bytes = -1; },
       "warning W-DISK-UNKNOWN: could not determine the free space of the engine's volumes; up to 4.5 GiB is "
       "needed | make sure there is enough"},
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
