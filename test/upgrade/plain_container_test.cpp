// A container of `docker run`, which no Compose file describes.
#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/planning/make_plan.hpp"
#include "pgupgrade/planning/preflight.hpp"
#include "pgupgrade/upgrade/observe/observe.hpp"
#include "support/catch.hpp"
#include "support/world/crash.hpp"
#include "support/world/scene.hpp"
#include "upgrade/campaign.hpp"

namespace pgupgrade::test {
namespace {

const std::vector<SceneOptions>& scenes() {
  static const std::vector<SceneOptions> all = {
      {.plain = true},
      {.new_major = 18, .plain = true},
      {.unlogged = false, .strategy = "warm", .plain = true},
      {.new_major = 18, .unlogged = false, .strategy = "warm", .plain = true},
      {.versioned = true, .plain = true},
      {.subdirectory = true, .plain = true},
  };
  return all;
}

std::string aside(const Scene& scene) {
  return "db-pgupgrade-" + scene.plan.run_id;
}

// A container as `docker run` makes it.
docker::ContainerSpec like_client(const std::string& name) {
  return {.name = name, .image = "shop/web:3"};
}

std::vector<std::string> codes_of(Scene& scene) {
  const auto planned = planning::make_plan(scene.request(), scene.observe(), "0a1b2c3d", "0.1.0");
  std::vector<std::string> codes;
  for (const Diagnostic& diagnostic : planned.diagnostics)
    if (diagnostic.severity != Severity::note) codes.push_back(diagnostic.code);
  return codes;
}

Error caught(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorKind::internal, "E-INTERNAL", "no error");
}

bool has(const std::vector<std::string>& codes, const std::string& code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

}  // namespace

TEST_CASE("a plain container gives its name to one of the new image that is like it") {
  for (const SceneOptions& options : scenes()) {
    Scene scene(options);
    const std::string old_id = scene.container("db").info.id;
    scene.start();
    CHECK(scene.wrong_after_success() == "");
    const auto& info = scene.container("db").info;
    CHECK(info.id != old_id);
    CHECK(info.image_reference == scene.target().new_image);
    CHECK(info.labels == std::map<std::string, std::string>{{"tier", "data"}});
    CHECK(info.restart.name == "unless-stopped");
    CHECK(info.network_mode == "shop_default");
    CHECK(std::any_of(info.mounts.begin(), info.mounts.end(), [&](const Mount& mount) {
      return mount.source == scene.target().data_mount.source &&
             mount.target == scene.target().new_data_target;
    }));
    const auto& old = scene.engine.at(aside(scene)).info;
    CHECK(old.id == old_id);
    CHECK_FALSE(old.running());
    CHECK(old.restart.name == "no");
  }
}

TEST_CASE("the way back of a plain container is the old one itself") {
  for (const SceneOptions& options : scenes()) {
    Scene scene(options);
    scene.start();
    scene.roll_back();
    CHECK(scene.wrong_after_rollback() == "");
    CHECK(scene.container("db").info.id == scene.target().container_id);
  }
}

TEST_CASE("the plan of a plain container has the docker run line that the new one amounts to") {
  Scene scene({.new_major = 18, .plain = true});
  CHECK(scene.plan.site == kContainerSite);
  CHECK(scene.plan.project == "db");
  CHECK(scene.plan.edits.empty());
  CHECK(scene.target().run_line ==
        "docker run --detach --name db --volume shop_dbdata:/var/lib/postgresql postgres:18");
  CHECK(scene.target().old_run_line ==
        "docker run --detach --name db --volume shop_dbdata:/var/lib/postgresql/data postgres:15");
}

TEST_CASE("containers that name a plain one in their environment are its clients") {
  Scene scene({.plain = true});
  REQUIRE(scene.plan.clients.size() == 2);
  CHECK(scene.plan.clients[0].container_name == "web");
  CHECK(scene.plan.clients[0].why == "names it in DATABASE_URL");
  CHECK(scene.plan.clients[1].container_name == "worker");
  // Their passwords are known, too.
  for (const RolePlan& role : scene.target().roles) CHECK(role.action == PasswordAction::to_scram);
}

TEST_CASE("a run of a plain container that dies anywhere is brought to its end by resume") {
  for (std::size_t index = 0; index < scenes().size(); ++index) {
    const SceneOptions& options = scenes()[index];
    Scene undisturbed(options);
    undisturbed.start();
    const auto places = undisturbed.probe.places;
    for (std::size_t at = 0; at < places.size(); ++at) {
      // All of the steps that are its own; of the others some, since they are those of any service.
      const bool own =
          places[at].starts_with("recreate:") || (index == 0 && places[at].starts_with("start:"));
      if (!own && !whole_campaign() && at % 37 != index) continue;
      for (const Way way : {Way::resume, Way::roll_back}) {
        Scene scene(options);
        const std::string place = run_until_crash(scene, at, [&] { scene.start(); });
        INFO("scene " << index << " died at " << place);
        REQUIRE(place == places[at]);
        CHECK(scene.wrong_at_crash() == "");
        go(scene, way);
        CHECK((way == Way::resume ? scene.wrong_after_success() : scene.wrong_after_rollback()) == "");
      }
    }
  }
}

TEST_CASE("a rollback of a plain container that dies anywhere is brought to its end") {
  for (std::size_t index = 0; index < scenes().size(); ++index) {
    const SceneOptions& options = scenes()[index];
    Scene undisturbed(options);
    undisturbed.start();
    undisturbed.probe.arm(std::nullopt);
    undisturbed.roll_back();
    const auto places = undisturbed.probe.places;
    for (std::size_t at = 0; at < places.size(); ++at) {
      const bool own =
          places[at].starts_with("recreate:") || (index == 0 && places[at].starts_with("stop-old:"));
      if (!own && !whole_campaign() && at % 23 != index) continue;
      Scene scene(options);
      scene.start();
      const std::string place = run_until_crash(scene, at, [&] { scene.roll_back(); });
      INFO("scene " << index << " died at " << place);
      REQUIRE(place == places[at]);
      scene.roll_back();
      CHECK(scene.wrong_after_rollback() == "");
    }
  }
}

TEST_CASE("an old container that was removed by hand is made again like the new one") {
  for (const SceneOptions& options : scenes()) {
    Scene scene(options);
    scene.start();
    scene.engine.remove_container(aside(scene));
    scene.old_container_removed = true;
    scene.roll_back();
    CHECK(scene.wrong_after_rollback() == "");
    const auto& info = scene.container("db").info;
    CHECK(info.labels == std::map<std::string, std::string>{{"tier", "data"}});
    CHECK(std::any_of(info.mounts.begin(), info.mounts.end(),
                      [&](const Mount& mount) { return mount == scene.target().data_mount; }));
  }
}

TEST_CASE("a run whose old container is gone says how to make one by hand, and takes it") {
  Scene scene({.new_major = 18, .plain = true});
  scene.die_at("verify:after-done");
  scene.engine.remove_container("db");
  const Error error = caught([&] { scene.resume(); });
  CHECK(error.is("E-CONTAINER-GONE"));
  CHECK_THAT(error.hint(),
             ContainsSubstring("docker create --name db --volume shop_dbdata:/var/lib/postgresql"));
  scene.engine.create_container(
      {.name = "db",
       .image = "postgres:18",
       .environment = {"POSTGRES_PASSWORD=sesame-old"},
       .mounts = {{.kind = MountKind::volume, .source = "shop_dbdata", .target = "/var/lib/postgresql"}},
       .network = "shop_default"});
  scene.resume();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a container that has taken the name is not touched") {
  Scene scene({.plain = true});
  scene.die_at("recreate:old-aside");
  scene.engine.create_container(like_client("db"));
  CHECK(caught([&] { scene.resume(); }).is("E-CONTAINER-GONE"));
  const Error error = caught([&] { scene.roll_back(); });
  CHECK_THAT(error.what(), ContainsSubstring("another container has the name db now"));
  CHECK_THAT(error.hint(), ContainsSubstring("rename or remove it"));
  scene.engine.rename_container("db", "other");
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
  CHECK(scene.engine.at("other").info.image_reference == "shop/web:3");
}

TEST_CASE("a container whose id begins with the name is a stranger") {
  for (const Way way : {Way::resume, Way::roll_back}) {
    Scene scene({.plain = true});
    scene.die_at("recreate:old-aside");
    const std::string made = scene.engine.create_container(like_client("stranger"));
    const std::string id = "db" + made.substr(2);
    auto stranger = scene.engine.containers.extract(made);
    stranger.key() = id;
    stranger.mapped().info.id = id;
    scene.engine.containers.insert(std::move(stranger));
    go(scene, way);
    CHECK((way == Way::resume ? scene.wrong_after_success() : scene.wrong_after_rollback()) == "");
    CHECK(scene.engine.at("stranger").info.status == docker::ContainerStatus::created);
  }
}

TEST_CASE("cleanup removes the old container, and its old data directory beside the new one") {
  for (const SceneOptions& options : scenes()) {
    Scene scene(options);
    scene.start();
    upgrade::World world = scene.world();
    const auto told = upgrade::plan_cleanup(scene.state_file(), world);
    CHECK(std::count(told.removed.begin(), told.removed.end(),
                     "container " + aside(scene) + ", the old one") == 1);
    CHECK(told.kept.empty());
    upgrade::clean_up(scene.state_file(), world);
    CHECK(scene.engine.find(aside(scene)) == nullptr);
    CHECK(scene.container("db").info.running());
    if (options.versioned) CHECK_FALSE(exists(scene.data(), "15"));
  }
}

TEST_CASE("after a rollback cleanup leaves the container that serves again") {
  Scene scene({.plain = true});
  scene.start();
  scene.roll_back();
  upgrade::World world = scene.world();
  upgrade::clean_up(scene.state_file(), world);
  CHECK(scene.container("db").info.running());
}

TEST_CASE("a container that another tool would make again is refused, and so is one that removes itself") {
  Scene scene({.plain = true});
  auto& info = scene.container("db").info;
  const auto refusal = [&] { return caught([&] { scene.observe(); }); };
  info.labels = {{"com.docker.compose.project", "shop"},
                 {"com.docker.compose.service", "db"},
                 {"com.docker.compose.project.config_files", "/srv/compose.yaml"}};
  CHECK(refusal().is("E-CONTAINER"));
  CHECK_THAT(refusal().hint(), ContainsSubstring("pgupgrade --compose /srv/compose.yaml --service db"));
  info.labels = {{"com.docker.swarm.service.id", "x"}, {"com.docker.swarm.service.name", "shop_db"}};
  CHECK_THAT(refusal().what(), ContainsSubstring("Swarm service \"shop_db\""));
  info.labels = {{"io.kubernetes.pod.name", "db-0"}};
  CHECK_THAT(refusal().what(), ContainsSubstring("pod db-0"));
  info.labels = {};
  info.auto_remove = true;
  CHECK(refusal().is("E-CONTAINER"));
  CHECK_THAT(refusal().hint(), ContainsSubstring("docker run --detach --name db"));
}

TEST_CASE("a container that is not there is named, with what may be meant") {
  Scene scene({.plain = true});
  Request request = scene.request();
  request.container = "wbe";
  upgrade::World world = scene.world();
  const Error error = caught([&] { upgrade::observe(request, world, "", [](const std::string&) {}); });
  CHECK(error.is("E-NO-CONTAINER"));
  CHECK_THAT(error.what(), ContainsSubstring("\"wbe\""));
  CHECK_THAT(error.hint(), ContainsSubstring("web"));
}

TEST_CASE("a container is found by its id, and goes by its name from then on") {
  Scene scene({.plain = true});
  Request request = scene.request();
  request.container = scene.container("db").info.id;
  upgrade::World world = scene.world();
  const Facts facts = upgrade::observe(request, world, "", [](const std::string&) {});
  CHECK(facts.services.at(0).service == "db");
}

TEST_CASE("containers that would stay bound to the old one are refused") {
  Scene scene({.plain = true});
  scene.engine.create_container(like_client("pooler"));
  scene.engine.at("pooler").info.network_mode = "container:" + scene.container("db").info.id;
  CHECK(has(codes_of(scene), "E-CONTAINER-BOUND"));
  scene.engine.at("pooler").info.network_mode = "bridge";
  CHECK_FALSE(has(codes_of(scene), "E-CONTAINER-BOUND"));
  scene.engine.at("pooler").info.links = {"db"};
  CHECK(has(codes_of(scene), "E-CONTAINER-BOUND"));
}

TEST_CASE("two containers on the same data are refused, and data on no mount") {
  Scene scene({.plain = true});
  scene.engine.create_container(
      {.name = "second",
       .image = "postgres:15",
       .mounts = {{.kind = MountKind::volume, .source = "shop_dbdata", .target = "/x"}}});
  CHECK(has(codes_of(scene), "E-VOLUME-SHARED"));
  scene.engine.remove_container("second");
  Facts facts = scene.observe();
  facts.services[0].mounts.clear();
  const auto planned = planning::make_plan(scene.request(), facts, "0a1b2c3d", "0.1.0");
  CHECK_FALSE(planned.ok);
  CHECK(planned.diagnostics.front().code == "E-DATA-MOUNT");
  CHECK_THAT(planned.diagnostics.front().message, ContainsSubstring("container db"));
}

TEST_CASE("an anonymous volume is named by a warning, and stays the data's") {
  Scene scene({.plain = true});
  const std::string name(64, 'a');
  scene.engine.volumes[name] = scene.engine.volumes.at("shop_dbdata");
  scene.engine.volumes[name].info.name = name;
  for (Mount& mount : scene.container("db").info.mounts) mount.source = name;
  scene.container("db").anonymous = {name};
  const auto planned = planning::make_plan(scene.request(), scene.observe(), "0a1b2c3d", "0.1.0");
  REQUIRE(planned.ok);
  const auto found = std::find_if(planned.diagnostics.begin(), planned.diagnostics.end(),
                                  [](const auto& one) { return one.code == "W-ANONYMOUS-VOLUME"; });
  REQUIRE(found != planned.diagnostics.end());
  CHECK_THAT(found->message, ContainsSubstring(name));
}

TEST_CASE("an image whose successor cannot be derived is asked for") {
  Scene scene({.plain = true});
  scene.container("db").info.image_reference = "registry/own-postgres:stable";
  CHECK(has(codes_of(scene), "E-CONTAINER-IMAGE"));
}

}  // namespace pgupgrade::test
