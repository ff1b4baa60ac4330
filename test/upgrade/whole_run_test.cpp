#include <filesystem>

#include "pgupgrade/base/files.hpp"
#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

std::vector<std::string> steps_told(const Scene& scene, upgrade::StepEventKind kind) {
  std::vector<std::string> steps;
  for (const auto& event : scene.listener.events) {
    if (event.kind == kind) steps.push_back(event.step);
  }
  return steps;
}

const std::vector<std::string> kSteps = {"pull",          "rehearse",  "freeze",      "stop-old", "backup",
                                         "verify-backup", "dump",      "verify-dump", "wipe",     "start-new",
                                         "restore",       "configure", "scram",       "refresh",  "verify",
                                         "edit-compose",  "start",     "thaw"};

}  // namespace

TEST_CASE("a whole upgrade ends with the new version, the same content and everything running") {
  Scene scene;
  const auto report = scene.start();
  CHECK(scene.wrong_after_success() == "");
  CHECK(report.outcome == RunOutcome::succeeded);
  REQUIRE(report.targets.size() == 1);
  CHECK(report.targets[0].old_version == "15.8");
  CHECK(report.targets[0].new_version == "17.6");
  CHECK(report.targets[0].tables == 6);
  CHECK(report.targets[0].rows == 46);
  CHECK(report.targets[0].sequences == 1);
  CHECK(report.targets[0].roles == 3);
  CHECK(report.targets[0].logins_tried == 2);
  CHECK(report.targets[0].logins_accepted == 2);
  CHECK(steps_told(scene, upgrade::StepEventKind::done) == kSteps);
}

TEST_CASE("the volume of the dump, in which the verifiers are, is for its owner alone") {
  Scene scene;
  scene.die_at("dump:dumped");
  CHECK(scene.engine.volume("pgupgrade-0a1b2c3d-db-dump").tree.at(".").mode == 0700);
}

TEST_CASE("the last lines of a work container that the engine hands out late are waited for") {
  Scene scene;
  scene.probe.on_reach = [&](const std::string& place) {
    if (place.ends_with(":before-record")) scene.engine.late_logs = 3;
  };
  scene.start();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a rollback after a whole upgrade gives everything back") {
  Scene scene;
  scene.start();
  CHECK(scene.roll_back().outcome == RunOutcome::rolled_back);
  CHECK(scene.wrong_after_rollback() == "");
  CHECK(scene.roll_back().outcome == RunOutcome::rolled_back);  // once more changes nothing
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("a server whose only socket is in another directory is known to be up") {
  Scene scene;
  scene.engine.server_host = "/tmp";
  scene.start();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a server below a shell that passes no signal on is stopped all the same") {
  Scene scene;
  scene.engine.deaf = {"shop-db-1"};
  scene.start();
  CHECK(scene.wrong_after_success() == "");
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("upgrades of every layout succeed and are undone") {
  for (const SceneOptions& options : {SceneOptions{.new_major = 18}, SceneOptions{.targets = 2},
                                      SceneOptions{.clients = false}, SceneOptions{.subdirectory = true},
                                      SceneOptions{.edit_files = false}, SceneOptions{.backup_apart = true},
                                      SceneOptions{.new_major = 18, .targets = 2, .subdirectory = true}}) {
    Scene scene(options);
    INFO(options.new_major << ", targets " << options.targets << ", subdirectory " << options.subdirectory);
    scene.start();
    CHECK(scene.wrong_after_success() == "");
    if (options.subdirectory) CHECK(scene.data().at("beside.txt").content == "somebody's own");
    scene.roll_back();
    CHECK(scene.wrong_after_rollback() == "");
  }
}

TEST_CASE("without an edit the project's files stay, and the report says what to set") {
  Scene scene({.edit_files = false});
  CHECK(scene.plan.edits.empty());
  REQUIRE(scene.plan.to_set.size() == 1);
  CHECK(scene.plan.to_set[0].new_text == "17");
  const auto report = scene.start();
  CHECK(read_file(scene.compose_file()) == scene.original_compose);
  REQUIRE(report.targets[0].notes.size() == 1);
  CHECK(report.targets[0].notes[0] ==
        "the project's files still name postgres:15: set postgres:17 before the next docker compose up");
}

TEST_CASE("a backup goes to the directory of the user's choice, and cleanup removes it there") {
  Scene scene({.backup_apart = true});
  const auto report = scene.start();
  const auto directory = scene.root / "backups" / "pgupgrade-0a1b2c3d";
  CHECK(report.targets[0].backup_file == (directory / "db.tar.zst").string());
  CHECK(std::filesystem::exists(directory / "db.manifest.json"));
  CHECK_FALSE(std::filesystem::exists(scene.run_directory() / "backup"));
  upgrade::World world = scene.world();
  upgrade::clean_up(scene.state_file(), world);
  CHECK(std::filesystem::exists(scene.root / "backups"));
  CHECK_FALSE(std::filesystem::exists(directory));
}

TEST_CASE("a rollback after any step gives the old files back byte for byte") {
  for (const std::string& step : kSteps) {
    Scene scene;
    scene.die_at(step + ":after-done");
    INFO("after " << step);
    CHECK(scene.wrong_at_crash() == "");
    scene.roll_back();
    CHECK(scene.wrong_after_rollback() == "");
  }
}

TEST_CASE("after clients may have written a rollback asks for consent") {
  Scene scene;
  scene.start();
  CHECK(error_of([&] { scene.roll_back(upgrade::NewWrites::keep); }) ==
        "E-NEW-WRITES: cannot roll run 0a1b2c3d back without losing what was written to the new server since "
        "it was "
        "started");
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a run that has succeeded has nothing to resume and one that was rolled back is not resumed") {
  Scene scene;
  scene.start();
  CHECK(scene.resume().outcome == RunOutcome::succeeded);
  CHECK(scene.wrong_after_success() == "");
  scene.roll_back();
  CHECK(error_of([&] { scene.resume(); }) == "E-ENDED: cannot resume run 0a1b2c3d: it was rolled back");
}

TEST_CASE("a freeze that died with no client to stop still holds the old server's restart policy") {
  Scene scene({.clients = false});
  scene.die_at("freeze:after-record");
  scene.probe.on_reach = [&](const std::string& place) {
    if (place == "stop-old:before-record") CHECK(scene.container("db").info.restart.name == "no");
  };
  CHECK(scene.resume().targets[0].logins_tried == 2);
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("an image that cannot be had leaves nothing behind") {
  Scene scene;
  scene.engine.registry.clear();
  CHECK(error_of([&] { scene.start(); }) == "E-PULL: could not pull postgres:17: not found");
  CHECK_FALSE(std::filesystem::exists(scene.run_directory()));
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("an image of another version is refused before anything is stopped") {
  Scene scene;
  scene.engine.registry["postgres:17"] = scene.engine.registry["postgres:18"];
  CHECK(error_of([&] { scene.start(); }) ==
        "E-IMAGE-MAJOR: image postgres:17 for service db holds PostgreSQL 18.1, not 17");
  CHECK_FALSE(std::filesystem::exists(scene.run_directory()));
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("a run that is interrupted at any step stops and is resumed") {
  for (const std::string& step : kSteps) {
    Scene scene;
    scene.probe.on_reach = [&](const std::string& place) {
      if (place == step + ":after-record") scene.cancellation.request(2);
    };
    INFO("interrupted in " << step);
    const bool last =
        step == "thaw" || step == "edit-compose";  // no wait in these: the next one stops, if any
    const std::string error = error_of([&] { scene.start(); });
    if (step != "thaw") CHECK_THAT(error, ContainsSubstring("E-INTERRUPTED"));
    CHECK(scene.wrong_at_crash() == "");
    scene.cancellation.request(0);
    scene.probe.on_reach = {};
    if (!last || step == "edit-compose") scene.resume();
    CHECK(scene.wrong_after_success() == "");
  }
}

TEST_CASE("a rollback that is interrupted goes on as a rollback whatever is asked for") {
  Scene scene;
  scene.start();
  scene.cancellation.request(2);
  CHECK_THAT(error_of([&] { scene.roll_back(); }), ContainsSubstring("E-INTERRUPTED"));
  scene.cancellation.request(0);
  CHECK(scene.resume().outcome == RunOutcome::rolled_back);
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("a password that is no longer known stops the run and names the role") {
  Scene scene;
  scene.probe.on_reach = [&](const std::string& place) {
    if (place != "scram:before-record") return;
    std::string text = scene.original_compose;
    for (auto at = text.find("app-secret"); at != std::string::npos; at = text.find("app-secret")) {
      text.replace(at, 10, "changed-by");
    }
    write_file_durably(scene.compose_file(), text, 0644);
  };
  CHECK(error_of([&] { scene.start(); }) ==
        "E-MD5-UNKNOWN: could not convert the password of role \"app\": it is no longer in DATABASE_URL of "
        "service "
        "tool");
  write_file_durably(scene.compose_file(), scene.original_compose, 0644);
  scene.probe.on_reach = {};
  scene.resume();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a role that keeps md5 by choice keeps it and still logs in") {
  Scene scene;
  scene.plan.targets[0].roles[0].action = PasswordAction::keep_md5;
  const auto report = scene.start();
  CHECK(scene.wrong_after_success() == "");
  CHECK(read_cluster(scene.data(), ".")->roles.at("app").starts_with("md5"));
  CHECK(report.targets[0].notes == std::vector<std::string>{"role \"app\" keeps its md5 password"});
  CHECK(report.targets[0].logins_accepted == 2);
}

TEST_CASE("a login that worked before and is refused now fails the start") {
  Scene scene;
  scene.probe.on_reach = [&](const std::string& place) {
    if (place != "start:up") return;
    auto cluster = read_cluster(scene.data(), ".");
    cluster->roles.at("app") = "SCRAM-SHA-256$of another password";
    write_cluster(scene.data(), ".", *cluster, scene.engine.now());
  };
  CHECK(error_of([&] { scene.start(); }) ==
        "E-LOGIN: could not log in to service \"db\" with a password that worked before: app: password "
        "authentication "
        "failed");
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("a setting that the new version does not know is left out and told") {
  Scene scene;
  auto& settings = scene.plan.targets[0].inventory.settings;
  settings.push_back({.name = "old_one", .value = "on", .file = settings[0].file});
  scene.start();
  CHECK(scene.wrong_after_success() == "");
  CHECK(scene.data().at("postgresql.conf").content.find("old_one") == std::string::npos);
  CHECK(scene.listener.messages.back().second ==
        "setting old_one is not carried over: the new version does not know it");
}

TEST_CASE("files that decide who may log in are carried with the settings that name them") {
  for (const int major : {17, 18}) {
    Scene scene({.new_major = major});
    const std::string old_directory = scene.target().old_pgdata;
    auto& settings = scene.plan.targets[0].inventory.settings;
    const std::string file = settings[0].file;
    settings.push_back({.name = "hba_file", .value = "/etc/postgresql/pg_hba.conf", .file = file});
    settings.push_back({.name = "ident_file", .value = old_directory + "/maps/people", .file = file});
    for (auto& [reference, image] : scene.engine.registry)
      image.settings.insert(image.settings.end(), {"hba_file", "ident_file"});
    scene.start();
    const auto& target = scene.target();
    const auto place = scene.engine.resolve(scene.container("db"), target.new_pgdata + "/postgresql.conf");
    const std::string text = place.tree->at(place.path).content;
    CHECK_THAT(text, ContainsSubstring("\nhba_file = '/etc/postgresql/pg_hba.conf'\n"));
    CHECK_THAT(text, ContainsSubstring("\nident_file = '" + target.new_pgdata + "/maps/people'\n"));
  }
}

TEST_CASE("links, files called pg_something and the owners of directories are carried") {
  Scene scene;
  scene.data()["root.crt"] = {
      .kind = Node::Kind::link, .mode = 0777, .uid = 999, .gid = 999, .link = "/etc/ssl/root.crt"};
  put_file(scene.data(), "pg_hba.d/office", "local all all peer\n", 0640, 999, 999, 1);
  scene.start();
  CHECK(scene.wrong_after_success() == "");
  CHECK(scene.data().at("root.crt").link == "/etc/ssl/root.crt");
  CHECK(scene.data().at("pg_hba.d/office").content == "local all all peer\n");
  CHECK(scene.data().at("pg_hba.d").uid == 999);
  CHECK(scene.data().at("certificates").uid == 999);
}

TEST_CASE("carried files keep their bytes and modes and get the new owner") {
  Scene scene;
  scene.start();
  const Tree& tree = scene.data();
  CHECK(tree.at("pg_hba.conf").content == "local all all trust\nhost all all all md5\n");
  CHECK(tree.at("pg_hba.conf").mode == 0640);
  CHECK(tree.at("certificates/server.key").mode == 0400);
  CHECK(tree.at("certificates/server.key").uid == 999);
  CHECK(tree.at("postgresql.auto.conf").content ==
        "# Do not edit this file manually!\n# It will be overwritten by the ALTER SYSTEM command.\nwork_mem "
        "= '16MB'\n");
  CHECK(
      tree.at("postgresql.conf").content ==
      "# as made by initdb of 17\nmax_connections = 100\n\n# Carried over from PostgreSQL 15.8 by pgupgrade\n"
      "max_connections = '250'\n");
}

TEST_CASE("what initdb sets by its surroundings and the old files left to the server stays with the server") {
  for (const bool set_before : {false, true}) {
    Scene scene;
    auto& settings = scene.plan.targets[0].inventory.settings;
    for (auto& [reference, image] : scene.engine.registry) image.settings.emplace_back("TimeZone");
    if (set_before) settings.push_back({.name = "TimeZone", .value = "UTC", .file = settings[0].file});
    scene.probe.on_reach = [&](const std::string& place) {
      if (place == "start-new:initialised")
        scene.data().at("postgresql.conf").content += "timezone = 'Europe/Berlin'\nport = 5432\n";
    };
    scene.start();
    CHECK(scene.wrong_after_success() == "");
    const std::string text = scene.data().at("postgresql.conf").content;
    CHECK_THAT(text, ContainsSubstring("\nport = 5432\n"));
    CHECK_THAT(text,
               ContainsSubstring(set_before ? "\nTimeZone = 'UTC'\n" : "\n#timezone = 'Europe/Berlin'\n"));
  }
}

}  // namespace pgupgrade::test
