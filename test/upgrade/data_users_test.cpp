#include "upgrade/data/data_users.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

Mount bind_of(const std::filesystem::path& path) {
  return {.kind = MountKind::bind, .source = path.string(), .target = "/x"};
}

Mount volume_of(const std::string& name) {
  return {.kind = MountKind::volume, .source = name, .target = "/x"};
}

// A local volume that is a directory of the host.
void add_bound_volume(SimulatedEngine& engine, const std::string& name, const std::filesystem::path& device,
                      const std::string& options = "bind") {
  engine.create_volume({.name = name});
  engine.volumes.at(name).info.driver_options = {
      {"type", "none"}, {"o", options}, {"device", device.string()}};
}

}  // namespace

TEST_CASE("a directory is reached by itself, from above and below, and by other paths") {
  const TemporaryDirectory root;
  const std::filesystem::path data = root / "shop/pgdata";
  std::filesystem::create_directories(data / "base");
  std::filesystem::create_directories(root / "shop/pgdata2");
  std::filesystem::create_directory_symlink(root / "shop", root / "alias");
  SimulatedClock clock;
  SimulatedEngine engine(clock);
  add_bound_volume(engine, "same", data);
  add_bound_volume(engine, "above", root / "alias", "ro,bind");
  add_bound_volume(engine, "beside", root / "shop/pgdata2");
  engine.create_volume({.name = "plain"});
  engine.volumes.at("plain").info.mount_point = "/var/lib/engine/volumes/plain/_data";

  for (const Mount& own : {bind_of(data), bind_of(root / "alias/pgdata"), volume_of("same")}) {
    upgrade::DataReach reach(engine, own);
    INFO(own.source);
    CHECK(reach.reached_by(bind_of(data)));
    CHECK(reach.reached_by(bind_of(data.string() + "/")));
    CHECK(reach.reached_by(bind_of(root / "shop")));
    CHECK(reach.reached_by(bind_of(data / "base")));
    CHECK(reach.reached_by(bind_of(root / "alias/pgdata/base")));
    CHECK(reach.reached_by(volume_of("same")));
    CHECK(reach.reached_by(volume_of("above")));
    CHECK_FALSE(reach.reached_by(volume_of("beside")));
    CHECK_FALSE(reach.reached_by(volume_of("plain")));
    CHECK_FALSE(reach.reached_by(volume_of("gone")));
    CHECK_FALSE(reach.reached_by(bind_of(root / "shop/pgdata2")));
    CHECK_FALSE(reach.reached_by(bind_of("/")));  // what watches the whole host
    CHECK_FALSE(reach.reached_by({.kind = MountKind::tmpfs, .source = "", .target = "/x"}));
  }
}

TEST_CASE(
    "a volume is reached by its name and by its directory, not by what watches the engine's directory") {
  SimulatedClock clock;
  SimulatedEngine engine(clock);
  engine.create_volume({.name = "pgdata"});
  engine.volumes.at("pgdata").info.mount_point = "/var/lib/engine/volumes/pgdata/_data";
  upgrade::DataReach reach(engine, volume_of("pgdata"));
  CHECK(reach.reached_by(volume_of("pgdata")));
  CHECK(reach.reached_by(bind_of("/var/lib/engine/volumes/pgdata/_data")));
  CHECK(reach.reached_by(bind_of("/var/lib/engine/volumes/pgdata/_data/base")));
  CHECK(reach.reached_by(bind_of("/var/lib/engine/volumes/pgdata")));
  CHECK_FALSE(reach.reached_by(bind_of("/var/lib/engine/volumes")));
  CHECK_FALSE(reach.reached_by(bind_of("/var/lib/engine")));
  CHECK_FALSE(reach.reached_by(bind_of("/var/lib/engine/volumes/other/_data")));
  CHECK_FALSE(reach.reached_by(volume_of("other")));
}

TEST_CASE("a container that mounts the data by another name and starts after the plan stops the run") {
  for (const std::string place : {"stop-old:after-done", "dump:before-record", "wipe:before-record"}) {
    Scene scene;
    scene.engine.volumes.at("shop_dbdata").info.mount_point = "/engine/volumes/shop_dbdata/_data";
    bool started = false;
    scene.probe.on_reach = [&](const std::string& reached) {
      if (reached != place || started) return;
      started = true;
      docker::ContainerSpec spec{.name = "stranger", .image = "postgres:15"};
      spec.entrypoint = {"sleep"};
      spec.mounts = {bind_of("/engine/volumes/shop_dbdata")};
      const std::string id = scene.engine.create_container(spec);
      scene.engine.at(id).info.status = docker::ContainerStatus::running;
    };
    INFO(place);
    const std::string error = error_of([&] { scene.start(); });
    CHECK(error.starts_with("E-VOLUME-IN-USE: "));
    CHECK_THAT(error, ContainsSubstring("stranger (running)"));
    CHECK(started);
    scene.probe.on_reach = {};
    scene.engine.remove_container("stranger");
    CHECK(scene.roll_back().outcome == RunOutcome::rolled_back);
    CHECK(scene.wrong_after_rollback() == "");
  }
}

}  // namespace pgupgrade::test
