#include "support/world/scene.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <stdexcept>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/compose/editor.hpp"
#include "pgupgrade/planning/make_plan.hpp"
#include "pgupgrade/upgrade/observe/observe.hpp"
#include "pgupgrade/upgrade/strategy/strategy.hpp"
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
                                       : fmt::format("PGDATA=/var/lib/postgresql/{}/docker", major),
                            fmt::format("PG_MAJOR={}", major)};
  image.info.volumes = {major < 18 ? kMount : "/var/lib/postgresql"};
  return image;
}

Cluster shop_cluster(std::size_t index, const SceneOptions& options) {
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
  if (options.unlogged) shop.unlogged = {"public.carts"};
  shop.marked = options.marked;
  if (options.left_behind) {
    shop.tables["public.precious"] = {"1|kept in an extension"};
    shop.members = {"public.precious"};
    cluster.creators = {"app"};
  }
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
  const std::string mount = options_.versioned ? "/data" : kMount;
  std::string pgdata = options_.subdirectory ? fmt::format("      PGDATA: {}/inner\n", kMount) : "";
  if (options_.versioned) pgdata = "      PGDATA: /data/15\n";
  std::string text = "# The shop.\nname: shop\nservices:\n";
  std::string volumes = "volumes:\n";
  for (std::size_t index = 0; index < static_cast<std::size_t>(options_.targets); ++index) {
    text += fmt::format(
        "  {0}:\n    image: postgres:15\n    restart: unless-stopped\n    environment:\n"
        "      POSTGRES_PASSWORD: sesame-old\n{2}    volumes:\n      - {0}data:{1}\n",
        service_name(index), mount, pgdata);
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
  const std::string pgdata = old_path("");
  if (pgdata != ".") {
    put_directory(tree, pgdata, 0700, 999, 999, kLongAgo);
    put_file(tree, "beside.txt", "somebody's own", 0644, 1000, 1000, kLongAgo);
  }
  original.push_back(shop_cluster(index, options_));
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

void Scene::run_container(const std::string& name, const docker::ContainerSpec& spec,
                          const std::string& restart, const std::string& address) {
  docker::ContainerSpec own = spec;
  own.name = name;
  own.network = "shop_default";
  const std::string id = engine.create_container(own);
  engine.at(id).info.restart.name = restart;
  engine.at(id).address = address;
  engine.start_container(id);
}

// Compose is not to be asked for anything.
void Scene::run_containers() {
  compose.problem = "these containers are none of its";
  const std::string mount = options_.versioned ? "/data" : kMount;
  docker::ContainerSpec server{
      .image = "postgres:15", .environment = {"POSTGRES_PASSWORD=sesame-old"}, .labels = {{"tier", "data"}}};
  if (options_.subdirectory) server.environment.push_back(fmt::format("PGDATA={}/inner", kMount));
  if (options_.versioned) server.environment.emplace_back("PGDATA=/data/15");
  server.mounts = {{.kind = MountKind::volume, .source = volume_name(0), .target = mount}};
  run_container("db", server, "unless-stopped", "172.20.0.10");
  if (!options_.clients) return;
  const docker::ContainerSpec client{.image = "shop/web:3",
                                     .environment = {"DATABASE_URL=postgres://app:app-secret@db/shop"}};
  run_container("web", client, "always", "172.20.0.20");
  run_container("worker", client, "always", "172.20.0.21");
}

void Scene::start_services() {
  if (options_.plain) return run_containers();
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

Request Scene::request() const {
  return {.project = options_.plain ? ProjectLocation{} : ProjectLocation{.files = {compose_file()}},
          .container = options_.plain ? "db" : "",
          .target_major = options_.new_major,
          .all_services = options_.targets > 1,
          .strategy = options_.strategy,
          .backup = options_.backup,
          .jobs = 2,
          .state_root = root / ".pgupgrade",
          .backup_directory =
              options_.backup_apart ? std::optional<std::filesystem::path>(root / "backups") : std::nullopt,
          .dump_directory =
              options_.keep_dumps ? std::optional<std::filesystem::path>(root / "dumps") : std::nullopt,
          .edit_files = options_.edit_files,
          .keep_going = options_.keep_going,
          .hooks = options_.hooks,
          .rehearsal = options_.rehearsal};
}

Facts Scene::observe() {
  upgrade::World own = world();
  return upgrade::observe(request(), own, "unix:///var/run/docker.sock", [](const std::string&) {});
}

void Scene::make_plan() {
  const auto planned = planning::make_plan(request(), observe(), "0a1b2c3d", "0.1.0");
  for (const Diagnostic& finding : planned.diagnostics)
    if (finding.severity == Severity::error) throw std::logic_error(finding.code + ": " + finding.message);
  plan = planned.plan;
  upgrade::add_steps(plan);
  edited_compose = compose::apply_edits(original_compose, plan.edits);
}

std::string Scene::compose_after_success() const {
  if (given_up.empty()) return edited_compose;
  std::vector<FileEdit> edits;
  for (const FileEdit& edit : plan.edits)
    if (!given_up.contains(edit.services.at(0))) edits.push_back(edit);
  return compose::apply_edits(original_compose, edits);
}

upgrade::World Scene::world() {
  return {.engine = faulty,
          .compose = compose,
          .connector = connector,
          .clock = clock,
          .cancellation = cancellation,
          .probe = probe,
          .environment = environment,
          .socket_root = root};
}

upgrade::Report Scene::start(Until until) {
  upgrade::World own = world();
  return upgrade::start_upgrade(plan, own, listener, {.until = until});
}

upgrade::Report Scene::carry_on(Until until) {
  upgrade::World own = world();
  return upgrade::carry_on(state_file(), {.until = until}, own, listener);
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
  return upgrade::resume_upgrade(state_file(), own, listener);
}

upgrade::Report Scene::roll_back(upgrade::NewWrites writes) {
  upgrade::World own = world();
  return upgrade::roll_back(state_file(), writes, own, listener);
}

fs::path Scene::state_file() const {
  return run_directory() / "state.json";
}

SimulatedContainer& Scene::container(const std::string& service) {
  return engine.at(options_.plain ? service : "shop-" + service + "-1");
}

Tree& Scene::data(std::size_t index) {
  return engine.volume(volume_name(index)).tree;
}

std::string Scene::old_path(const std::string& name) const {
  const std::string directory = options_.versioned ? "15" : options_.subdirectory ? "inner" : ".";
  return name.empty() ? directory : join_path(directory, name);
}

}  // namespace pgupgrade::test
