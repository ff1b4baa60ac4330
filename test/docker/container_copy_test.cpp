#include "docker/container_copy.hpp"

#include <boost/json.hpp>

#include "docker/scripted_engine.hpp"
#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::docker;

namespace {

const std::string kImage = R"({"Id": "sha256:17", "Config": {
  "Env": ["PATH=/usr/lib/postgresql/17/bin", "PG_MAJOR=17", "PGDATA=/var/lib/postgresql/data"],
  "Cmd": ["postgres"], "Entrypoint": ["docker-entrypoint.sh"], "StopSignal": "SIGINT", "User": "", "WorkingDir": "/",
  "ExposedPorts": {"5432/tcp": {}}, "Volumes": {"/var/lib/postgresql/data": {}}, "Labels": {"maker": "us"}}})";

const std::string kContainer = R"({
  "Id": "94c095ee113c64446b13", "Name": "/shop-db-1", "Image": "sha256:17",
  "Config": {
    "Hostname": "94c095ee113c", "Domainname": "", "User": "", "Tty": false, "WorkingDir": "/",
    "Env": ["POSTGRES_PASSWORD=p", "PATH=/usr/lib/postgresql/17/bin", "PG_MAJOR=17", "PGDATA=/data/17"],
    "Cmd": ["postgres", "-c", "work_mem=8MB"], "Entrypoint": ["docker-entrypoint.sh"], "Image": "postgres:17",
    "ExposedPorts": {"5432/tcp": {}, "9187/tcp": {}}, "Volumes": {"/var/lib/postgresql/data": {}}, "OnBuild": null,
    "Healthcheck": {"Test": ["CMD", "pg_isready"]}, "StopSignal": "SIGINT",
    "Labels": {"maker": "us", "com.docker.compose.service": "db"}},
  "HostConfig": {
    "Binds": ["shop_data:/data:rw", "/etc/ssl:/ssl:ro"], "NetworkMode": "shop_default", "ContainerIDFile": "",
    "Mounts": [{"Type": "bind", "Source": "/srv/init", "Target": "/init"}],
    "PortBindings": {"5432/tcp": [{"HostIp": "127.0.0.1", "HostPort": "5433"}]}, "Memory": 536870912,
    "RestartPolicy": {"Name": "always", "MaximumRetryCount": 0}, "VolumesFrom": null, "ShmSize": 268435456},
  "Mounts": [{"Type": "volume", "Name": "shop_data", "Destination": "/data", "RW": true},
             {"Type": "bind", "Source": "/etc/ssl", "Destination": "/ssl", "RW": false},
             {"Type": "bind", "Source": "/srv/init", "Destination": "/init", "RW": true},
             {"Type": "volume", "Name": "0a1b", "Destination": "/var/lib/postgresql/data", "RW": true}],
  "NetworkSettings": {"Networks": {
    "shop_back": {"IPAMConfig": null, "Links": null, "Aliases": ["db"], "IPAddress": "172.19.0.2"},
    "shop_default": {"IPAMConfig": {"IPv4Address": "172.18.0.9"}, "Aliases": ["shop-db-1", "db", "94c095ee113c"],
                     "MacAddress": "6a:f4:fc:2d:b7:37", "IPAddress": "172.18.0.9"}}}})";

boost::json::value body_of(const std::string& container,
                           const ContainerChanges& changes = {.image = "sha256:15"}) {
  return boost::json::parse(encode_copy(container, kImage, changes).body);
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

}  // namespace

TEST_CASE("a container is made as its user asked for it, and not as its image was") {
  const CopyRequest copy = encode_copy(
      kContainer, kImage,
      {.image = "sha256:15", .environment = {{"PGDATA", "/data/15"}}, .mount_targets = {{"/data", "/old"}}});
  CHECK(boost::json::parse(copy.body) == boost::json::parse(R"({
    "Domainname": "", "Tty": false, "Image": "sha256:15", "Env": ["POSTGRES_PASSWORD=p", "PGDATA=/data/15"],
    "Cmd": ["postgres", "-c", "work_mem=8MB"], "ExposedPorts": {"9187/tcp": {}}, "Volumes": {},
    "Healthcheck": {"Test": ["CMD", "pg_isready"]}, "Labels": {"com.docker.compose.service": "db"},
    "HostConfig": {
      "Binds": ["shop_data:/old:rw", "/etc/ssl:/ssl:ro"], "NetworkMode": "shop_default",
      "Mounts": [{"Type": "bind", "Source": "/srv/init", "Target": "/init"},
                 {"Type": "volume", "Source": "0a1b", "Target": "/var/lib/postgresql/data", "ReadOnly": false}],
      "PortBindings": {"5432/tcp": [{"HostIp": "127.0.0.1", "HostPort": "5433"}]}, "Memory": 536870912,
      "RestartPolicy": {"Name": "always", "MaximumRetryCount": 0}, "ShmSize": 268435456},
    "NetworkingConfig": {"EndpointsConfig": {
      "shop_default": {"IPAMConfig": {"IPv4Address": "172.18.0.9"}, "Aliases": ["shop-db-1", "db"]}}}})"));
  REQUIRE(copy.networks.size() == 1);
  CHECK(copy.networks[0].first == "shop_back");
  CHECK(boost::json::parse(encode_connection(copy.networks[0].second, "4f")) ==
        boost::json::parse(R"({"Container": "4f", "EndpointConfig": {"Aliases": ["db"]}})"));
}

TEST_CASE("a command beside an entrypoint of the container's own stays, though it is the image's too") {
  const auto body =
      body_of(replaced(replaced(kContainer, R"(["postgres", "-c", "work_mem=8MB"])", R"(["postgres"])"),
                       R"("Entrypoint": ["docker-entrypoint.sh"])", R"("Entrypoint": ["/mine.sh"])"));
  CHECK(body.at("Cmd") == boost::json::parse(R"(["postgres"])"));
  CHECK(body.at("Entrypoint") == boost::json::parse(R"(["/mine.sh"])"));
}

TEST_CASE("a mount is moved, however its path was written") {
  const auto body = body_of(replaced(kContainer, "shop_data:/data:rw", "shop_data:/data/:rw"),
                            {.image = "sha256:15", .mount_targets = {{"/data", "/old"}}});
  CHECK(body.at("HostConfig").at("Binds").at(0) == "shop_data:/old:rw");
  CHECK(body.at("HostConfig").at("Mounts").as_array().size() == 2);
}

TEST_CASE("a hostname of the container's own stays, but for where it has no network of its own") {
  const std::string named = replaced(kContainer, R"("Hostname": "94c095ee113c")", R"("Hostname": "shop")");
  CHECK(body_of(named).at("Hostname") == "shop");
  for (const char* mode : {"host", "none", "container:4e"}) {
    const auto body = body_of(replaced(named, R"("NetworkMode": "shop_default")",
                                       "\"NetworkMode\": \"" + std::string(mode) + "\""));
    CHECK_FALSE(body.as_object().contains("Hostname"));
    CHECK_FALSE(body.as_object().contains("NetworkingConfig"));
  }
}

TEST_CASE("a container is made like another one by its id and its image's") {
  ScriptedEngine engine({.handler = [](const test::ReceivedRequest& request) {
    if (request.target == "/v1.44/containers/shop-db-1/json") return test::answer(200, kContainer);
    if (request.target == "/v1.44/images/sha256%3A17/json") return test::answer(200, kImage);
    if (request.target == "/v1.44/networks/shop_back/connect") return test::answer(200, "");
    return test::answer(201, R"({"Id":"4f","Warnings":[]})");
  }});
  CHECK(engine->create_like("shop-db-1", "shop-db-1-r1", {.image = "sha256:15"}) == "4f");
  const auto requests = engine.requests();
  REQUIRE(requests.size() == 4);
  CHECK(requests[2].target == "/v1.44/containers/create?name=shop-db-1-r1");
  CHECK(requests[3].target == "/v1.44/networks/shop_back/connect");
  CHECK(boost::json::parse(requests[3].body).at("Container") == "4f");
}

TEST_CASE("a container is renamed, and what the engine says against it is told") {
  ScriptedEngine engine({.handler = [](const test::ReceivedRequest& request) {
    if (request.target == "/v1.44/containers/4f/rename?name=shop-db-1") return test::answer(204, "");
    return test::answer(409, R"({"message":"the name is in use"})");
  }});
  engine->rename_container("4f", "shop-db-1");
  try {
    engine->rename_container("4f", "other");
    FAIL("it was renamed");
  } catch (const Error& error) {
    CHECK(error.is("E-ENGINE-CONFLICT"));
    CHECK_THAT(error.what(),
               ContainsSubstring("could not rename container \"4f\" to other: the name is in use"));
  }
}
