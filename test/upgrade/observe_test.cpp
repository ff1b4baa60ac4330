#include "pgupgrade/upgrade/observe/observe.hpp"

#include <algorithm>

#include "pgupgrade/planning/make_plan.hpp"
#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"
#include "upgrade/run/names.hpp"

namespace pgupgrade::test {
namespace {

using Words = std::vector<std::string>;

ServiceFacts observe_one(Scene& scene) {
  const Facts facts = scene.observe();
  REQUIRE(facts.services.size() == 1);
  return facts.services[0];
}

// "compose.yaml:5 15 -> 17"
Words edits_of(const ServiceFacts& service) {
  Words lines;
  for (const FileEdit& edit : service.edits)
    lines.push_back(std::to_string(edit.line) + " " + edit.old_text + " -> " + edit.new_text);
  return lines;
}

Words clients_of(const ServiceFacts& service) {
  Words lines;
  for (const ClientFacts& client : service.clients)
    lines.push_back(client.container_name + (client.running ? " runs, " : " is stopped, ") +
                    client.restart.name + ": " + client.why);
  return lines;
}

Words errors_of(const Scene& scene, const Facts& facts) {
  Words codes;
  for (const Diagnostic& finding :
       planning::make_plan(scene.request(), facts, "0a1b2c3d", "0.1.0").diagnostics)
    if (finding.severity == Severity::error) codes.push_back(finding.code);
  return codes;
}

// All that is on the engine, but for what time does.
std::string world_of(Scene& scene) {
  std::string text;
  for (const auto& [id, container] : scene.engine.containers)
    text += container.info.name + " " + container.info.id + " " + container.info.started_at + " " +
            container.info.restart.name + (container.info.running() ? " runs\n" : "\n");
  for (const auto& [name, volume] : scene.engine.volumes) text += name + volume.info.created_at + "\n";
  for (const auto& [reference, id] : scene.engine.tags) text += reference + " " + id + "\n";
  return text;
}

}  // namespace

TEST_CASE("a service is observed as it is") {
  Scene scene;
  const Facts facts = scene.observe();
  CHECK(facts.engine_id == "ENGINE-1");
  CHECK(facts.project == "shop");
  CHECK(facts.project_directory == scene.root.string());
  CHECK(facts.file_digests.size() == 1);
  const ServiceFacts db = observe_one(scene);
  CHECK(db.service == "db");
  CHECK(db.container_name == "shop-db-1");
  CHECK(db.running);
  CHECK(db.compose_image == "postgres:15");
  CHECK(db.image_id == "sha256:postgres15");
  CHECK(db.pgdata == "/var/lib/postgresql/data");
  CHECK_FALSE(db.declares_pgdata);
  CHECK(db.restart.name == "unless-stopped");
  CHECK(db.pg_version_file == 15);
  REQUIRE(db.data_volume);
  CHECK(db.data_volume->name == "shop_dbdata");
  CHECK(db.other_users.empty());
  CHECK(db.data_free_bytes == 4'096'000'000);
  CHECK(db.with_attributes.empty());
  CHECK(db.new_image == "postgres:17");
  CHECK(edits_of(db) == Words{"5 15 -> 17"});
  CHECK_FALSE(db.edit_problem);
  CHECK(clients_of(db) == Words{"shop-tool-1 is stopped, always: depends on db",
                                "shop-web-1 runs, always: depends on db",
                                "shop-worker-1 runs, always: depends on db"});
  CHECK(db.host_clients.empty());
}

TEST_CASE("a mount that would move cannot be left alone") {
  Scene scene({.edit_files = false});
  Request request = scene.request();
  request.target_major = 18;
  upgrade::World world = scene.world();
  const Facts facts =
      upgrade::observe(request, world, "unix:///var/run/docker.sock", [](const std::string&) {});
  REQUIRE(facts.services[0].edit_problem);
  CHECK(
      facts.services[0].edit_problem->message ==
      "image postgres:18 keeps its data below /var/lib/postgresql, and --no-edit leaves the mount of service "
      "\"db\" at /var/lib/postgresql/data");
}

TEST_CASE("what was added to an extension is found by comparison with a new cluster of the same image") {
  Scene scene;
  const ServiceFacts db = observe_one(scene);
  REQUIRE(db.inventory);
  for (const DatabaseFacts& database : db.inventory->databases) {
    const LeftBehind& found = database.left_behind;
    CHECK(found.unknown_extensions.empty());
    CHECK_FALSE(found.members_digest.empty());
    CHECK(found.members ==
          (database.name != "shop"
               ? std::vector<MemberChange>{}
               : std::vector<MemberChange>{
                     {.kind = MemberChangeKind::added,
                      .extension = "hstore",
                      .type = "table",
                      .identity = "public.precious",
                      .statement = "ALTER EXTENSION \"hstore\" ADD TABLE public.precious"}}));
  }
}

TEST_CASE("an extension that the image cannot create in that version is told as unknown") {
  Scene scene;
  scene.engine.hstore_version = "1.7";
  const ServiceFacts db = observe_one(scene);
  REQUIRE(db.inventory);
  for (const DatabaseFacts& database : db.inventory->databases) {
    CHECK(database.left_behind.members.empty());
    CHECK(database.left_behind.unknown_extensions ==
          (database.name == "shop" ? Words{"hstore 1.8: it could not be created"} : Words{}));
  }
}

TEST_CASE("the cluster of a running service is observed through psql in its container") {
  Scene scene;
  const ServiceFacts db = observe_one(scene);
  CHECK(db.inventory_problem == "");
  REQUIRE(db.inventory);
  const Inventory& inventory = *db.inventory;
  CHECK(inventory.version_num == 150008);
  CHECK(inventory.version == "15.8");
  CHECK(inventory.data_directory == "/var/lib/postgresql/data");
  CHECK(inventory.hba_file == "/var/lib/postgresql/data/pg_hba.conf");
  CHECK(inventory.superuser == "postgres");
  Words databases;
  for (const DatabaseFacts& database : inventory.databases)
    databases.push_back(database.name + " " + std::to_string(database.tables) + " " +
                        std::to_string(database.estimated_rows));
  CHECK(databases == Words{"odd name 1 0", "postgres 0 0", "shop 4 45", "template1 1 1"});
  Words settings;
  for (const SettingFacts& setting : inventory.settings)
    settings.push_back(setting.name + "=" + setting.value + " " + setting.file);
  CHECK(settings == Words{"max_connections=250 /var/lib/postgresql/data/postgresql.conf",
                          "work_mem=16MB /var/lib/postgresql/data/postgresql.auto.conf"});
  Words passwords;
  for (const PasswordMatch& match : db.md5_passwords) passwords.push_back(match.role + ": " + match.origin);
  CHECK(passwords == Words{"app: DATABASE_URL of service tool", "postgres: POSTGRES_PASSWORD of service db"});
  CHECK_FALSE(inventory.wal_outside_data);
}

TEST_CASE("an observation leaves nothing behind and changes nothing") {
  Scene scene;
  const std::string before = world_of(scene);
  const Tree data = scene.data();
  scene.observe();
  CHECK(world_of(scene) == before);
  CHECK(tree_differences(data, scene.data()) == "");
  CHECK(scene.engine.violations == Words{});
}

TEST_CASE("a data directory below the mount is found there and stays there") {
  Scene scene({.subdirectory = true});
  const ServiceFacts db = observe_one(scene);
  CHECK(db.pgdata == "/var/lib/postgresql/data/inner");
  CHECK(db.image_pgdata == "/var/lib/postgresql/data");
  CHECK(db.declares_pgdata);
  CHECK(db.pg_version_file == 15);
  CHECK(scene.target().custom_pgdata);
  CHECK(scene.target().new_pgdata == "/var/lib/postgresql/data/inner");
}

TEST_CASE("to 18 the mount of the data moves along with the image") {
  Scene scene({.new_major = 18});
  CHECK(edits_of(observe_one(scene)) == Words{"5 15 -> 18", "10 /data -> "});
  CHECK(scene.target().new_data_target == "/var/lib/postgresql");
  CHECK(scene.target().new_pgdata == "/var/lib/postgresql/18/docker");
}

TEST_CASE("two services are observed when all are asked for and none is guessed else") {
  Scene scene({.targets = 2});
  const Facts facts = scene.observe();
  REQUIRE(facts.services.size() == 2);
  CHECK(facts.services[0].service == "db");
  CHECK(facts.services[1].service == "db2");
  CHECK(facts.services[1].clients.empty());
  Request request = scene.request();
  request.all_services = false;
  upgrade::World world = scene.world();
  CHECK(error_of([&] { upgrade::observe(request, world, "", [](const std::string&) {}); }) ==
        "E-SEVERAL-SERVICES: cannot choose between the PostgreSQL services of project shop: db, db2");
}

TEST_CASE("one look at an image serves all services, and Compose is asked of all edits at once") {
  Scene scene({.targets = 2});
  scene.engine.pull_image("postgres:17", {});
  std::map<std::string, int> made;
  scene.compose.proofs = 0;
  scene.engine.on_created = [&](const SimulatedContainer& container) {
    ++made[container.info.labels.at(upgrade::kPurposeLabel)];
  };
  const Facts facts = scene.observe();
  CHECK(made["probe"] == 2);  // the old image and the new one
  CHECK(made["reach"] == 1);
  CHECK(scene.compose.proofs == 1);
  for (const ServiceFacts& service : facts.services) {
    REQUIRE(service.new_image_facts);
    CHECK(service.new_image_facts->version == "17.6");
    REQUIRE(service.copy);
    CHECK_FALSE(service.copy->old_libc.empty());
    CHECK(edits_of(service).size() == 1);
  }
  Request request = scene.request();
  request.keep_going = true;
  upgrade::World world = scene.world();
  upgrade::observe(request, world, "", [](const std::string&) {});
  CHECK(scene.compose.proofs == 3);  // each may go back alone
}

TEST_CASE("a service without clients has none") {
  Scene scene({.clients = false});
  CHECK(clients_of(observe_one(scene)) == Words{});
}

TEST_CASE("of a service that does not run the version of the data is known and no cluster") {
  Scene scene;
  scene.engine.stop_container("shop-db-1", std::chrono::seconds(10));
  const Facts facts = scene.observe();
  CHECK_FALSE(facts.services[0].running);
  CHECK_FALSE(facts.services[0].inventory);
  CHECK(facts.services[0].pg_version_file == 15);
  CHECK(errors_of(scene, facts) == Words{"E-NOT-RUNNING"});
}

TEST_CASE("why a server does not answer is observed") {
  Scene scene;
  scene.container("db").server->recovered_at = scene.clock.monotonic() + std::chrono::hours(1);
  const Facts facts = scene.observe();
  CHECK_FALSE(facts.services[0].inventory);
  CHECK_THAT(facts.services[0].inventory_problem, ContainsSubstring("the database system is starting up"));
  CHECK(errors_of(scene, facts) == Words{"E-NO-SERVER"});
}

TEST_CASE("who else mounts the data is observed") {
  Scene scene;
  docker::ContainerSpec stranger;
  stranger.name = "stranger";
  stranger.image = "shop/web:3";
  stranger.mounts = {{.kind = MountKind::volume, .source = "shop_dbdata", .target = "/data"}};
  scene.engine.create_container(stranger);
  const Facts facts = scene.observe();
  CHECK(facts.services[0].other_users == Words{"stranger (created)"});
}

TEST_CASE("a container of the project that only reads the data is one to stop, any other is a stranger") {
  Scene scene;
  const auto make = [&](const std::string& name, const std::string& project, bool read_only) {
    docker::ContainerSpec spec;
    spec.name = name;
    spec.image = "shop/web:3";
    spec.mounts = {{.kind = MountKind::volume,
                    .source = "shop_dbdata",
                    .target = "/backup/data",
                    .read_only = read_only}};
    if (!project.empty())
      spec.labels = {{"com.docker.compose.project", project}, {"com.docker.compose.service", name}};
    scene.engine.start_container(scene.engine.create_container(spec));
  };
  make("backup", "shop", true);
  make("indexer", "shop", false);
  make("elsewhere", "other", true);
  make("nobody", "", true);
  const Facts facts = scene.observe();
  CHECK(facts.services[0].other_users ==
        Words{"elsewhere (running)", "indexer (running)", "nobody (running)"});
  const auto& clients = facts.services[0].clients;
  const auto backup = std::find_if(clients.begin(), clients.end(), [](const ClientFacts& client) {
    return client.container_name == "backup";
  });
  REQUIRE(backup != clients.end());
  CHECK(backup->why == "reads the data at /backup/data");
}

TEST_CASE("who is connected is observed whether a container explains it or not") {
  Scene scene;
  scene.container("web").info.networks = {
      {.network = "shop_default", .ip_address = "172.20.0.77", .ip6_address = {}}};
  scene.engine.connections = {{"172.20.0.77", "shop", "app", "puma"}, {"10.0.0.1", "shop", "reader", "psql"}};
  const ServiceFacts db = observe_one(scene);
  const auto web = std::find_if(db.clients.begin(), db.clients.end(),
                                [](const ClientFacts& client) { return client.service == "web"; });
  REQUIRE(web != db.clients.end());
  CHECK(web->why == "depends on db, connected as app");
  CHECK(db.host_clients == Words{"psql as reader from 10.0.0.1"});
}

TEST_CASE("a password that nothing in the project has is observed as unknown") {
  Scene scene;
  auto place = scene.engine.resolve(scene.container("db"), "/var/lib/postgresql/data");
  auto cluster = read_cluster(*place.tree, place.path);
  REQUIRE(cluster);
  cluster->roles["reader"] = "md5" + std::string(32, 'a');
  write_cluster(*place.tree, place.path, *cluster, 1);
  const Facts facts = scene.observe();
  REQUIRE(facts.services[0].md5_passwords.size() == 3);
  CHECK(facts.services[0].md5_passwords[2].role == "reader");
  CHECK(facts.services[0].md5_passwords[2].origin == "");
  CHECK(errors_of(scene, facts) == Words{"E-MD5-UNKNOWN"});
}

TEST_CASE("an engine whose containers do not see the directories of this host is refused") {
  Scene scene;
  scene.engine.is_remote = true;
  CHECK(
      error_of([&] { scene.observe(); }) ==
      "E-ENGINE-REMOTE: cannot upgrade through this engine: a bind mount of this host's directories does not "
      "reach its containers");
}

TEST_CASE("a new image that is on the engine is looked into") {
  Scene scene;
  scene.engine.pull_image("postgres:17", {});
  const ServiceFacts db = observe_one(scene);
  REQUIRE(db.new_image_facts);
  CHECK(db.new_image_facts->version == "17.6");
  CHECK(db.new_image_facts->postgres_uid == 999);
  CHECK(db.new_image_facts->extensions ==
        std::map<std::string, std::string>{{"hstore", "1.8"}, {"plpgsql", "1.0"}});
}

}  // namespace pgupgrade::test
