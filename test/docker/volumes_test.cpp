#include <boost/json.hpp>
#include <map>
#include <string>

#include "docker/scripted_engine.hpp"
#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"
#include "support/socket_server.hpp"

using namespace pgupgrade;
using namespace pgupgrade::docker;
using test::ReceivedRequest;

namespace {

const std::string kVolume = R"({"Name": "shop_data", "Driver": "local", "Mountpoint": "/v/shop_data/_data",
  "CreatedAt": "2024-05-01T10:00:00Z", "Options": {"type": "none"}, "Labels": {"a": "b"}, "Scope": "local"})";

void require_is_the_volume(const VolumeInfo& volume) {
  REQUIRE(volume.name == "shop_data");
  REQUIRE(volume.driver == "local");
  REQUIRE(volume.mount_point == "/v/shop_data/_data");
  REQUIRE(volume.created_at == "2024-05-01T10:00:00Z");
  REQUIRE(volume.driver_options == std::map<std::string, std::string>{{"type", "none"}});
  REQUIRE(volume.labels == std::map<std::string, std::string>{{"a", "b"}});
}

}  // namespace

TEST_CASE("a volume is read with its labels and options") {
  ScriptedEngine engine({.handler = [](const ReceivedRequest&) { return test::answer(200, kVolume); }});
  require_is_the_volume(engine->inspect_volume("shop_data").value());
  REQUIRE(engine.requests().at(0).target == "/v1.44/volumes/shop_data");
}

TEST_CASE("volumes are listed by label and there may be none") {
  bool any = true;
  ScriptedEngine engine({.handler = [&](const ReceivedRequest&) {
    return test::answer(200,
                        any ? "{\"Volumes\":[" + kVolume + "],\"Warnings\":null}" : "{\"Volumes\":null}");
  }});
  const auto volumes = engine->list_volumes({{"a", "b"}});
  REQUIRE(volumes.size() == 1);
  require_is_the_volume(volumes[0]);
  REQUIRE(engine.requests().at(0).target == "/v1.44/volumes?filters=%7B%22label%22%3A%5B%22a%3Db%22%5D%7D");
  any = false;
  REQUIRE(engine->list_volumes({}).empty());
}

TEST_CASE("a volume is created with its driver options and labels") {
  ScriptedEngine engine({.handler = [](const ReceivedRequest&) { return test::answer(201, kVolume); }});
  engine->create_volume({.name = "shop_data", .driver_options = {{"o", "bind"}}, .labels = {{"run", "r1"}}});
  REQUIRE(engine.requests().at(0).target == "/v1.44/volumes/create");
  REQUIRE(boost::json::parse(engine.requests().at(0).body) ==
          boost::json::parse(
              R"({"Name":"shop_data","Driver":"local","DriverOpts":{"o":"bind"},"Labels":{"run":"r1"}})"));
}

TEST_CASE("a volume that is absent is nothing and needs no removal") {
  ScriptedEngine engine(
      {.handler = [](const ReceivedRequest&) { return test::answer(404, R"({"message":"no"})"); }});
  REQUIRE_FALSE(engine->inspect_volume("v").has_value());
  engine->remove_volume("v");
  REQUIRE(engine.requests().at(1).method == "DELETE");
}

TEST_CASE("the information of the engine is read") {
  ScriptedEngine engine({.handler = [](const ReceivedRequest&) {
    return test::answer(200, R"({"ID": "AB:CD", "ServerVersion": "28.5.2", "DockerRootDir": "/var/lib/docker",
      "OperatingSystem": "Debian GNU/Linux 12", "NCPU": 4, "MemTotal": 8000000000,
      "SecurityOptions": ["name=seccomp,profile=builtin", "name=rootless", "name=cgroupns"]})");
  }});
  const EngineInfo info = engine->info();
  REQUIRE(info.id == "AB:CD");
  REQUIRE(info.version == "28.5.2");
  REQUIRE(info.api_version == "1.44");
  REQUIRE(info.root_directory == "/var/lib/docker");
  REQUIRE(info.operating_system == "Debian GNU/Linux 12");
  REQUIRE(info.processors == 4);
  REQUIRE(info.memory_bytes == 8000000000);
  REQUIRE(info.rootless);
  REQUIRE_FALSE(info.user_namespaces);
}

TEST_CASE("the older of the two newest versions of the API is spoken") {
  for (const auto& [theirs, ours] : std::map<std::string, std::string>{
           {"1.40", "1.40"}, {"1.41", "1.41"}, {"1.47", "1.47"}, {"1.51", "1.47"}, {"2.0", "1.47"}}) {
    ScriptedEngine engine(
        {.handler = [](const ReceivedRequest&) { return test::answer(404, "{}"); }, .api_version = theirs});
    engine->inspect_volume("v");
    REQUIRE(engine.requests().at(0).target == "/v" + ours + "/volumes/v");
  }
}

TEST_CASE("an engine that is too old or is none is refused") {
  const auto message = [](const test::Reply& reply) -> std::string {
    const test::SocketServer server([&](const ReceivedRequest&) { return reply; });
    Cancellation cancellation;
    try {
      HttpEngine(Transport(server.socket(), cancellation, std::make_shared<PausedClock>()), {});
    } catch (const Error& error) {
      std::string text = error.code() + ": " + error.what();
      return text.replace(text.find(server.socket().string()), server.socket().string().size(), "SOCKET");
    }
    return "no error";
  };
  REQUIRE(message(test::answer(200, "OK", "Api-Version: 1.39\r\n")) ==
          "E-ENGINE-OLD: cannot use the Docker Engine at SOCKET: its API is 1.39, and 1.40 is needed");
  for (const std::string header :
       {"", "Api-Version: new\r\n", "Api-Version: 1.\r\n", "Api-Version: 1.4x\r\n"}) {
    REQUIRE(
        message(test::answer(200, "OK", header)) ==
        "E-ENGINE: could not reach the Docker Engine: what answers at SOCKET names no version of its API");
  }
}
