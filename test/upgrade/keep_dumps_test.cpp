// --keep-dumps: what the dump step made stays for the user, for pg_restore, until a cleanup after a success.
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/cluster/dump_files.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

namespace fs = std::filesystem;

unsigned mode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

fs::path kept(const Scene& scene) {
  return scene.root / "dumps" / "pgupgrade-0a1b2c3d-dumps" / "db";
}

std::string wrong_with_kept(const Scene& scene) {
  const auto record = upgrade::parse_dump_record(read_file(scene.run_directory() / "dump-db.json"));
  std::string wrong;
  std::size_t files = 0;
  for (const auto& [file, digest] : record.digests) {
    fs::path path = file;
    for (const auto& database : record.databases)
      if (file.starts_with(database.directory + "/"))
        path = (database.name == "odd name" ? "odd%20name" : database.name) + ".dump" +
               file.substr(database.directory.size());
    if (!fs::exists(kept(scene) / path) || sha256_hex_of_file(kept(scene) / path) != digest)
      wrong += path.string() + " is not as it was dumped\n";
    else if (mode_of(kept(scene) / path) != 0600)
      wrong += path.string() + " may be read by others\n";
    ++files;
  }
  for (const auto& entry : fs::recursive_directory_iterator(scene.root / "dumps")) {
    if (entry.is_directory() && mode_of(entry.path()) != 0700) wrong += entry.path().string() + " is open\n";
    if (entry.is_regular_file()) --files;
  }
  return wrong + (files == 0 ? "" : "there are other files\n");
}

}  // namespace

TEST_CASE("dumps are kept by service and database, for their owner alone") {
  Scene scene({.keep_dumps = true});
  const auto report = scene.start();
  CHECK(scene.wrong_after_success() == "");
  CHECK(report.targets[0].kept_dumps == kept(scene).string());
  CHECK(wrong_with_kept(scene) == "");
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(kept(scene)))
    names.insert(entry.path().filename().string());
  CHECK(names == std::set<std::string>{"globals.sql", "odd%20name.dump", "postgres.dump", "shop.dump",
                                       "template1.dump"});
}

TEST_CASE("a copy of the dumps that was cut off is made anew") {
  for (const char* place : {"keep-dumps:after-record", "keep-dumps:streaming", "keep-dumps:copied",
                            "keep-dumps:kept", "keep-dumps:before-done"}) {
    Scene scene({.keep_dumps = true});
    scene.die_at(place);
    INFO(place);
    CHECK(scene.wrong_at_crash() == "");
    scene.resume();
    CHECK(scene.wrong_after_success() == "");
    CHECK(wrong_with_kept(scene) == "");
  }
}

TEST_CASE("cleanup removes kept dumps after a success, and says what they hold") {
  Scene scene({.keep_dumps = true});
  scene.start();
  auto world = scene.world();
  const auto planned = upgrade::plan_cleanup(scene.state_file(), world);
  CHECK(std::any_of(planned.removed.begin(), planned.removed.end(), [](const std::string& line) {
    return line.find("the dumps of --keep-dumps with all data and password verifiers") != std::string::npos;
  }));
  CHECK(planned.kept.empty());
  upgrade::clean_up(scene.state_file(), world);
  CHECK(fs::exists(scene.root / "dumps"));
  CHECK(fs::is_empty(scene.root / "dumps"));
}

TEST_CASE("a rollback keeps the dumps that are whole, and cleanup after it says so") {
  Scene scene({.keep_dumps = true});
  scene.die_at("restore:after-record");
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
  CHECK(wrong_with_kept(scene) == "");
  auto world = scene.world();
  for (int time = 0; time < 2; ++time) {
    const auto done = upgrade::clean_up(scene.state_file(), world);
    REQUIRE(done.kept.size() == 1);
    CHECK(done.kept[0].starts_with(kept(scene).parent_path().string() + ", the dumps of --keep-dumps"));
    CHECK(fs::exists(kept(scene) / "globals.sql"));
  }
}

TEST_CASE("a rollback takes a copy of the dumps away that was not whole") {
  Scene scene({.keep_dumps = true});
  scene.die_at("keep-dumps:copied");
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
  CHECK(fs::is_empty(kept(scene).parent_path()));
}

TEST_CASE("a copy of the dumps that does not come out as they were is refused before the wipe") {
  Scene scene({.keep_dumps = true});
  scene.probe.on_reach = [&](const std::string& place) {
    if (place == "keep-dumps:after-record")
      put_file(scene.engine.volume("pgupgrade-0a1b2c3d-db-dump").tree, "globals.sql", "other", 0600, 0, 0, 1);
  };
  CHECK(error_of([&] { scene.start(); }) ==
        "E-DUMP-DAMAGED: the dump of service \"db\" changed while it was copied");
  scene.probe.on_reach = {};
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

}  // namespace pgupgrade::test
