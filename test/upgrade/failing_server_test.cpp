// Servers that fail, and what is told of it: what a work server says in its own log, and its clients are not
// told; what a service's own new server says.
#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

constexpr const char* kFull = "could not write to file \"pg_wal/xlogtemp.29\": No space left on device";

// At `place` the server says it, and dies.
std::string error_of_panic(const std::string& place, const std::string& server) {
  Scene scene;
  scene.probe.on_reach = [&](const std::string& reached) {
    if (reached != place) return;
    scene.engine.at("pgupgrade-0a1b2c3d-db-" + server).err +=
        std::string("2026-01-01 00:00:00.000 UTC [29] LOG:  checkpoint starting: immediate\n") +
        "2026-01-01 00:00:00.000 UTC [29] PANIC:  " + kFull + "\n";
    scene.engine.kill("pgupgrade-0a1b2c3d-db-" + server);
  };
  return error_of([&] { scene.start(); });
}

}  // namespace

TEST_CASE("a failed restore tells what its server said") {
  CHECK(error_of_panic("restore:globals-restored", "new-server") ==
        std::string(
            "E-RESTORE: could not restore database \"template1\": pg_restore exited with 2: connection to "
            "server on socket failed; server log: PANIC:  ") +
            kFull);
}

TEST_CASE("a failed dump tells what its server said") {
  CHECK_THAT(error_of_panic("dump:members-out", "old-server"),
             ContainsSubstring(std::string("; server log: PANIC:  ") + kFull));
}

TEST_CASE("a new server that ends and is started again and again is told long before patience ends") {
  Scene scene;
  std::chrono::milliseconds begun{0};
  scene.probe.on_reach = [&](const std::string& reached) {
    if (reached != "start:after-record") return;
    scene.engine.images.at(scene.engine.tags.at("postgres:17")).major = 18;
    begun = scene.clock.monotonic();
  };
  CHECK_THAT(error_of([&] { scene.start(); }),
             ContainsSubstring("E-START: could not start service \"db\" on postgres:17: it keeps restarting; "
                               "last log lines: FATAL:  database files are incompatible with server 18"));
  CHECK(scene.clock.monotonic() - begun < std::chrono::minutes(1));
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

}  // namespace pgupgrade::test
