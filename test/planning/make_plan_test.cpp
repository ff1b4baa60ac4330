#include "pgupgrade/planning/make_plan.hpp"

#include "pgupgrade/planning/estimates.hpp"
#include "planning/facts_builder.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::planning;

namespace {

TargetPlan expected_target() {
  TargetPlan target{
      .service = "db",
      .container_id = "c0ffee",
      .container_name = "shop-db-1",
      .restart = {.name = "always"},
      .old_version = "15.8",
      .old_major = 15,
      .new_major = 17,
      .old_image = "postgres:15",
      .old_image_id = "sha256:15",
      .new_image = "postgres:17",
      .data_mount = {.source = "shop_pgdata", .target = "/var/lib/postgresql/data"},
      .other_mounts = {{.kind = MountKind::bind, .source = "/srv/shop/certs", .target = "/certs"}},
      .data_volume = {.name = "shop_pgdata", .driver = "local", .created_at = "2024-01-02"},
      .old_pgdata = "/var/lib/postgresql/data",
      .new_data_target = "/var/lib/postgresql/data",
      .new_pgdata = "/var/lib/postgresql/data",
      .environment = {{"TZ", "UTC"}},
      .user = "999:999",
      .shm_bytes = 64 << 20,
      .inventory = inventory_of_15(),
      .data_bytes = 2'000'000'000};
  target.inventory.connections.clear();
  return target;
}

ServiceFacts second_service() {
  ServiceFacts service = service_db();
  service.service = "wiki-db";
  service.container_id = "decade";
  service.container_name = "shop-wiki-db-1";
  service.mounts = {{.kind = MountKind::bind, .source = "/srv/wiki", .target = "/var/lib/postgresql/data"}};
  service.data_volume.reset();
  service.clients = {};
  return service;
}

// The image's place in the file, as the services' own.
std::vector<FileEdit> edits_of(const std::vector<std::string>& services) {
  std::vector<FileEdit> edits = service_db().edits;
  for (FileEdit& edit : edits) edit.services = services;
  return edits;
}

}  // namespace

TEST_CASE("a healthy project gives a whole plan") {
  Request request = request_to(17);
  request.password_file = "/srv/shop/passwords";
  request.acknowledged = {"E-REPLICATION"};
  const Planned result = planned(request, facts_of_shop());

  Plan expected{.run_id = "7f3a0b1c",
                .tool_version = "0.1.0",
                .engine_id = "ABCD",
                .engine_endpoint = "unix:///var/run/docker.sock",
                .project = "shop",
                .project_directory = "/srv/shop",
                .location = request.project,
                .state_root = "/srv/shop/.pgupgrade",
                .targets = {expected_target()},
                .clients = service_db().clients,
                .edits = edits_of({"db"}),
                .file_digests = {{"/srv/shop/docker-compose.yml", "9c1e"}},
                .password_file = "/srv/shop/passwords",
                .acknowledged = {"E-REPLICATION"},
                .jobs = 4,
                .estimated_downtime_ms = downtime_ms(2'000'000'000, 100, 4),
                .disk = {{.place = "the engine's volumes",
                          .needed_bytes = dump_bytes(2'000'000'000) + restore_extra_bytes(2'000'000'000),
                          .free_bytes = 200'000'000'000},
                         {.place = "/srv/shop/.pgupgrade",
                          .needed_bytes = backup_bytes(2'000'000'000),
                          .free_bytes = 100'000'000'000}}};
  expected.strategy = "dump";
  expected.strategy_reason = "auto: no other one suits better";
  expected.outlooks = result.plan.outlooks;  // choose_strategy_test.cpp
  expected.checks = result.plan.checks;      // checks_test.cpp
  REQUIRE(shown(result.diagnostics).empty());
  REQUIRE(result.ok);
  REQUIRE_FALSE(result.nothing_to_do);
  REQUIRE(result.plan.targets == expected.targets);
  REQUIRE(result.plan == expected);
}

TEST_CASE("the same facts give the same plan") {
  REQUIRE(planned(request_to(17), facts_of_shop()).plan == planned(request_to(17), facts_of_shop()).plan);
}

TEST_CASE("an upgrade to 18 plans the moved data directory") {
  Facts facts = facts_of_shop();
  facts.services[0].new_image = "postgres:18";
  const Planned result = planned(request_to(18), facts);
  TargetPlan expected = expected_target();
  expected.new_major = 18;
  expected.new_image = "postgres:18";
  expected.new_data_target = "/var/lib/postgresql";
  expected.new_pgdata = "/var/lib/postgresql/18/docker";
  REQUIRE(result.ok);
  REQUIRE(result.plan.targets == std::vector{expected});
}

TEST_CASE("several targets share clients and edits that are listed once") {
  Facts facts = facts_of_shop();
  facts.services.push_back(second_service());
  facts.services[0].host_clients = {"psql as app"};
  facts.services[1].host_clients = {"psql as app"};
  facts.services[1].clients = {
      {.container_id = "beef", .container_name = "shop-web-1", .service = "web", .why = "connected as wiki"},
      {.container_id = "c0ffee", .container_name = "shop-db-1", .service = "db", .why = "connected as fdw"},
      {.container_id = "f00d",
       .container_name = "shop-cron-1",
       .service = "cron",
       .why = "depends on wiki-db"}};
  const Planned result = planned(request_to(17), facts);

  REQUIRE(result.ok);
  REQUIRE(result.plan.targets.size() == 2);
  std::vector<ClientFacts> clients = service_db().clients;
  clients[0].why = "depends on db, connected as wiki";
  clients.push_back(facts.services[1].clients[2]);
  REQUIRE(result.plan.clients == clients);
  REQUIRE(result.plan.host_clients == std::vector<std::string>{"psql as app"});
  REQUIRE(result.plan.edits == edits_of({"db", "wiki-db"}));
  REQUIRE(result.plan.disk[1].needed_bytes == 2 * backup_bytes(2'000'000'000));
  REQUIRE(result.plan.estimated_downtime_ms == downtime_ms(4'000'000'000, 200, 4));
  REQUIRE(result.plan.targets[1].data_volume == VolumeFacts{});
}

TEST_CASE("a target that is there already is left out of the plan") {
  Facts facts = facts_of_shop();
  facts.services.push_back(second_service());
  facts.services[0].inventory->version_num = 170002;
  const Planned result = planned(request_to(17), facts);
  REQUIRE(shown(result.diagnostics) == "note N-ALREADY: service db is at PostgreSQL 17 already | ");
  REQUIRE(result.ok);
  REQUIRE_FALSE(result.nothing_to_do);
  REQUIRE(result.plan.targets.size() == 1);
  REQUIRE(result.plan.targets[0].service == "wiki-db");
  REQUIRE(result.plan.diagnostics == result.diagnostics);
}

TEST_CASE("nothing is to do when every target is there already or has no data") {
  Facts facts = facts_of_shop();
  facts.services[0].inventory->version_num = 170002;
  facts.services.push_back(second_service());
  facts.services[1].inventory.reset();
  facts.services[1].running = false;
  facts.services[1].pg_version_file = 0;
  const Planned result = planned(request_to(17), facts);
  REQUIRE(shown(result.diagnostics) ==
          "note N-ALREADY: service db is at PostgreSQL 17 already | \n"
          "note N-NO-DATA: service wiki-db has no data yet, so there is nothing to upgrade | change "
          "docker-compose.yml:7 \"postgres:15\" to \"postgres:17\" before it starts for the first time");
  REQUIRE(result.ok);
  REQUIRE(result.nothing_to_do);
  REQUIRE(result.plan.targets.empty());
  REQUIRE(result.plan.edits.empty());
  REQUIRE(result.plan.disk.empty());
}

TEST_CASE("one blocked target keeps the whole project from being upgraded") {
  Facts facts = facts_of_shop();
  facts.services.push_back(second_service());
  facts.services[0].inventory->version_num = 170002;
  facts.services[1].running = false;
  facts.services[1].inventory.reset();
  const Planned result = planned(request_to(17), facts);
  REQUIRE_FALSE(result.ok);
  REQUIRE_FALSE(result.nothing_to_do);
  REQUIRE(result.diagnostics.size() == 2);
  REQUIRE(result.diagnostics[0].code == "E-NOT-RUNNING");  // errors come first
  REQUIRE(result.diagnostics[1].code == "N-ALREADY");
}

TEST_CASE("jobs are what was asked for or the processors up to eight") {
  Facts facts = facts_of_shop();
  Request request = request_to(17);
  const auto jobs = [&] { return planned(request, facts).plan.jobs; };
  facts.processors = 64;
  REQUIRE(jobs() == 8);
  facts.processors = 0;
  REQUIRE(jobs() == 1);
  request.jobs = 12;
  REQUIRE(jobs() == 12);
}

TEST_CASE("roles with an md5 password become SCRAM where the password is known") {
  Facts facts = facts_of_shop();
  facts.services[0].inventory->roles = {
      {.name = "app", .can_login = true, .verifier = VerifierKind::md5},
      {.name = "group", .can_login = false, .verifier = VerifierKind::md5},
      {.name = "new", .can_login = true, .verifier = VerifierKind::scram},
      {.name = "none", .can_login = true, .verifier = VerifierKind::none},
  };
  facts.services[0].md5_passwords = {{.role = "app", .origin = "POSTGRES_PASSWORD of service db"},
                                     {.role = "group", .origin = ""}};
  const Planned result = planned(request_to(17), facts);
  REQUIRE(result.ok);
  REQUIRE(
      result.plan.targets[0].roles ==
      std::vector<RolePlan>{
          {.role = "app", .action = PasswordAction::to_scram, .origin = "POSTGRES_PASSWORD of service db"},
          {.role = "group", .action = PasswordAction::keep_md5, .origin = ""}});
}

TEST_CASE("an accepted unknown md5 password is kept with a warning") {
  Facts facts = facts_of_shop();
  facts.services[0].inventory->roles = {{.name = "app", .can_login = true, .verifier = VerifierKind::md5}};
  Request request = request_to(17);
  request.acknowledged = {"E-MD5-UNKNOWN"};
  const Planned result = planned(request, facts);
  REQUIRE(result.ok);
  REQUIRE(shown(result.plan.diagnostics) ==
          "warning E-MD5-UNKNOWN: role \"app\" of service db keeps an md5 password: none of the known "
          "passwords matches | pass --password-file with the password, or --keep-md5");
  REQUIRE(result.plan.targets[0].roles ==
          std::vector<RolePlan>{{.role = "app", .action = PasswordAction::keep_md5}});
}

TEST_CASE("settings that the pulled image does not know are in the plan") {
  Facts facts = facts_of_shop();
  facts.services[0].new_image_facts = image_of(17);
  facts.services[0].inventory->settings.push_back(
      {.name = "vacuum_cleanup_index_scale_factor", .origin = SettingFacts::Origin::auto_conf});
  const Planned result = planned(request_to(17), facts);
  REQUIRE(result.ok);
  REQUIRE(result.plan.targets[0].dropped_settings ==
          std::vector<std::string>{"vacuum_cleanup_index_scale_factor"});
  REQUIRE(result.diagnostics.size() == 1);
  REQUIRE(result.diagnostics[0].code == "W-SETTING-REMOVED");
}

TEST_CASE("services that share the place of their image cannot be given up alone, unless no file is edited") {
  Request request = request_to(17);
  request.all_services = true;
  request.keep_going = true;
  Facts facts = facts_of_shop();
  facts.services.push_back(second_service());
  const Planned shared = planned(request, facts);
  CHECK_FALSE(shared.ok);
  CHECK(shown(shared.diagnostics)
            .starts_with("error E-SHARED-EDIT: services \"db\", \"wiki-db\" can only be upgraded together: "
                         "/srv/shop/docker-compose.yml:"));
  request.edit_files = false;
  CHECK(planned(request, facts).ok);
  CHECK(planned(request, facts).plan.keep_going);
  request.edit_files = true;
  facts.services[1].edits[0].offset += 100;
  CHECK(planned(request, facts).ok);
}
