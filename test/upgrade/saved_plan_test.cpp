// A plan that is saved, and applied later: exactly it, or a refusal that says what has changed.
#include "pgupgrade/upgrade/command/saved_plan.hpp"

#include <sys/stat.h>

#include <boost/json.hpp>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/make_plan.hpp"
#include "pgupgrade/upgrade/strategy/strategy.hpp"
#include "support/catch.hpp"
#include "support/schema.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

using Clauses = std::vector<std::string>;

// As `apply` looks at the world.
SavedPlan look(Scene& scene, const Request& request) {
  const Facts facts = scene.observe();
  auto planned = planning::make_plan(request, facts, scene.plan.run_id, "0.1.0");
  if (planned.ok) upgrade::add_steps(planned.plan);
  SavedPlan saved{.request = request, .plan = planned.plan, .new_images = {}};
  for (const ServiceFacts& service : facts.services)
    if (service.new_image_facts) saved.new_images[service.service] = service.new_image_facts->id;
  return saved;
}

SavedPlan look(Scene& scene) {
  return look(scene, scene.request());
}

Clauses drift(const std::function<void(Scene&)>& meanwhile, const SceneOptions& options = {}) {
  Scene scene(options);
  const SavedPlan saved = look(scene);
  meanwhile(scene);
  return upgrade::plan_drift(saved, look(scene));
}

void change_cluster(Scene& scene, const std::function<void(Cluster&)>& change) {
  auto cluster = read_cluster(scene.data(), ".");
  REQUIRE(cluster);
  change(*cluster);
  write_cluster(scene.data(), ".", *cluster, scene.engine.now());
}

std::string refusal_of(const std::string& text) {
  return error_of([&] { upgrade::parse_saved_plan(text, "/p/plan.json"); });
}

}  // namespace

TEST_CASE("a saved plan is read as it was written, and is as its schema says") {
  std::vector<std::string> documents;
  for (const SceneOptions& options :
       {SceneOptions{}, SceneOptions{.targets = 2, .backup_apart = true, .keep_dumps = true},
        SceneOptions{.unlogged = false, .strategy = "warm"}, SceneOptions{.edit_files = false},
        SceneOptions{.backup = Backup::tar}, SceneOptions{.backup = Backup::aside}}) {
    Scene scene(options);
    SavedPlan saved = look(scene);
    saved.request.password_file = "/secret/passwords";
    saved.request.md5_policy = Md5Policy::keep;
    const auto file = scene.root / "plan.json";
    upgrade::save_plan(saved, file);
    CHECK(upgrade::load_plan(file) == saved);
    struct stat status {};
    REQUIRE(stat(file.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0600);
    documents.push_back(boost::json::serialize(boost::json::parse(read_file(file)).at("saved")));
    for (const char* secret : {"sesame-old", "app-secret"})
      CHECK_THAT(read_file(file), !ContainsSubstring(secret));
  }
  CHECK(schema_findings("model/saved-plan.schema.json", documents) == Clauses{});
}

TEST_CASE("a strategy that was chosen is from then on as one that was asked for") {
  Scene scene;
  Request request = scene.request();
  request.strategy = kAuto;
  const SavedPlan saved = look(scene, request);
  REQUIRE(saved.plan.strategy_reason == "auto: quick, and changes nothing");
  request.strategy = saved.plan.strategy;
  CHECK(look(scene, request).plan.strategy_reason == "asked for");
  CHECK(upgrade::plan_drift(saved, look(scene, request)) == Clauses{});
}

TEST_CASE("the plan that is applied is the one that was saved") {
  Scene scene;
  const auto file = scene.root / "plan.json";
  upgrade::save_plan(look(scene), file);
  SavedPlan saved = upgrade::load_plan(file);
  CHECK(upgrade::plan_drift(saved, look(scene)) == Clauses{});
  saved.plan.disk = scene.plan.disk;  // the disk of this machine has other users
  CHECK(saved.plan == scene.plan);
  scene.plan = saved.plan;
  scene.start();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a plan is applied once, and the run that it had is named") {
  Scene scene;
  const SavedPlan saved = look(scene);
  const auto applied = [&] { return error_of([&] { upgrade::refuse_applied(saved, "plan.json"); }); };
  CHECK(applied() == "no error");
  scene.die_at("dump:after-done");
  CHECK(
      applied() ==
      "E-PLAN-APPLIED: cannot apply plan.json again: its run 0a1b2c3d has been started and has not finished");
  CHECK_THAT(hint_of([&] { upgrade::refuse_applied(saved, "plan.json"); }),
             Catch::Matchers::StartsWith("pgupgrade resume --state "));
  scene.resume();
  CHECK(applied() == "E-PLAN-APPLIED: cannot apply plan.json again: its run 0a1b2c3d has succeeded");
  scene.roll_back();
  CHECK(applied() == "E-PLAN-APPLIED: cannot apply plan.json again: its run 0a1b2c3d was rolled back");
}

TEST_CASE("what makes a dump one of a copy is drift, once the old data is to be kept aside") {
  const auto found = drift(
      [](Scene& scene) {
        change_cluster(scene,
                       [](Cluster& cluster) { cluster.databases["shop"].unlogged = {"public.carts"}; });
      },
      {.left_behind = false, .unlogged = false, .backup = Backup::aside});
  CHECK_THAT(join(found, "; "), ContainsSubstring("copied because is it has unlogged tables, was empty"));
}

TEST_CASE("what changes by itself in a database that is in use is no drift") {
  CHECK(drift([](Scene& scene) {
          change_cluster(scene, [](Cluster& cluster) {
            cluster.databases["shop"].tables["public.orders"].emplace_back("99|new|7");
            cluster.databases["shop"].tables["public.more"] = {"1"};
          });
        }) == Clauses{});
}

TEST_CASE("what a plan depends on is named when it has changed") {
  CHECK(drift([](Scene& scene) { scene.engine.engine_id = "ENGINE-2"; }) ==
        Clauses{"the engine is ENGINE-2, the plan was made for ENGINE-1 (unix:///var/run/docker.sock)"});
  CHECK(drift([](Scene& scene) { scene.engine.volume("shop_dbdata").info.created_at = "later"; }).front() ==
        "volume shop_dbdata was made at later, the plan was made for one of " +
            Scene().target().data_volume.created_at);
  CHECK(drift([](Scene& scene) {
          change_cluster(scene, [](Cluster& cluster) {
            cluster.databases["late"];
            cluster.databases.erase("odd name");
          });
        }) == Clauses{"service db: database \"odd name\" is gone", "service db: database \"late\" is new"});
  CHECK(drift([](Scene& scene) {
          change_cluster(scene, [](Cluster& cluster) { cluster.roles["auditor"]; });
        }) == Clauses{"service db: role \"auditor\" is new"});
  CHECK(drift([](Scene& scene) {
          write_file_durably(scene.compose_file(), scene.original_compose + "# mine\n", 0644);
        }).size() == 1);
}

TEST_CASE("a container that was made anew, stopped or joined is named") {
  Scene scene;
  const SavedPlan saved = look(scene);
  SavedPlan now = saved;
  REQUIRE_FALSE(now.plan.clients.empty());
  ClientFacts& client = now.plan.clients.front();
  const std::string name = client.container_name;
  client.container_id = "other";
  CHECK(upgrade::plan_drift(saved, now) == Clauses{"container " + name + " was recreated"});
  client = saved.plan.clients.front();
  client.running = !client.running;
  CHECK(upgrade::plan_drift(saved, now).size() == 1);
  now = saved;
  now.plan.clients.erase(now.plan.clients.begin());
  CHECK(upgrade::plan_drift(saved, now) == Clauses{"container " + name + " is gone"});
  CHECK(upgrade::plan_drift(now, saved) ==
        Clauses{"container " + name +
                " uses the database, too (depends on db), and the plan does not stop it"});
  now = saved;
  now.plan.targets.front().container_id = "other";
  CHECK(upgrade::plan_drift(saved, now) == Clauses{"container shop-db-1 was recreated"});
}

TEST_CASE("an image that was tagged anew, another program and another setting are named") {
  Scene scene;
  SavedPlan saved = look(scene);
  saved.new_images["db"] = "sha256:then";
  SavedPlan now = saved;
  now.new_images["db"] = "sha256:now";
  CHECK(upgrade::plan_drift(saved, now) == Clauses{"image postgres:17 is sha256:now, was sha256:then"});
  now = saved;
  now.plan.targets.front().old_image_id = "sha256:other";
  CHECK(upgrade::plan_drift(saved, now) ==
        Clauses{"the image of container shop-db-1 is sha256:other, was sha256:postgres15"});
  now = saved;
  now.plan.tool_version = "0.2.0";
  CHECK(upgrade::plan_drift(saved, now) == Clauses{"pgupgrade is 0.2.0, the plan was made by 0.1.0"});
  now = saved;
  now.plan.targets.front().shm_bytes = 7;
  CHECK(upgrade::plan_drift(saved, now) == Clauses{"service db: shm bytes is 7, was 0"});
  now = saved;
  saved.plan.targets.front().inventory.settings.clear();
  now.plan.targets.front().inventory.settings = {{.name = "work_mem", .value = "hush", .file = "f"}};
  CHECK(upgrade::plan_drift(saved, now) == Clauses{"service db: setting \"work_mem\" is new"});
  saved.plan.targets.front().inventory.settings = {{.name = "work_mem", .value = "1MB", .file = "f"}};
  CHECK(upgrade::plan_drift(saved, now) == Clauses{"service db: setting \"work_mem\" has changed"});
  now = saved;
  now.plan.steps.pop_back();
  CHECK(upgrade::plan_drift(saved, now).size() == 1);
}

TEST_CASE("a service that was upgraded meanwhile is drift") {
  Scene scene;
  const SavedPlan saved = look(scene);
  scene.start();
  CHECK_THAT(upgrade::plan_drift(saved, look(scene)),
             Catch::Matchers::VectorContains(std::string("service db no longer needs this upgrade")));
}

TEST_CASE("a file that is no sound plan is refused with the place") {
  Scene scene;
  const std::string text = upgrade::saved_plan_text(look(scene));
  CHECK(refusal_of(text) == "no error");
  CHECK(refusal_of("{\"a\":\n  [1, }") ==
        "E-PLAN-FILE: cannot use the plan /p/plan.json: line 2, column 7: not valid JSON");
  CHECK_THAT(refusal_of(text.substr(0, text.size() / 2)),
             ContainsSubstring("the file ends here, so it is truncated"));
  CHECK(refusal_of("[]") == "E-PLAN-FILE: cannot use the plan /p/plan.json: it is not a plan of pgupgrade");
  CHECK(refusal_of("{\"pgupgrade_plan\": 7}") ==
        "E-PLAN-FILE: cannot use the plan /p/plan.json: its format is 7, this program knows 1");
  CHECK(refusal_of("{\"pgupgrade_plan\": 1}") ==
        "E-PLAN-FILE: cannot use the plan /p/plan.json: \"saved\": missing");
  std::string changed = text;
  changed.replace(changed.find("\"jobs\": 2"), 9, "\"jobs\": 3");
  CHECK(refusal_of(changed) ==
        "E-PLAN-FILE: cannot use the plan /p/plan.json: it was changed after it had been written");
  changed = text;
  changed.replace(changed.find("\"target_major\": 17"), 18, "\"target_major\": \"\"");
  CHECK(refusal_of(changed) ==
        "E-PLAN-FILE: cannot use the plan /p/plan.json: \"saved.request.target_major\": expected a whole "
        "number");
}

TEST_CASE("a plan replaces an earlier plan, and no other file") {
  Scene scene;
  const SavedPlan saved = look(scene);
  const auto file = scene.root / "plan.json";
  const auto refused = [&] { return error_of([&] { upgrade::save_plan(saved, file); }); };
  CHECK(refused() == "no error");
  CHECK(refused() == "no error");
  write_file_durably(file, "mine\n");
  CHECK_THAT(refused(), ContainsSubstring("it is there, and is not a plan of pgupgrade"));
  CHECK(read_file(file) == "mine\n");
  std::filesystem::remove(file);
  std::filesystem::create_symlink(scene.compose_file(), file);
  CHECK_THAT(refused(), ContainsSubstring("it is not a regular file"));
  CHECK_THAT(error_of([&] { upgrade::save_plan(saved, scene.root / "no" / "plan.json"); }),
             ContainsSubstring("is not a directory"));
  CHECK_THAT(error_of([&] { upgrade::load_plan(scene.root / "absent.json"); }),
             Catch::Matchers::StartsWith("E-NO-FILE: could not read the plan"));
}

}  // namespace pgupgrade::test
