// Damage to what replaces the old data, found while the run stands still.
#include <filesystem>
#include <functional>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

namespace fs = std::filesystem;

// Every way in which a backup can be of no use.
struct Way {
  const char* name;
  std::function<void(const fs::path& backup)> damage;
};

void flip_in_the_middle(const fs::path& path) {
  std::string bytes = read_file(path);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_file_durably(path, bytes);
}

const std::vector<Way> kWays = {
    {"archive flipped", [](const fs::path& backup) { flip_in_the_middle(backup / "db.tar.zst"); }},
    {"archive cut", [](const fs::path& backup) { fs::resize_file(backup / "db.tar.zst", 100); }},
    {"archive gone", [](const fs::path& backup) { fs::remove(backup / "db.tar.zst"); }},
    {"manifest flipped", [](const fs::path& backup) { flip_in_the_middle(backup / "db.manifest.json"); }},
    {"manifest gone", [](const fs::path& backup) { fs::remove(backup / "db.manifest.json"); }},
};

}  // namespace

TEST_CASE("a rollback leaves the old data that was never emptied when its backup is damaged") {
  for (const Way& way : kWays) {
    for (const char* place : {"dump:server-started", "verify-dump:after-done", "wipe:after-record"}) {
      INFO(way.name << " at " << place);
      Scene scene;
      scene.die_at(place);
      way.damage(scene.run_directory() / "backup");
      if (place != std::string("dump:server-started"))
        CHECK_THAT(error_of([&] { scene.resume(); }), ContainsSubstring("E-BACKUP-DAMAGED: "));
      scene.roll_back();
      CHECK(scene.container("db").info.running());
      CHECK(read_cluster(scene.data(), ".")->same_content(scene.original[0]));
      CHECK_THAT(scene.listener.messages.back().second,
                 ContainsSubstring("volume shop_dbdata was never emptied and is left as it is"));
    }
  }
}

TEST_CASE("a rollback to a damaged backup is refused before it changes anything and the dump leads on") {
  for (const Way& way : kWays) {
    for (const char* place : {"wipe:emptied", "start-new:after-done", "start:before-record"}) {
      INFO(way.name << " at " << place);
      Scene scene;
      scene.die_at(place);
      way.damage(scene.run_directory() / "backup");
      const Tree before = scene.data();
      CHECK_THAT(error_of([&] { scene.roll_back(); }), ContainsSubstring("E-BACKUP-DAMAGED: "));
      CHECK(scene.data() == before);
      CHECK(scene.engine.volumes.contains("pgupgrade-0a1b2c3d-db-dump"));
      const RunState state = upgrade::Journal::open_file(scene.state_file()).state();
      CHECK(state.direction == Direction::forward);
      CHECK_THAT(upgrade::data_state(state),
                 ContainsSubstring("the old data (PostgreSQL 15) is in the verified dump"));
      scene.resume();
      CHECK(scene.wrong_after_success() == "");
    }
  }
}

TEST_CASE("a backup that is intact again leads back") {
  Scene scene;
  scene.die_at("restore:after-done");
  const fs::path archive = scene.run_directory() / "backup" / "db.tar.zst";
  const std::string intact = read_file(archive);
  flip_in_the_middle(archive);
  CHECK_THAT(error_of([&] { scene.roll_back(); }), ContainsSubstring("E-BACKUP-DAMAGED: "));
  write_file_durably(archive, intact);
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("saved configuration that was damaged is found before the old data goes and before it is placed") {
  for (const char* place : {"verify-dump:after-done", "restore:after-done"}) {
    Scene scene;
    scene.die_at(place);
    write_file_durably(upgrade::RunFiles{.directory = scene.run_directory()}.carried("db") / "pg_hba.conf",
                       "host all all all trust\n");
    CHECK_THAT(error_of([&] { scene.resume(); }),
               ContainsSubstring("E-DUMP-DAMAGED: the saved configuration of service \"db\" is unusable: ") &&
                   ContainsSubstring("pg_hba.conf has changed since it was written"));
    scene.roll_back();
    CHECK(scene.wrong_after_rollback() == "");
  }
}

TEST_CASE("a dump that was damaged after the old data had gone is not restored") {
  Scene scene;
  scene.die_at("wipe:after-done");
  scene.engine.volume("pgupgrade-0a1b2c3d-db-dump").tree.at("db-3/3001.dat").content += "x";
  CHECK_THAT(error_of([&] { scene.resume(); }), ContainsSubstring("E-DUMP-DAMAGED: "));
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

}  // namespace pgupgrade::test
