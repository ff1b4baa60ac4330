#include "pgupgrade/upgrade/observe/reach_server.hpp"

#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

upgrade::ReachedServer reach(Scene& scene, const Request& request, const std::string& database) {
  upgrade::World world = scene.world();
  return upgrade::reach_server(request, database, "odd name", world);
}

std::string refusal(Scene& scene, const Request& request, const std::string& database = "shop") {
  return error_of([&] { reach(scene, request, database); });
}

}  // namespace

TEST_CASE(
    "the server of a service is reached by its address, as its superuser, with the password that fits") {
  Scene scene;
  const auto reached = reach(scene, scene.request(), "");
  CHECK(reached.called == "service \"db\" of project shop");
  CHECK(reached.container == "shop-db-1");
  CHECK(reached.image == "postgres:15");
  CHECK(reached.endpoint.name == reached.called);
  CHECK(reached.endpoint.parameters == std::map<std::string, std::string>{{"host", "172.20.0.10"},
                                                                          {"hostaddr", "172.20.0.10"},
                                                                          {"port", "5432"},
                                                                          {"user", "postgres"},
                                                                          {"dbname", "shop"}});
  CHECK(reached.endpoint.password.reveal() == "sesame-old");
}

TEST_CASE("the server of a container is reached likewise") {
  Scene scene({.plain = true});
  const auto reached = reach(scene, scene.request(), "shop");
  CHECK(reached.called == "container db");
  CHECK(reached.container == "db");
  CHECK(reached.endpoint.value("host") == "172.20.0.10");
  CHECK(reached.endpoint.password.reveal() == "sesame-old");
}

TEST_CASE("an image whose tag was moved since is named by its id") {
  Scene scene;
  SimulatedImage other;
  other.info.id = "sha256:newer";
  scene.engine.add_image("postgres:15", other);
  CHECK(reach(scene, scene.request(), "shop").image == "sha256:postgres15");
}

TEST_CASE("what cannot be reached is told by its name") {
  Scene scene;
  Request request = scene.request();
  request.services = {"nowhere"};
  CHECK(refusal(scene, request) == "E-UNKNOWN-SERVICE: could not find service \"nowhere\" in project shop");
  request.services = {"db", "web"};
  CHECK(refusal(scene, request) == "E-SEVERAL-SERVICES: cannot use several services: one server is meant");
  request.services = {"web"};
  scene.container("web").info.networks = scene.container("db").info.networks;
  CHECK_THAT(
      refusal(scene, request),
      ContainsSubstring("E-NO-SERVER: could not reach the server of service \"web\" of project shop: "));
  request = scene.request();
  CHECK(refusal(scene, request, "missing") ==
        "E-UNKNOWN-DATABASE: could not find database \"missing\" in service \"db\" of project shop");
  upgrade::World world = scene.world();
  CHECK(error_of([&] { upgrade::reach_server(request, "", "", world); }) ==
        "E-USAGE: cannot choose between the databases of service \"db\" of project shop");
  scene.engine.stop_container("shop-db-1", {});
  CHECK(refusal(scene, request) ==
        "E-NOT-RUNNING: service \"db\" of project shop is not running, so nothing can be rehearsed in its "
        "server");
  request.container = "nowhere";
  CHECK(refusal(scene, request) == "E-NO-CONTAINER: could not find a container \"nowhere\"");
}

TEST_CASE("a container without an address of its own, and one on which an upgrade works, are refused") {
  Scene scene;
  scene.container("db").info.network_mode = "container:other";
  scene.container("db").info.networks.clear();
  CHECK(refusal(scene, scene.request()) ==
        "E-UNREACHABLE: cannot reach service \"db\" of project shop: its container has no address of its own "
        "(network container:other)");
  Scene upgraded;
  upgraded.die_at("start:healthy");
  CHECK_THAT(refusal(upgraded, upgraded.request()), ContainsSubstring("E-LOCKED: "));
}

}  // namespace pgupgrade::test
