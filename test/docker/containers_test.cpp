#include <boost/json.hpp>
#include <string>
#include <vector>

#include "docker/scripted_engine.hpp"
#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"
#include "support/socket_server.hpp"

using namespace pgupgrade;
using namespace pgupgrade::docker;
using test::ReceivedRequest;

namespace {

std::string container_json(const std::string& state) {
  return R"({"Id":"4f","Name":"/db","Config":{"Tty":false},"HostConfig":{},"State":)" + state + "}";
}

const std::string kRunning = container_json(R"({"Status":"running","StartedAt":"2024-01-01T00:00:00Z"})");

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code() + ": " + error.what();
  }
  return "no error";
}

test::SocketServer::Handler always(test::Reply reply) {
  return [reply = std::move(reply)](const ReceivedRequest&) { return reply; };
}

}  // namespace

TEST_CASE("a container of ours is created isolated") {
  ScriptedEngine engine({.handler = always(test::answer(201, R"({"Id":"4f","Warnings":[]})"))});
  const ContainerSpec spec{.name = "pgupgrade-r1-dump",
                           .image = "postgres:17",
                           .entrypoint = {"pg_dump"},
                           .command = {"-Fd", "a b"},
                           .environment = {"LANG=C"},
                           .labels = {{"pgupgrade.run", "r1"}},
                           .user = "999:999",
                           .working_directory = "/dump",
                           .mounts = {{MountKind::volume, "data", "/data", true},
                                      {MountKind::bind, "/srv/x", "/x", false},
                                      {MountKind::tmpfs, "", "/run/pg", false}},
                           .shm_bytes = 268435456,
                           .stop_signal = "SIGINT",
                           .pid_namespace = "container:4e"};
  REQUIRE(engine->create_container(spec) == "4f");
  const ReceivedRequest request = engine.requests().at(0);
  REQUIRE(request.method == "POST");
  REQUIRE(request.target == "/v1.44/containers/create?name=pgupgrade-r1-dump");
  REQUIRE_THAT(request.head, ContainsSubstring("\r\nContent-Type: application/json\r\n"));
  REQUIRE(request.head.find("Expect:") == std::string::npos);
  REQUIRE(boost::json::parse(request.body) == boost::json::parse(R"({
    "Image": "postgres:17", "Tty": false, "Env": ["LANG=C"], "Labels": {"pgupgrade.run": "r1"},
    "Healthcheck": {"Test": ["NONE"]}, "Entrypoint": ["pg_dump"], "Cmd": ["-Fd", "a b"], "User": "999:999",
    "WorkingDir": "/dump", "StopSignal": "SIGINT",
    "HostConfig": {
      "NetworkMode": "none", "RestartPolicy": {"Name": "no"}, "LogConfig": {"Type": "json-file", "Config": {}},
      "ShmSize": 268435456, "PidMode": "container:4e",
      "Mounts": [{"Type": "volume", "Source": "data", "Target": "/data", "ReadOnly": true},
                 {"Type": "bind", "Source": "/srv/x", "Target": "/x", "ReadOnly": false},
                 {"Type": "tmpfs", "Target": "/run/pg"}]}})"));
}

TEST_CASE("a container of ours has the host's network where it is given that") {
  ScriptedEngine engine({.handler = always(test::answer(201, R"({"Id":"4f"})"))});
  engine->create_container({.name = "c", .image = "postgres:17", .network = "host"});
  CHECK(boost::json::parse(engine.requests().at(0).body).at("HostConfig").at("NetworkMode") == "host");
}

TEST_CASE("a port of a container of ours is published on the loopback alone") {
  ScriptedEngine engine({.handler = always(test::answer(201, R"({"Id":"4f"})"))});
  engine->create_container(
      {.name = "c", .image = "postgres:17", .network = "bridge", .published_port = 5432});
  const auto body = boost::json::parse(engine.requests().at(0).body);
  CHECK(body.at("HostConfig").at("NetworkMode") == "bridge");
  CHECK(body.at("HostConfig").at("PortBindings") ==
        boost::json::parse(R"({"5432/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]})"));
  CHECK(body.at("ExposedPorts") == boost::json::parse(R"({"5432/tcp": {}})"));
}

TEST_CASE("what a specification leaves out is left to the image") {
  ScriptedEngine engine({.handler = always(test::answer(201, R"({"Id":"4f"})"))});
  engine->create_container({.name = "c", .image = "postgres:17"});
  REQUIRE(boost::json::parse(engine.requests().at(0).body) == boost::json::parse(R"({
    "Image": "postgres:17", "Tty": false, "Env": [], "Labels": {}, "Healthcheck": {"Test": ["NONE"]},
    "HostConfig": {"NetworkMode": "none", "RestartPolicy": {"Name": "no"},
                   "LogConfig": {"Type": "json-file", "Config": {}}, "Mounts": []}})"));
}

TEST_CASE("a container is read with all that a clone of it needs") {
  ScriptedEngine engine({.handler = always(test::answer(200, R"({
    "Id": "4f", "Name": "/shop-db-1", "Image": "sha256:aa",
    "State": {"Status": "exited", "Running": false, "OOMKilled": true, "ExitCode": 137,
              "StartedAt": "2024-05-01T10:00:00Z", "Health": {"Status": "unhealthy"}},
    "Config": {"Image": "postgres:15", "Entrypoint": null, "Cmd": ["postgres"], "Env": ["A=b"], "User": "70",
               "StopTimeout": 90, "Tty": true, "Labels": {"com.docker.compose.service": "db"}},
    "HostConfig": {"ShmSize": 134217728, "NetworkMode": "shop_default", "AutoRemove": true,
                   "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 5}, "Tmpfs": {"/run": "", "/t": ""},
                   "Mounts": [{"Type": "bind", "Source": "/srv/init", "Target": "/docker-entrypoint-initdb.d"},
                              {"Type": "volume", "Source": "shop_data", "Target": "/var/lib/postgresql/data",
                               "VolumeOptions": {"Subpath": "db/15"}}]},
    "Mounts": [{"Type": "volume", "Name": "shop_data", "Source": "/var/lib/docker/volumes/shop_data/_data",
                "Destination": "/var/lib/postgresql/data", "RW": true},
               {"Type": "bind", "Source": "/srv/init", "Destination": "/docker-entrypoint-initdb.d", "RW": false},
               {"Type": "tmpfs", "Source": "", "Destination": "/t", "RW": true},
               {"Type": "image", "Source": "", "Destination": "/other", "RW": false}],
    "NetworkSettings": {"Networks": {"shop_default": {"IPAddress": "172.18.0.2", "GlobalIPv6Address": "fd00::2"},
                                     "shop_back": {"IPAddress": ""}},
                        "Ports": {"80/tcp": null, "81/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8081"}],
                                  "5432/tcp": [{"HostIp": "127.0.0.1", "HostPort": "49153"}]}}})"))});
  const ContainerInfo info = engine->inspect_container("shop-db-1").value();
  REQUIRE(engine.requests().at(0).target == "/v1.44/containers/shop-db-1/json");
  REQUIRE(info.id == "4f");
  REQUIRE(info.name == "shop-db-1");
  REQUIRE(info.image_reference == "postgres:15");
  REQUIRE(info.image_id == "sha256:aa");
  REQUIRE(info.status == ContainerStatus::exited);
  REQUIRE_FALSE(info.running());
  REQUIRE(info.exit_code == 137);
  REQUIRE(info.out_of_memory_killed);
  REQUIRE(info.started_at == "2024-05-01T10:00:00Z");
  REQUIRE(info.health == "unhealthy");
  REQUIRE(info.entrypoint.empty());
  REQUIRE(info.command == std::vector<std::string>{"postgres"});
  REQUIRE(info.environment == std::vector<std::string>{"A=b"});
  REQUIRE(info.labels == std::map<std::string, std::string>{{"com.docker.compose.service", "db"}});
  REQUIRE(info.user == "70");
  REQUIRE(info.mounts == std::vector<Mount>{
                             {MountKind::volume, "shop_data", "/var/lib/postgresql/data", false, "db/15"},
                             {MountKind::bind, "/srv/init", "/docker-entrypoint-initdb.d", true},
                             {MountKind::tmpfs, "", "/t", false},
                             {MountKind::tmpfs, "", "/run", false},
                         });
  REQUIRE(info.shm_bytes == 134217728);
  REQUIRE(info.restart == RestartPolicy{"on-failure", 5});
  REQUIRE(info.network_mode == "shop_default");
  REQUIRE(info.loopback_port == 49153);
  REQUIRE(info.networks.size() == 2);
  REQUIRE(info.networks[0].network == "shop_default");
  REQUIRE(info.networks[0].ip_address == "172.18.0.2");
  REQUIRE(info.networks[0].ip6_address == "fd00::2");
  REQUIRE(info.networks[1].network == "shop_back");
  REQUIRE(info.networks[1].ip_address.empty());
  REQUIRE(info.tty);
  REQUIRE(info.auto_remove);
  REQUIRE(info.stop_timeout == std::chrono::seconds(90));
}

TEST_CASE("a container that does not exist is nothing") {
  ScriptedEngine engine({.handler = always(test::answer(404, R"({"message":"No such container: db"})"))});
  REQUIRE_FALSE(engine->inspect_container("db").has_value());
  REQUIRE(message_of([&] { engine->start_container("db"); }) ==
          "E-ENGINE: could not start container \"db\": No such container: db (status 404)");
}

TEST_CASE("a state that is not known is not guessed") {
  ScriptedEngine engine({.handler = always(test::answer(200, container_json(R"({"Status":"asleep"})")))});
  REQUIRE(message_of([&] { engine->inspect_container("db"); }) ==
          "E-ENGINE: could not inspect container \"db\": the engine's answer is not understood: "
          "\"State.Status\": "
          "\"asleep\" is not a state of a container");
}

TEST_CASE("containers are listed by labels volume and exact name") {
  ScriptedEngine engine({.handler = always(test::answer(200, R"([
    {"Id": "1", "Names": ["/app/database", "/shop.db"], "Image": "postgres:15", "State": "exited",
     "Status": "Exited (0) 2 hours ago", "Labels": {"a": "b"}}])"))});
  const auto found =
      engine->list_containers({.labels = {{"a", "b"}, {"c", ""}}, .volume = "data", .name = "shop.db"});
  REQUIRE(found.size() == 1);
  REQUIRE(found[0].id == "1");
  REQUIRE(found[0].name == "shop.db");
  REQUIRE(found[0].image == "postgres:15");
  REQUIRE(found[0].state == "exited");
  REQUIRE(found[0].status == "Exited (0) 2 hours ago");
  REQUIRE(found[0].labels == std::map<std::string, std::string>{{"a", "b"}});
  // {"label":["a=b","c"],"volume":["data"],"name":["^/shop\\.db$"]}
  REQUIRE(engine.requests().at(0).target ==
          "/v1.44/containers/"
          "json?all=1&filters=%7B%22label%22%3A%5B%22a%3Db%22%2C%22c%22%5D%2C%22volume%22%3A%5B%22"
          "data%22%5D%2C%22name%22%3A%5B%22%5E%2Fshop%5C%5C.db%24%22%5D%7D");
}

TEST_CASE("starting and stopping what is so already is fine") {
  ScriptedEngine engine({.handler = always(test::answer(304, ""))});
  engine->start_container("db");
  engine->stop_container("db", std::chrono::seconds(90));
  REQUIRE(engine.requests().at(0).target == "/v1.44/containers/db/start");
  REQUIRE(engine.requests().at(1).target == "/v1.44/containers/db/stop?t=90");
}

TEST_CASE("a signal to a container that does not run is fine") {
  ScriptedEngine engine(
      {.handler = always(test::answer(409, R"({"message":"container 4f is not running"})"))});
  engine->signal_container("db", "SIGINT");
  REQUIRE(engine.requests().at(0).target == "/v1.44/containers/db/kill?signal=SIGINT");
}

TEST_CASE("the name of a container cannot leave its place in the path") {
  ScriptedEngine engine({.handler = always(test::answer(404, "{}"))});
  engine->inspect_container("a/b?c#d e");
  REQUIRE(engine.requests().at(0).target == "/v1.44/containers/a%2Fb%3Fc%23d%20e/json");
}

TEST_CASE("a restart policy has a count only where the engine takes one") {
  ScriptedEngine engine({.handler = always(test::answer(200, R"({"Warnings":null})"))});
  engine->set_restart_policy("db", {"on-failure", 3});
  engine->set_restart_policy("db", {"unless-stopped", 3});
  REQUIRE(engine.requests().at(0).target == "/v1.44/containers/db/update");
  REQUIRE(engine.requests().at(0).body == R"({"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":3}})");
  REQUIRE(engine.requests().at(1).body == R"({"RestartPolicy":{"Name":"unless-stopped"}})");
}

TEST_CASE("waiting returns the exit code of a container that ends") {
  ScriptedEngine engine({.handler = [](const ReceivedRequest& request) {
    return test::answer(200, request.method == "GET" ? kRunning : R"({"StatusCode":3,"Error":null})");
  }});
  REQUIRE(engine->wait_container("db", std::chrono::seconds(20)) == 3);
  REQUIRE(engine.requests().at(1).target == "/v1.44/containers/db/wait?condition=not-running");
}

TEST_CASE("an exit code that fits no int is an error and not cut to 0") {
  ScriptedEngine engine({.handler = [](const ReceivedRequest& request) {
    return test::answer(200, request.method == "GET" ? kRunning : R"({"StatusCode":4294967296})");
  }});
  REQUIRE_THAT(message_of([&] { engine->wait_container("db", std::chrono::seconds(20)); }),
               ContainsSubstring("\"StatusCode\": the number is too large"));
}

TEST_CASE("waiting for a container that has ended asks no further") {
  const std::string exited =
      container_json(R"({"Status":"exited","StartedAt":"2024-01-01T00:00:00Z","ExitCode":0})");
  ScriptedEngine engine({.handler = always(test::answer(200, exited))});
  REQUIRE(engine->wait_container("db", std::chrono::seconds(20)) == 0);
  REQUIRE(engine.requests().size() == 1);
}

TEST_CASE("a container that was never started has not ended with 0") {
  const std::string created =
      container_json(R"({"Status":"created","StartedAt":"0001-01-01T00:00:00Z","ExitCode":0})");
  ScriptedEngine engine({.handler = always(test::answer(200, created))});
  REQUIRE_FALSE(engine->inspect_container("db")->exit_code.has_value());
  REQUIRE(message_of([&] { engine->wait_container("db", std::chrono::seconds(20)); }) ==
          "E-ENGINE: could not wait for container \"db\": it was never started");
}

TEST_CASE("a container that outlasts the patience is nothing") {
  const auto clock = std::make_shared<PausedClock>();
  ScriptedEngine engine({.handler =
                             [&](const ReceivedRequest& request) {
                               return request.method == "GET" ? test::answer(200, kRunning) : silence(clock);
                             },
                         .clock = clock});
  REQUIRE_FALSE(engine->wait_container("db", kPatience).has_value());
  REQUIRE(engine.requests().size() == 2);
}

TEST_CASE("waiting without patience only asks for the state") {
  ScriptedEngine engine({.handler = always(test::answer(200, kRunning))});
  REQUIRE_FALSE(engine->wait_container("db", std::chrono::milliseconds(0)).has_value());
  REQUIRE(engine.requests().size() == 1);
}

TEST_CASE("an engine that could not wait is an error") {
  ScriptedEngine engine({.handler = [](const ReceivedRequest& request) {
    return test::answer(
        200, request.method == "GET" ? kRunning : R"({"StatusCode":0,"Error":{"Message":"removal failed"}})");
  }});
  REQUIRE(message_of([&] { engine->wait_container("db", std::chrono::seconds(20)); }) ==
          "E-ENGINE: could not wait for container \"db\": the engine's answer is not understood: the engine "
          "could not "
          "wait: removal failed");
}

TEST_CASE("a removal takes the anonymous volumes along and does not mind absence") {
  ScriptedEngine engine({.handler = always(test::answer(404, R"({"message":"No such container: db"})"))});
  engine->remove_container("db");
  REQUIRE(engine.requests().at(0).method == "DELETE");
  REQUIRE(engine.requests().at(0).target == "/v1.44/containers/db?force=1&v=1");
}

TEST_CASE("a removal that is under way already is waited for") {
  int looks = 0;
  ScriptedEngine engine({.handler = [&](const ReceivedRequest& request) {
    if (request.method == "DELETE")
      return test::answer(409, R"({"message":"removal is already in progress"})");
    if (++looks == 3) return test::answer(404, "{}");
    return test::answer(200, container_json(R"({"Status":"removing"})"));
  }});
  engine->remove_container("db");
  REQUIRE(looks == 3);
}

TEST_CASE("a removal that never comes to its end is an error") {
  ScriptedEngine engine({.handler = [&](const ReceivedRequest& request) {
    if (request.method == "DELETE")
      return test::answer(409, R"({"message":"removal is already in progress"})");
    return test::answer(200, container_json(R"({"Status":"removing"})"));
  }});
  REQUIRE(
      message_of([&] { engine->remove_container("db"); }) ==
      "E-ENGINE-CONFLICT: could not remove container \"db\": removal is already in progress (status 409)");
}
