// What services are in when somebody looks for a tool: image changed too early, data where nobody looks.
#include <unistd.h>

#include <algorithm>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/planning/make_plan.hpp"
#include "pgupgrade/planning/preflight.hpp"
#include "pgupgrade/upgrade/observe/observe.hpp"
#include "pgupgrade/upgrade/strategy/strategy.hpp"
#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/process_name.hpp"
#include "upgrade/sandbox/image_probe.hpp"

namespace pgupgrade::test {
namespace {

using Words = std::vector<std::string>;

// Somebody writes another version into the file and makes the container anew.
void bump(Scene& scene, int major) {
  std::string text = scene.original_compose;
  const auto at = text.find("postgres:15");
  text.replace(at, 11, "postgres:" + std::to_string(major));
  scene.original_compose = scene.edited_compose = text;
  write_file_durably(scene.compose_file(), text, 0644);
  scene.compose.up({.files = {scene.compose_file()}}, {"db"}, {});
}

Facts look(Scene& scene, const Request& request) {
  upgrade::World world = scene.world();
  return upgrade::observe(request, world, "", [](const std::string&) {});
}

planning::Planned plan_of(const Request& request, const Facts& facts) {
  return planning::make_plan(request, facts, "0a1b2c3d", "0.1.0");
}

Words errors_of(const planning::Planned& planned) {
  Words codes;
  for (const Diagnostic& finding : planned.diagnostics)
    if (finding.severity == Severity::error) codes.push_back(finding.code);
  return codes;
}

// Plans as the command does that has --old-image.
void take_over(Scene& scene, const std::string& old_image) {
  Request request = scene.request();
  request.old_image = old_image;
  upgrade::World world = scene.world();
  REQUIRE(upgrade::start_on_old_image(request, look(scene, request), world, [](const std::string&) {}));
  request.project = upgrade::with_old_image(request, world);
  REQUIRE(request.project.files.size() == 2);
  const auto planned = plan_of(request, look(scene, request));
  CHECK(errors_of(planned) == Words{});
  REQUIRE(planned.ok);
  scene.plan = planned.plan;
  upgrade::add_steps(scene.plan);
}

}  // namespace

TEST_CASE("an image that was changed before the data is found out, and what it needs is named") {
  Scene scene;
  bump(scene, 17);
  const Facts facts = look(scene, scene.request());
  const ServiceFacts& db = facts.services.at(0);
  CHECK(db.image_major == 17);
  CHECK(db.pg_version_file == 15);
  CHECK(db.old_image == "postgres:15");
  REQUIRE(db.back_edits.size() == 1);
  CHECK(db.back_edits[0].line == 5);
  CHECK(db.back_edits[0].new_text == "15");
  const auto planned = plan_of(scene.request(), facts);
  CHECK(errors_of(planned) == Words{"E-TAG-BUMPED"});
  CHECK_FALSE(planned.nothing_to_do);
  upgrade::World world = scene.world();
  const auto states = upgrade::observe_states(scene.request().project, world);
  REQUIRE(states.size() == 1);
  const Diagnostics told = planning::check_state(states[0]);
  REQUIRE(told.size() == 1);
  CHECK(told[0].code == "E-TAG-BUMPED");
  CHECK_THAT(told[0].hint, ContainsSubstring("compose.yaml:5 \"17\" to \"15\""));
}

TEST_CASE("a server that is just being started again is as good as one that does not run") {
  Scene scene;
  bump(scene, 17);
  scene.faulty.on_call = [](const std::string& call) {
    if (call == "exec") throw Error(ErrorKind::failed, "E-ENGINE-CONFLICT", "the container is restarting");
  };
  CHECK(errors_of(plan_of(scene.request(), look(scene, scene.request()))) == Words{"E-TAG-BUMPED"});
}

TEST_CASE("a service whose image was changed already is started on the old one and upgraded from there") {
  Scene scene;
  bump(scene, 17);
  take_over(scene, "postgres:15");
  CHECK(scene.container("db").info.image_id == "sha256:postgres15");
  CHECK(scene.plan.edits.empty());
  CHECK(scene.target().old_image == "postgres:15");
  CHECK(scene.target().new_image == "postgres:17");
  scene.start();
  CHECK(scene.wrong_after_success() == "");
  // Nothing hangs on that file any more.
  upgrade::World world = scene.world();
  const Request request = scene.request();
  CHECK(upgrade::with_old_image(request, world).files == request.project.files);
  CHECK(plan_of(request, look(scene, request)).nothing_to_do);
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
  CHECK(upgrade::with_old_image(request, world).files.size() == 2);
}

TEST_CASE("where the image moves its data, only the mount is edited then") {
  Scene scene({.new_major = 18});
  bump(scene, 17);
  take_over(scene, "postgres:15");
  Words edits;
  for (const FileEdit& edit : scene.plan.edits) edits.push_back(edit.old_text + " -> " + edit.new_text);
  CHECK(edits == Words{"17 -> 18", "/data -> "});
}

TEST_CASE("a run on a service that was started on its old image goes on and back after a death") {
  for (const char* place : {"stop-old:before-signal", "wipe:emptied", "start:healthy"}) {
    INFO(place);
    for (const bool back : {false, true}) {
      Scene scene;
      bump(scene, 17);
      take_over(scene, "postgres:15");
      scene.die_at(place);
      if (back) {
        scene.roll_back();
        CHECK(scene.wrong_after_rollback() == "");
      } else {
        scene.resume();
        CHECK(scene.wrong_after_success() == "");
      }
    }
  }
}

TEST_CASE("an old image of another version starts nothing") {
  Scene scene;
  bump(scene, 17);
  Request request = scene.request();
  request.old_image = "postgres:18";
  const Facts facts = look(scene, request);
  upgrade::World world = scene.world();
  CHECK(error_of([&] { upgrade::start_on_old_image(request, facts, world, [](const std::string&) {}); }) ==
        "E-TAG-BUMPED: cannot start service \"db\" on postgres:18: that is PostgreSQL 18, but its data is of "
        "15");
  CHECK_FALSE(std::filesystem::exists(scene.request().state_root));
  CHECK(scene.container("db").info.image_reference == "postgres:17");
}

TEST_CASE("a service that runs on its data is not started on another image") {
  Scene scene;
  Request request = scene.request();
  request.old_image = "postgres:15";
  const Facts facts = look(scene, request);
  upgrade::World world = scene.world();
  CHECK_FALSE(upgrade::start_on_old_image(request, facts, world, [](const std::string&) {}));
}

TEST_CASE("a service that starts as root has its cluster made by the image's own user") {
  Scene scene;
  upgrade::World world = scene.world();
  const ImageFacts image{.reference = "postgres:15", .id = "x", .postgres_uid = 999, .postgres_gid = 998};
  for (const char* user : {"", "root", "root:root", "root:0", "0", "0:0", "postgres"})
    CHECK(upgrade::owner_for(world, "run", "db", image, user) == "999:998");
  CHECK(upgrade::owner_for(world, "run", "db", image, "70") == "70:70");
}

TEST_CASE("a new, empty cluster beside the old one is not taken for the data") {
  Scene scene({.new_major = 18});
  bump(scene, 18);
  const Facts facts = look(scene, scene.request());
  const ServiceFacts& db = facts.services.at(0);
  REQUIRE(db.inventory);
  CHECK(db.inventory->major() == 18);
  REQUIRE(db.unused_clusters.size() == 1);
  CHECK(db.unused_clusters[0].path == "/var/lib/postgresql/data");
  CHECK(db.unused_clusters[0].major == 15);
  CHECK(db.unused_clusters[0].mount.source == "shop_dbdata");
  const auto planned = plan_of(scene.request(), facts);
  CHECK(errors_of(planned) == Words{"E-DATA-UNUSED"});
  CHECK_FALSE(planned.nothing_to_do);
  upgrade::World world = scene.world();
  const auto states = upgrade::observe_states(scene.request().project, world);
  Words codes;
  for (const Diagnostic& found : planning::check_state(states.at(0))) codes.push_back(found.code);
  CHECK(codes == Words{"E-DATA-UNUSED", "E-ANONYMOUS-VOLUME"});
}

TEST_CASE("data in an anonymous volume is refused for that alone") {
  for (const int major : {17, 18}) {
    INFO(major);
    Scene scene({.new_major = major});
    std::string text = scene.original_compose;
    const std::string volumes = "    volumes:\n      - dbdata:/var/lib/postgresql/data\n";
    text.erase(text.find(volumes), volumes.size());
    write_file_durably(scene.compose_file(), text, 0644);
    scene.compose.up({.files = {scene.compose_file()}}, {"db"}, {});
    const Facts facts = look(scene, scene.request());
    CHECK_FALSE(facts.services.at(0).edit_problem);
    CHECK(errors_of(plan_of(scene.request(), facts)) == Words{"E-ANONYMOUS-VOLUME"});
  }
}

TEST_CASE("of a built image the Dockerfile's line is named, and what to give") {
  Scene scene;
  const std::string directory = (scene.root / "image").string();
  std::filesystem::create_directory(directory);
  write_file_durably(directory + "/Dockerfile", "ARG PG=15\nFROM postgres:${PG}\n", 0644);
  std::string text = scene.original_compose;
  text.insert(text.find("    image: postgres:15"), "    build: " + directory + "\n");
  write_file_durably(scene.compose_file(), text, 0644);
  Request request = scene.request();
  Facts facts = look(scene, request);
  REQUIRE(facts.services.at(0).edit_problem);
  CHECK(facts.services[0].edit_problem->message ==
        "cannot change the image of service \"db\": " + scene.compose_file().string() + ":5 builds it from " +
            directory + "/Dockerfile:1 \"ARG PG=15\"");
  CHECK(facts.services[0].edit_problem->hint == "change line 1 of " + directory +
                                                    "/Dockerfile to PostgreSQL 17, build it with \"docker "
                                                    "compose build db\" (not up), and pass --image "
                                                    "postgres:15");
  request.image = "postgres:15";
  facts = look(scene, request);
  CHECK_FALSE(facts.services.at(0).edit_problem);
}

TEST_CASE(
    "a mount into the old version's own files follows the version, in the file and in work containers") {
  Scene scene;
  std::string text = scene.original_compose;
  const std::string data = "      - dbdata:/var/lib/postgresql/data\n";
  text.insert(text.find(data) + data.size(),
              "      - /srv/a.stop:/usr/share/postgresql/15/tsearch_data/a.stop\n");
  write_file_durably(scene.compose_file(), text, 0644);
  scene.compose.up({.files = {scene.compose_file()}}, {"db"}, {});
  Request request = scene.request();
  const Facts facts = look(scene, request);
  Words edits;
  for (const FileEdit& edit : facts.services.at(0).edits)
    edits.push_back(std::to_string(edit.line) + " " + edit.old_text + " " + edit.new_text);
  CHECK(edits == Words{"5 15 17", "11 15 17"});
  const auto planned = plan_of(request, facts);
  Words targets;
  for (const Mount& mount : planned.plan.targets.at(0).other_mounts) targets.push_back(mount.target);
  CHECK(targets.back() == "/usr/share/postgresql/17/tsearch_data/a.stop");
  CHECK(std::find(targets.begin(), targets.end(), "/usr/share/postgresql/15/tsearch_data/a.stop") !=
        targets.end());
}

TEST_CASE(
    "a client that only names the server in its environment is found, and the pg_dump of one that makes "
    "backups") {
  Scene scene;
  std::string text = scene.original_compose;
  const std::string dependency = "    depends_on:\n      - db\n";
  text.erase(text.find(dependency, text.find("  worker:\n")), dependency.size());
  write_file_durably(scene.compose_file(), text, 0644);
  const auto why = [&] {
    const Facts facts = look(scene, scene.request());
    for (const ClientFacts& client : facts.services.at(0).clients)
      if (client.container_name == "shop-worker-1") return client.why;
    return std::string("not found");
  };
  CHECK(why() == "not found");
  auto& worker = scene.engine.at("shop-worker-1").info;
  worker.environment = {"TITLE=db", "PGHOST=shop-db-1"};
  worker.networks = {{.network = "shop_default", .ip_address = "172.20.0.99", .ip6_address = {}}};
  scene.engine.at("shop-db-1").info.networks = {
      {.network = "shop_default", .ip_address = "172.20.0.98", .ip6_address = {}}};
  CHECK(why() == "names it in PGHOST");
  CHECK(look(scene, scene.request()).services.at(0).dumpers.empty());
  scene.engine.pg_dumps["shop-worker-1"] = "pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)";
  CHECK(look(scene, scene.request()).services.at(0).dumpers.empty());
  worker.command = {"/usr/bin/backup", "--nightly"};
  CHECK(look(scene, scene.request()).services.at(0).dumpers ==
        std::map<std::string, int>{{"shop-worker-1", 15}});
}

TEST_CASE("an image that cannot be pulled is told with the option that names another") {
  Scene scene;
  scene.engine.registry.erase("postgres:17");
  try {
    scene.start();
    FAIL("it was pulled");
  } catch (const Error& error) {
    CHECK(error.code() == "E-PULL");
    CHECK_THAT(error.hint(), ContainsSubstring("name another image of PostgreSQL 17 with --image"));
  }
}

TEST_CASE("of a service without a container the volumes of its file are looked into") {
  Scene scene;
  scene.engine.stop_container("shop-db-1", {});
  scene.engine.remove_container("shop-db-1");
  Facts facts = look(scene, scene.request());
  REQUIRE(facts.services.at(0).unused_clusters.size() == 1);
  CHECK(errors_of(plan_of(scene.request(), facts)) == Words{"E-NOT-RUNNING"});

  std::string text = scene.original_compose;
  text.replace(text.find("postgres:15"), 11, "postgres:17");
  write_file_durably(scene.compose_file(), text, 0644);
  scene.engine.pull_image("postgres:17", {});
  CHECK(errors_of(plan_of(scene.request(), look(scene, scene.request()))) == Words{"E-TAG-BUMPED"});
  write_file_durably(scene.compose_file(), scene.original_compose, 0644);

  scene.data() = empty_tree();
  facts = look(scene, scene.request());
  CHECK(facts.services[0].unused_clusters.empty());
  CHECK(plan_of(scene.request(), facts).nothing_to_do);
}

TEST_CASE("what an observation left that died is removed by the next one, and no other's") {
  Scene scene;
  const auto make = [&](const std::string& name, const std::map<std::string, std::string>& labels) {
    docker::ContainerSpec spec;
    spec.name = name;
    spec.image = "shop/web:3";
    spec.labels = labels;
    scene.engine.create_container(spec);
  };
  const std::string own = upgrade::this_process();
  const std::string prefix = own.substr(0, own.rfind(' ') + 1);
  make("dead", {{upgrade::kRunLabel, "observe-1"}, {upgrade::kProcessLabel, prefix + "4194305"}});
  make("alive",
       {{upgrade::kRunLabel, "observe-2"}, {upgrade::kProcessLabel, prefix + std::to_string(::getppid())}});
  make("elsewhere",
       {{upgrade::kRunLabel, "observe-3"}, {upgrade::kProcessLabel, "root@elsewhere, process 4194305"}});
  make("run", {{upgrade::kRunLabel, "0a1b2c3d"}, {upgrade::kProcessLabel, prefix + "4194305"}});
  scene.observe();
  Words left;
  for (const char* name : {"dead", "alive", "elsewhere", "run"})
    if (scene.engine.inspect_container(name)) left.emplace_back(name);
  CHECK(left == Words{"alive", "elsewhere", "run"});
}

TEST_CASE("an observation's containers name the process that they belong to") {
  Scene scene;
  Words processes;
  scene.engine.on_created = [&](const SimulatedContainer& container) {
    const auto process = container.info.labels.find(upgrade::kProcessLabel);
    processes.push_back(process == container.info.labels.end() ? "" : process->second);
  };
  scene.observe();
  REQUIRE_FALSE(processes.empty());
  for (const std::string& process : processes) CHECK(process == upgrade::this_process());
}

}  // namespace pgupgrade::test
