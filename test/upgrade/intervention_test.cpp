// Somebody else's hands on the old data, its server and the clients, while a run stands still.
#include "pgupgrade/base/files.hpp"
#include "support/catch.hpp"
#include "support/world/crash.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"
#include "upgrade/orders.hpp"

namespace pgupgrade::test {
namespace {

// docker compose rm db, docker volume rm
void remove_data(Scene& scene) {
  scene.engine.remove_container("shop-db-1");
  scene.engine.remove_volume("shop_dbdata");
}

constexpr const char* kRanAgain =
    "E-DRIFT: cannot continue: container shop-db-1 was started again after the run had stopped it, and "
    "volume shop_dbdata may have changed since the backup";

}  // namespace

TEST_CASE("orders taken by the old server after the backup are kept by a refused resume and a rollback") {
  for (const bool stopped_again : {true, false}) {
    Scene scene;
    scene.die_at("verify-dump:after-done");
    scene.engine.start_container("shop-db-1");
    add_order(scene);
    if (stopped_again) scene.engine.stop_container("shop-db-1", {});
    CHECK(error_of([&] { scene.resume(); }) == kRanAgain);
    CHECK(has_order(scene));
    scene.roll_back();
    CHECK(has_order(scene));
    CHECK(scene.container("db").info.running());
    CHECK(scene.engine.violations.empty());
  }
}

TEST_CASE("orders taken by a container that Compose made in the old one's place are kept too") {
  Scene scene;
  scene.die_at("verify-dump:after-done");
  scene.engine.remove_container("shop-db-1");
  scene.compose.up(scene.plan.location, {"db"}, std::chrono::minutes(1));
  add_order(scene);
  CHECK(error_of([&] { scene.resume(); }) ==
        "E-DRIFT: cannot continue: container shop-db-1 was removed or replaced after the run had stopped it, "
        "and "
        "volume shop_dbdata may have changed since the backup");
  CHECK(has_order(scene));
  scene.roll_back();
  CHECK(has_order(scene));
  CHECK(scene.container("db").info.running());
  CHECK(scene.engine.violations.empty());
}

TEST_CASE("an old server that was started on the emptied volume makes no empty database") {
  for (const bool subdirectory : {false, true}) {
    Scene scene({.subdirectory = subdirectory});
    scene.die_at("wipe:emptied");
    scene.engine.start_container("shop-db-1");
    CHECK(version_of(scene.data(), subdirectory ? "inner" : ".") == 0);
    CHECK(error_of([&] { scene.resume(); }) == kRanAgain);
    scene.roll_back();
    CHECK(scene.wrong_after_rollback() == "");
  }
}

TEST_CASE("data that somebody removed before the wipe comes back from the backup") {
  for (const char* place : {"verify-backup:after-done", "verify-dump:after-done", "wipe:emptied"}) {
    for (std::size_t at = 0;; ++at) {
      Scene scene;
      scene.die_at(place);
      remove_data(scene);
      INFO(place << ", death at " << at);
      const bool died = !run_until_crash(scene, at, [&] { scene.roll_back(); }).empty();
      if (died) scene.roll_back();
      CHECK(scene.wrong_after_rollback() == "");
      if (!died) break;
    }
  }
}

TEST_CASE("data that somebody removed before there was a backup is missed and no database is made") {
  Scene scene;
  scene.die_at("stop-old:after-done");
  remove_data(scene);
  CHECK(error_of([&] { scene.roll_back(); }) ==
        "E-DATA-GONE: could not start service \"db\" again: volume shop_dbdata no longer contains a cluster, "
        "and this run has no backup of it");
  CHECK_FALSE(scene.engine.inspect_volume("shop_dbdata"));
}

TEST_CASE("orders taken between two attempts at a rollback, once the data was back, are kept") {
  for (const char* place : {"wipe:undo-after-done", "dump:undo-after-record", "dump:undo-after-action",
                            "dump:undo-after-done", "backup:undo-after-done"}) {
    INFO(place);
    Scene scene;
    scene.die_at("restore:globals-restored");
    scene.probe.on_reach = [&](const std::string& reached) {
      if (reached == place) throw Crash{reached};
    };
    CHECK_THROWS_AS(scene.roll_back(), Crash);
    scene.probe.on_reach = {};
    scene.engine.start_container("shop-db-1");
    add_order(scene);
    scene.roll_back();
    CHECK(has_order(scene));
    CHECK(scene.container("db").info.running());
    CHECK(scene.engine.violations.empty());
  }
}

TEST_CASE("what somebody puts beside the data directory into its volume survives a rollback") {
  for (const int major : {17, 18}) {
    for (const char* place : {"dump:after-done", "restore:globals-restored", "verify:after-done"}) {
      INFO(major << ", " << place);
      Scene scene({.new_major = major, .subdirectory = true});
      scene.die_at(place);
      put_file(scene.data(), "dumps/monday.sql", "SELECT 1", 0644, 1000, 1000, 5);
      scene.roll_back();
      CHECK(scene.data().at("dumps/monday.sql").content == "SELECT 1");
      CHECK(scene.data().at("beside.txt").content == "somebody's own");
      CHECK_FALSE(exists(scene.data(), "18"));
      CHECK(read_cluster(scene.data(), "inner")->same_content(scene.original[0]));
      CHECK(scene.container("db").info.running());
    }
  }
}

TEST_CASE("a wipe that was announced and removed nothing loses no orders taken since") {
  Scene scene;
  bool announced = false;
  scene.probe.on_reach = [&](const std::string& reached) {
    if (reached == "wipe:copies-proven") announced = true;
  };
  scene.faulty.on_call = [&](const std::string& call) {
    const auto text = read_file(scene.state_file());
    if (announced && call == "create_container" && text.find("\"leaving\"") != std::string::npos)
      throw Crash{"wipe"};
  };
  CHECK_THROWS_AS(scene.start(), Crash);
  scene.faulty.on_call = {};
  CHECK(version_of(scene.data(), ".") == 15);
  scene.engine.start_container("shop-db-1");
  add_order(scene);
  CHECK(error_of([&] { scene.resume(); }) == kRanAgain);
  scene.roll_back();
  CHECK(has_order(scene));
  CHECK(scene.container("db").info.running());
}

TEST_CASE("no mark of an emptied directory is left in the new cluster") {
  for (const int major : {17, 18}) {
    Scene scene({.new_major = major});
    scene.start();
    for (const auto& [path, node] : scene.data()) CHECK(path.find("pgupgrade") == std::string::npos);
  }
}

TEST_CASE("an emptied volume on which an old server ran all the same gets its backup back") {
  Scene scene;
  scene.die_at("wipe:emptied");
  scene.data().erase("pgupgrade-unfinished");
  scene.engine.start_container("shop-db-1");  // finds nothing and initialises an empty cluster
  CHECK(error_of([&] { scene.resume(); }) == kRanAgain);
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("a rollback does not put the backup back under a running stranger") {
  Scene scene;
  scene.die_at("wipe:emptied");
  const std::string stranger = scene.engine.create_container(
      {.name = "stranger",
       .image = "shop/web:3",
       .mounts = {{.kind = MountKind::volume, .source = "shop_dbdata", .target = "/x"}}});
  scene.engine.start_container(stranger);
  CHECK(error_of([&] { scene.roll_back(); }) ==
        "E-VOLUME-IN-USE: cannot bring the old data back into volume shop_dbdata: it is in use by "
        "stranger (running)");
  scene.engine.remove_container(stranger);
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("a running stranger on the volume stops the wipe") {
  Scene scene;
  scene.die_at("verify-dump:after-done");
  const std::string stranger = scene.engine.create_container(
      {.name = "stranger",
       .image = "shop/web:3",
       .mounts = {{.kind = MountKind::volume, .source = "shop_dbdata", .target = "/x"}}});
  scene.engine.start_container(stranger);
  CHECK(error_of([&] { scene.resume(); }) ==
        "E-VOLUME-IN-USE: cannot continue with volume shop_dbdata: it is in use by stranger (running)");
  CHECK(scene.wrong_at_crash() == "");
  scene.engine.remove_container(stranger);
  scene.resume();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a running stranger on the volume stops the dump and the start as well") {
  for (const char* place : {"dump:after-record", "restore:before-record", "start:after-record"}) {
    INFO(place);
    Scene scene;
    std::string stranger;
    scene.probe.on_reach = [&](const std::string& reached) {
      if (reached != place || !stranger.empty()) return;
      stranger = scene.engine.create_container(
          {.name = "stranger",
           .image = "shop/web:3",
           .mounts = {
               {.kind = MountKind::volume, .source = "shop_dbdata", .target = "/x", .read_only = true}}});
      scene.engine.start_container(stranger);
    };
    CHECK(error_of([&] { scene.start(); }) ==
          "E-VOLUME-IN-USE: cannot continue with volume shop_dbdata: it is in use by stranger (running)");
    scene.engine.remove_container(stranger);
    scene.resume();
    CHECK(scene.wrong_after_success() == "");
  }
}

TEST_CASE("an old server that took orders and stopped again is noticed by the run that it happened under") {
  for (const char* place :
       {"backup:before-record", "dump:before-record", "wipe:before-record", "wipe:copies-proven"}) {
    INFO(place);
    Scene scene;
    bool done = false;
    scene.probe.on_reach = [&](const std::string& reached) {
      if (reached != place || done) return;
      done = true;
      scene.engine.start_container("shop-db-1");
      add_order(scene);
      scene.engine.stop_container("shop-db-1", {});
    };
    CHECK(error_of([&] { scene.start(); }) == kRanAgain);
    CHECK(has_order(scene));
    scene.roll_back();
    CHECK(has_order(scene));
    CHECK(scene.container("db").info.running());
  }
}

TEST_CASE("a client that was started meanwhile is stopped again by a resume") {
  Scene scene;
  scene.die_at("backup:after-done");
  scene.engine.frozen.clear();  // nobody forbids it to the user
  scene.engine.start_container("shop-web-1");
  scene.resume();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a client that is gone is told and does not stop the run") {
  Scene scene;
  scene.engine.remove_container("shop-tool-1");
  for (ClientFacts& client : scene.plan.clients)
    if (client.service == "web")
      client.container_id = "unknown";  // Compose has replaced it: found by its name
  scene.start();
  std::vector<std::string> warnings;
  for (const auto& [severity, text] : scene.listener.messages) {
    if (severity == Severity::warning && text.find("rehearsed") == std::string::npos)
      warnings.push_back(text);
  }
  CHECK(warnings ==
        std::vector<std::string>{"container shop-tool-1 (depends on db) is gone; it was not started again"});
  CHECK(scene.container("web").info.running());
}

TEST_CASE("a dump that was damaged is found before the old data goes") {
  Scene scene;
  scene.die_at("verify-dump:after-done");
  scene.engine.volume("pgupgrade-0a1b2c3d-db-dump").tree.at("db-3/3001.dat").content += "x";
  CHECK(error_of([&] { scene.resume(); }) ==
        "E-DUMP-DAMAGED: the dump of service \"db\" is unusable: file db-3/3001.dat has changed since it was "
        "written");
  CHECK(version_of(scene.data(), ".") == 15);
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("a backup that was damaged is found before the old data goes") {
  Scene scene;
  scene.die_at("verify-dump:after-done");
  const auto archive = scene.run_directory() / "backup" / "db.tar.zst";
  std::string bytes = read_file(archive);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_file_durably(archive, bytes);
  CHECK_THAT(error_of([&] { scene.resume(); }), ContainsSubstring("E-BACKUP-DAMAGED: "));
  CHECK(version_of(scene.data(), ".") == 15);
  CHECK(read_cluster(scene.data(), ".")->same_content(scene.original[0]));
}

TEST_CASE("content that differs in the new cluster is never called a success") {
  Scene scene;
  scene.die_at("refresh:after-done");
  auto cluster = read_cluster(scene.data(), ".");
  cluster->databases.at("shop").tables.at("public.customers").pop_back();
  cluster->roles.erase("reader");
  write_cluster(scene.data(), ".", *cluster, scene.engine.now());
  CHECK(error_of([&] { scene.resume(); }) ==
        "E-DIFFERENCE: the new cluster of service \"db\" differs from the old one: database \"shop\": "
        "table public.customers has 1 rows, expected 2; role reader is missing");
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("a postgresql.conf that was torn while it was placed gets all its settings by a resume") {
  Scene scene;
  scene.plan.targets[0].inventory.settings.push_back(
      {.name = "port", .value = "5433", .file = scene.plan.targets[0].inventory.config_file});
  scene.die_at("configure:files-placed");
  std::string& text = scene.data().at("postgresql.conf").content;
  const std::string whole = text;
  const std::size_t at = text.find("max_connections = '250'\n");
  REQUIRE(at != std::string::npos);
  text.resize(at + std::string("max_connections = '250'\n").size());
  REQUIRE(text != whole);
  scene.resume();
  CHECK(scene.data().at("postgresql.conf").content == whole);
  CHECK(scene.wrong_after_success() == "");
}

}  // namespace pgupgrade::test
