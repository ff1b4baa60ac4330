// How clients are stopped: all are told first, and each is waited for within its own grace period.
#include <fmt/format.h>

#include <algorithm>

#include "support/catch.hpp"
#include "support/world/scene.hpp"

namespace pgupgrade::test {
namespace {

bool is_client(const Scene& scene, const std::string& container) {
  for (const ClientFacts& client : scene.plan.clients)
    if (client.container_id == container || client.container_name == container) return true;
  return false;
}

}  // namespace

TEST_CASE("all clients are told to stop before the first of them is waited for") {
  Scene scene;
  std::size_t told = 0;
  std::size_t told_when_first_ended = 0;
  scene.probe.on_reach = [&](const std::string& place) {
    if (place == "freeze:one-told") told = 1;
    if (place != "freeze:one-stopped") return;
    for (const auto& [id, container] : scene.engine.containers)
      if (is_client(scene, id) && (container.stopping || !container.info.running())) ++told_when_first_ended;
  };
  scene.start();
  REQUIRE(scene.plan.clients.size() >= 2);
  CHECK(told == 1);
  CHECK(told_when_first_ended == scene.plan.clients.size());
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a client that does not listen is killed when its own grace period has ended") {
  Scene scene;
  REQUIRE(scene.plan.clients.size() >= 2);
  const ClientFacts& deaf = *std::find_if(scene.plan.clients.begin(), scene.plan.clients.end(),
                                          [](const ClientFacts& client) { return client.running; });
  scene.engine.deaf.insert(deaf.container_name);
  scene.engine.at(deaf.container_name).info.stop_timeout = std::chrono::seconds(3);
  for (const ClientFacts& client : scene.plan.clients)
    if (client.container_name != deaf.container_name)
      scene.engine.at(client.container_name).info.stop_timeout = std::chrono::hours(1);
  std::chrono::milliseconds begun{0};
  std::chrono::milliseconds ended{0};
  scene.probe.on_reach = [&](const std::string& place) {
    if (place == "freeze:logins-recorded") begun = scene.clock.monotonic();
    if (place == "freeze:after-action") ended = scene.clock.monotonic();
  };
  scene.start();
  CHECK(ended - begun >= std::chrono::seconds(3));
  CHECK(ended - begun < std::chrono::seconds(4));  // of the simulated clock
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("clients that do not listen take as long as the slowest of them") {
  Scene scene;
  int grace = 3;
  for (const ClientFacts& client : scene.plan.clients) {
    if (!client.running) continue;
    scene.engine.deaf.insert(client.container_name);
    scene.engine.at(client.container_name).info.stop_timeout = std::chrono::seconds(grace);
    grace += 4;
  }
  REQUIRE(grace == 11);  // of two: 3 and 7 seconds
  std::chrono::milliseconds begun{0};
  std::chrono::milliseconds ended{0};
  scene.probe.on_reach = [&](const std::string& place) {
    if (place == "freeze:logins-recorded") begun = scene.clock.monotonic();
    if (place == "freeze:after-action") ended = scene.clock.monotonic();
  };
  scene.start();
  CHECK(ended - begun >= std::chrono::seconds(7));
  CHECK(ended - begun < std::chrono::seconds(8));
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a client that takes no signal is stopped after all others have been told") {
  Scene scene;
  std::string paused;
  for (const ClientFacts& client : scene.plan.clients)
    if (client.running) paused = client.container_name;  // the last of the plan is the first to be stopped
  scene.probe.on_reach = [&](const std::string& place) {
    if (place == "freeze:logins-recorded")
      scene.engine.at(paused).info.status = docker::ContainerStatus::paused;
    if (place != "freeze:one-stopped") return;
    CHECK(scene.engine.at(paused).info.running());
  };
  scene.start();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a client with the network of the old server's container is made again, forward and back") {
  Scene scene;
  const std::string old = scene.container("db").info.id;
  scene.container("web").info.network_mode = "container:" + old;
  const std::string before = scene.container("web").info.id;
  scene.start();
  CHECK(scene.container("web").info.id != before);
  CHECK(scene.wrong_after_success() == "");
  scene.container("web").info.network_mode = "container:" + scene.container("db").info.id;
  scene.roll_back();
  CHECK(scene.container("web").info.running());
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("a stranger with the network of the old server's container is named") {
  Scene scene;
  scene.plan.clients.front().project = "another";
  const std::string name = scene.plan.clients.front().container_name;
  scene.engine.at(name).info.network_mode = "container:" + scene.container("db").info.id;
  scene.start();
  CHECK(std::count(scene.listener.codes.begin(), scene.listener.codes.end(), "W-CLIENT-NETWORK") == 1);
  CHECK(scene.container("db").info.running());
}

}  // namespace pgupgrade::test
