#include "support/world/scene.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <stdexcept>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "support/temporary_directory.hpp"

namespace pgupgrade::test {
namespace fs = std::filesystem;

namespace {

constexpr const char* kMount = "/var/lib/postgresql/data";
constexpr std::int64_t kLongAgo = 1'600'000'000;
// md5(password || role) of "sesame-old" and "app-secret".
constexpr const char* kSuperuserVerifier = "md579ae4352d1da02a6b1ed2e1e0635fa72";
constexpr const char* kAppVerifier = "md55afb2fb5ee1832419a8c0fa45bc3255b";

fs::path make_root() {
  const bool memory = fs::is_directory("/dev/shm");
  return new_directory("pgupgrade-world", memory ? fs::path("/dev/shm") : fs::temp_directory_path());
}

std::string service_name(std::size_t index) {
  return index == 0 ? "db" : fmt::format("db{}", index + 1);
}

std::string volume_name(std::size_t index) {
  return "shop_" + service_name(index) + "data";
}

SimulatedImage postgres_image(int major, const std::string& version) {
  SimulatedImage image;
  image.major = major;
  image.version = version;
  image.settings = {"max_connections", "port", "work_mem"};
  image.info.id = "sha256:postgres" + std::to_string(major);
  image.info.entrypoint = {"docker-entrypoint.sh"};
  image.info.command = {"postgres"};
  image.info.environment = {major < 18 ? std::string("PGDATA=") + kMount
                                       : fmt::format("PGDATA=/var/lib/postgresql/{}/docker", major)};
  image.info.volumes = {major < 18 ? kMount : "/var/lib/postgresql"};
  return image;
}

Cluster shop_cluster(std::size_t index, bool unlogged) {
  Cluster cluster;
  cluster.roles = {{"postgres", kSuperuserVerifier}, {"app", kAppVerifier}, {"reader", ""}};
  cluster.settings_for_all_roles = {{"statement_timeout", "5s"}};
  cluster.databases["postgres"];
  cluster.databases["template1"].tables["public.house_rules"] = {"be kind"};
  cluster.databases["odd name"].tables["public.t"] = {};
  Database& shop = cluster.databases["shop"];
  for (int row = 0; row < 40; ++row) {
    shop.tables["public.orders"].push_back(fmt::format("{}|order of shop {}|{}", row, index, row * 7));
  }
  shop.tables["public.customers"] = {"1|Ada", "2|Grace"};
  shop.tables["public.carts"] = {"1|7", "2|3"};
  if (unlogged) shop.unlogged = {"public.carts"};
  shop.sequences["public.orders_id_seq"] = "40";
  return cluster;
}

}  // namespace

Scene::Scene(SceneOptions options) : root(make_root()), options_(options) {
  add_images();
  write_compose_file();
  for (std::size_t index = 0; index < static_cast<std::size_t>(options_.targets); ++index) fill_volume(index);
  start_services();
  make_plan();
  engine.on_server_stopped = [this](SimulatedContainer& container) {
    for (const TargetPlan& target : plan.targets) {
      const auto place = engine.resolve(container, container.server->data);
      const auto cluster = read_cluster(*place.tree, place.path);
      if (container.info.id != target.container_id || !cluster) continue;
      // An old server that somebody started on the emptied volume leaves nothing to come back to.
      if (cluster->same_content(original.at(static_cast<std::size_t>(&target - plan.targets.data())))) {
        when_stopped[target.data_mount.source] = engine.volume(target.data_mount.source).tree;
      }
    }
  };
  probe.watcher = [this](const std::string& place) { watch(place); };
}

Scene::~Scene() {
  std::error_code ignored;
  fs::remove_all(root, ignored);
}

void Scene::add_images() {
  engine.add_image("postgres:15", postgres_image(15, "15.8"));
  engine.registry["postgres:17"] = postgres_image(17, "17.6");
  engine.registry["postgres:18"] = postgres_image(18, "18.1");
  SimulatedImage application;
  application.info.id = "sha256:web";
  application.info.entrypoint = {"app"};
  engine.add_image("shop/web:3", application);
}

void Scene::write_compose_file() {
  const std::string pgdata = options_.subdirectory ? fmt::format("      PGDATA: {}/inner\n", kMount) : "";
  std::string text = "# The shop.\nname: shop\nservices:\n";
  std::string volumes = "volumes:\n";
  for (std::size_t index = 0; index < static_cast<std::size_t>(options_.targets); ++index) {
    text += fmt::format(
        "  {0}:\n    image: postgres:15\n    restart: unless-stopped\n    environment:\n"
        "      POSTGRES_PASSWORD: sesame-old\n{2}    volumes:\n      - {0}data:{1}\n",
        service_name(index), kMount, pgdata);
    volumes += fmt::format("  {}data:\n", service_name(index));
  }
  for (const char* name : {"web", "worker", "tool"}) {
    text += fmt::format(
        "  {}:\n    image: shop/web:3\n    restart: always\n    environment:\n"
        "      DATABASE_URL: postgres://app:app-secret@db/shop\n    depends_on:\n      - db\n",
        name);
  }
  original_compose = text + volumes;
  write_file_durably(compose_file(), original_compose, 0644);
}

// Files of many kinds, each with its own owner, mode and age, since a rollback has to give back them all.
void Scene::fill_volume(std::size_t index) {
  engine.create_volume({.name = volume_name(index), .labels = {{"com.docker.compose.project", "shop"}}});
  Tree& tree = engine.volume(volume_name(index)).tree;
  tree["."] = {.kind = Node::Kind::directory, .mode = 0700, .uid = 999, .gid = 999, .mtime = kLongAgo};
  const std::string pgdata = options_.subdirectory ? "inner" : ".";
  if (options_.subdirectory) {
    put_directory(tree, "inner", 0700, 999, 999, kLongAgo);
    put_file(tree, "beside.txt", "somebody's own", 0644, 1000, 1000, kLongAgo);
  }
  original.push_back(shop_cluster(index, options_.unlogged));
  create_cluster(tree, pgdata, 15, original.back(), "999:999", kLongAgo);
  const auto path = [&](const std::string& name) { return join_path(pgdata, name); };
  put_file(tree, path("pg_hba.conf"), "local all all trust\nhost all all all md5\n", 0640, 999, 999,
           kLongAgo + 1);
  put_file(tree, path("postgresql.conf"), "max_connections = 250\n", 0600, 999, 999, kLongAgo + 2);
  put_file(tree, path("postgresql.auto.conf"), "work_mem = '16MB'\n", 0600, 999, 999, kLongAgo + 3);
  put_file(tree, path("certificates/server.key"), "a key", 0400, 999, 0, kLongAgo + 4);
  put_directory(tree, path("pg_twophase"), 0700, 999, 999, kLongAgo + 5);
  put_directory(tree, path("pg_stat_tmp"), 01777, 0, 999, kLongAgo + 6);
  tree[path("latest.log")] = {.kind = Node::Kind::link,
                              .mode = 0777,
                              .uid = 999,
                              .gid = 999,
                              .mtime = kLongAgo + 7,
                              .link = "log/today.log"};
  int age = 10;
  for (const std::string& name : below(tree, pgdata)) tree.at(name).mtime = kLongAgo + ++age;
}

void Scene::start_services() {
  const ProjectLocation location{.files = {compose_file()}};
  std::vector<std::string> services;
  for (std::size_t index = 0; index < static_cast<std::size_t>(options_.targets); ++index) {
    services.push_back(service_name(index));
    compose.addresses[service_name(index)] = fmt::format("172.20.0.{}", 10 + index);
  }
  compose.up(location, services, {});
  if (options_.clients) {
    compose.up(location, {"web", "worker", "tool"}, {});
    engine.stop_container("shop-tool-1", {});
  }
}

TargetPlan Scene::plan_target(std::size_t index) {
  const std::string pgdata = options_.subdirectory ? std::string(kMount) + "/inner" : kMount;
  const auto& info = container(service_name(index)).info;
  const auto& volume = engine.volume(volume_name(index)).info;
  const bool moves = options_.new_major >= 18 && !options_.subdirectory;
  TargetPlan target;
  target.service = service_name(index);
  target.container_id = info.id;
  target.container_name = info.name;
  target.restart = info.restart;
  target.old_version = "15.8";
  target.old_major = 15;
  target.new_major = options_.new_major;
  target.old_image = "postgres:15";
  target.old_image_id = info.image_id;
  target.new_image = fmt::format("postgres:{}", options_.new_major);
  target.data_mount = info.mounts.at(0);
  target.data_volume = {
      .name = volume.name, .driver = volume.driver, .created_at = volume.created_at, .labels = volume.labels};
  target.old_pgdata = pgdata;
  target.new_data_target = moves ? "/var/lib/postgresql" : kMount;
  target.new_pgdata = moves ? fmt::format("/var/lib/postgresql/{}/docker", options_.new_major) : pgdata;
  target.custom_pgdata = options_.subdirectory;
  target.roles = {{.role = "app", .origin = "DATABASE_URL of service web"},
                  {.role = "postgres", .origin = "POSTGRES_PASSWORD of service " + target.service}};
  Inventory& inventory = target.inventory;
  inventory.version_num = 150008;
  inventory.version = "15.8";
  inventory.data_directory = pgdata;
  inventory.config_file = pgdata + "/postgresql.conf";
  inventory.superuser = "postgres";
  inventory.wal_segment_bytes = 16 << 20;
  for (const auto& [name, database] : original.at(index).databases) {
    inventory.databases.push_back({.name = name, .encoding = "UTF8", .collate = "C", .ctype = "C"});
  }
  for (const auto& [name, verifier] : original.at(index).roles) {
    inventory.roles.push_back({.name = name,
                               .superuser = name == "postgres",
                               .can_login = true,
                               .verifier = verifier.empty() ? VerifierKind::none : VerifierKind::md5});
  }
  inventory.settings = {{.name = "max_connections", .value = "250", .file = inventory.config_file},
                        {.name = "work_mem",
                         .value = "16MB",
                         .origin = SettingFacts::Origin::auto_conf,
                         .file = pgdata + "/postgresql.auto.conf"}};
  return target;
}

void Scene::make_plan() {
  plan.run_id = "0a1b2c3d";
  plan.tool_version = "0.1.0";
  plan.engine_id = engine.engine_id;
  plan.engine_endpoint = "unix:///var/run/docker.sock";
  plan.project = "shop";
  plan.project_directory = root.string();
  plan.location.files = {compose_file()};
  plan.state_root = (root / ".pgupgrade").string();
  plan.jobs = 2;
  for (std::size_t index = 0; index < original.size(); ++index) plan.targets.push_back(plan_target(index));
  for (const char* service : {"web", "worker", "tool"}) {
    if (!options_.clients) break;
    const auto& info = container(service).info;
    plan.clients.push_back({.container_id = info.id,
                            .container_name = info.name,
                            .project = "shop",
                            .service = service,
                            .running = info.running(),
                            .restart = info.restart,
                            .why = "depends on db"});
  }
  plan.file_digests[compose_file()] = sha256_hex(original_compose);
  edited_compose = original_compose;
  const auto edit = [&](const std::string& old_text, const std::string& new_text) {
    for (auto at = original_compose.find(old_text); at != std::string::npos;
         at = original_compose.find(old_text, at + 1)) {
      plan.edits.push_back(
          {.file = compose_file(), .offset = at, .line = 1, .old_text = old_text, .new_text = new_text});
    }
    for (auto at = edited_compose.find(old_text); at != std::string::npos;
         at = edited_compose.find(old_text, at + new_text.size())) {
      edited_compose.replace(at, old_text.size(), new_text);
    }
  };
  edit("postgres:15", target().new_image);
  if (target().new_data_target != kMount)
    edit(std::string("data:") + kMount, "data:" + target().new_data_target);
}

upgrade::World Scene::world() {
  return {.engine = faulty,
          .compose = compose,
          .connector = connector,
          .clock = clock,
          .cancellation = cancellation,
          .probe = probe,
          .socket_root = root};
}

upgrade::Report Scene::start() {
  upgrade::World own = world();
  return upgrade::start_upgrade(plan, own, observer);
}

void Scene::die_at(const std::string& wanted) {
  probe.on_reach = [wanted](const std::string& place) {
    if (place == wanted) throw Crash{place};
  };
  bool died = false;
  try {
    start();
  } catch (const Crash&) {
    died = true;
  }
  probe.on_reach = {};
  if (!died) throw std::logic_error("the run never reaches " + wanted);
}

upgrade::Report Scene::resume() {
  upgrade::World own = world();
  return upgrade::resume_upgrade(state_file(), own, observer);
}

upgrade::Report Scene::roll_back(upgrade::NewWrites writes) {
  upgrade::World own = world();
  return upgrade::roll_back(state_file(), writes, own, observer);
}

fs::path Scene::state_file() const {
  return run_directory() / "state.json";
}

SimulatedContainer& Scene::container(const std::string& service) {
  return engine.at("shop-" + service + "-1");
}

Tree& Scene::data(std::size_t index) {
  return engine.volume(volume_name(index)).tree;
}

std::string Scene::old_path(const std::string& name) const {
  return options_.subdirectory ? "inner/" + name : name;
}

}  // namespace pgupgrade::test
