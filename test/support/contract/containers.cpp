// Containers: what there is of them before they run, what they are called, and how they are found.
#include <algorithm>

#include "support/catch.hpp"
#include "support/contract/contract.hpp"

namespace pgupgrade::test {
namespace {

using docker::ContainerStatus;

void absent_things(Trial& trial) {
  const std::string nobody = trial.name("nobody");
  CHECK_FALSE(trial.engine.inspect_container(nobody));
  CHECK_FALSE(trial.engine.inspect_container(""));
  CHECK_FALSE(trial.engine.inspect_volume(nobody));
  CHECK_FALSE(trial.engine.inspect_image("pgupgrade-contract/nothing:1"));
  CHECK(Trial::refusal([&] { trial.engine.remove_container(nobody); }) == "");
  CHECK(Trial::refusal([&] { trial.engine.remove_volume(nobody); }) == "");
  CHECK(Trial::refusal([&] { trial.engine.start_container(nobody); }) == "E-ENGINE");
  CHECK(Trial::refusal([&] { trial.engine.stop_container(nobody, std::chrono::seconds(1)); }) == "E-ENGINE");
  CHECK(Trial::refusal([&] { trial.engine.signal_container(nobody, "SIGTERM"); }) == "E-ENGINE");
  CHECK(Trial::refusal([&] { trial.engine.wait_container(nobody, std::chrono::seconds(1)); }) == "E-ENGINE");
  CHECK(Trial::refusal([&] { trial.engine.set_restart_policy(nobody, {}); }) == "E-ENGINE");
  CHECK(Trial::refusal([&] { trial.engine.container_logs(nobody, {}, {}); }) == "E-ENGINE");
  CHECK(Trial::refusal([&] { trial.engine.exec(nobody, {"true"}, ""); }) == "E-ENGINE");
  CHECK(Trial::refusal([&] { trial.get(nobody, "/"); }) == "E-ENGINE");
  CHECK(Trial::refusal([&] { trial.put(nobody, "/", empty_tree()); }) == "E-ENGINE");
}

void not_started(Trial& trial) {
  const std::string id = trial.create("one", {"true"});
  const auto info = trial.look(id);
  CHECK(info.status == ContainerStatus::created);
  CHECK_FALSE(info.running());
  CHECK_FALSE(info.exit_code);
  CHECK(Trial::refusal([&] { trial.engine.wait_container(id, std::chrono::seconds(1)); }) == "E-ENGINE");
  CHECK(Trial::refusal([&] { trial.engine.stop_container(id, std::chrono::seconds(1)); }) == "");
  CHECK(Trial::refusal([&] { trial.engine.signal_container(id, "SIGTERM"); }) == "");
  CHECK(trial.look(id).status == ContainerStatus::created);
}

void as_specified(Trial& trial) {
  auto spec = trial.spec("one", {"cat", "/etc/hostname"});
  spec.environment = {"PGDATA=/somewhere", "OTHER=a=b"};
  spec.mounts = {trial.volume("data", "/data")};
  spec.mounts[0].read_only = true;
  spec.user = "999:999";
  spec.shm_bytes = 128 << 20;
  const auto info = trial.look(trial.engine.create_container(spec));
  CHECK(info.name == spec.name);
  CHECK(info.image_reference == trial.image);
  CHECK(info.image_id == trial.engine.inspect_image(trial.image)->id);
  CHECK(info.entrypoint == std::vector<std::string>{"cat"});
  CHECK(info.command == std::vector<std::string>{"/etc/hostname"});
  CHECK(info.user == "999:999");
  CHECK(info.shm_bytes == 128 << 20);
  CHECK(info.restart == RestartPolicy{});
  CHECK(info.health == "");
  CHECK(info.network_mode == "none");
  CHECK_FALSE(info.tty);
  CHECK_FALSE(info.auto_remove);
  for (const auto& [name, value] : trial.labels()) CHECK(info.labels.at(name) == value);
  CHECK(std::count(info.mounts.begin(), info.mounts.end(), spec.mounts[0]) == 1);
}

// What the other one was asked for with is asked for again; what its image gave it comes from the new image.
void like_another(Trial& trial) {
  auto spec = trial.spec("one", {"true"});
  spec.environment = {"OTHER=a=b", "PGDATA=/somewhere"};
  spec.mounts = {trial.volume("data", "/data")};
  spec.user = "999:999";
  const auto one = trial.look(trial.engine.create_container(spec));
  const std::string name = trial.name("like");
  const std::string id = trial.engine.create_like(
      one.id, name,
      {.image = one.image_id, .environment = {{"PGDATA", "/else"}}, .mount_targets = {{"/data", "/moved"}}});
  const auto like = trial.look(id);
  CHECK(like.name == name);
  CHECK(like.id != one.id);
  CHECK(like.image_id == one.image_id);
  CHECK(like.status == ContainerStatus::created);
  CHECK(like.entrypoint == one.entrypoint);
  CHECK(like.labels == one.labels);
  CHECK(like.user == one.user);
  CHECK(like.network_mode == one.network_mode);
  const auto count = [](const std::vector<std::string>& lines, const std::string& line) {
    return std::count(lines.begin(), lines.end(), line);
  };
  CHECK(count(like.environment, "OTHER=a=b") == 1);
  CHECK(count(like.environment, "PGDATA=/else") == 1);
  CHECK(count(like.environment, "PGDATA=/somewhere") == 0);
  CHECK(like.environment.size() == one.environment.size());
  Mount moved = spec.mounts[0];
  moved.target = "/moved";
  CHECK(std::count(like.mounts.begin(), like.mounts.end(), moved) == 1);
  CHECK(like.mounts.size() == one.mounts.size());
}

void described(Trial& trial) {
  auto spec = trial.spec("one", {"true"});
  spec.mounts = {trial.volume("data", "/data")};
  const auto one = trial.look(trial.engine.create_container(spec));
  const std::string line =
      trial.engine.run_line(one.id, "pg", {.image = "postgres:99", .mount_targets = {{"/data", "/moved"}}});
  CHECK(line.starts_with("docker run --detach --name pg "));
  CHECK(line.find("postgres:99") != std::string::npos);
  CHECK(line.find(spec.mounts[0].source) != std::string::npos);
  CHECK(line.find("/moved") != std::string::npos);
  CHECK(line.find(":/data") == std::string::npos);
  CHECK(line.find("=/data") == std::string::npos);
}

void renamed(Trial& trial) {
  const std::string one = trial.create("one", {"true"});
  const std::string other = trial.create("other", {"true"});
  const std::string name = trial.name("renamed");
  CHECK(Trial::refusal([&] { trial.engine.rename_container(one, trial.look(other).name); }) ==
        "E-ENGINE-CONFLICT");
  trial.engine.rename_container(one, name);
  CHECK(trial.look(name).id == one);
}

// A variable of the container's replaces the image's of that name; the image's others stay.
void environment(Trial& trial) {
  auto spec = trial.spec("one", {"true"});
  spec.environment = {"PGDATA=/somewhere", "OTHER=a=b"};
  const auto own = trial.look(trial.engine.create_container(spec)).environment;
  const auto with_name = [&](const std::string& name) {
    std::vector<std::string> lines;
    for (const std::string& line : own)
      if (line.starts_with(name + "=")) lines.push_back(line);
    return lines;
  };
  CHECK(with_name("PGDATA") == std::vector<std::string>{"PGDATA=/somewhere"});
  CHECK(with_name("OTHER") == std::vector<std::string>{"OTHER=a=b"});
  const auto image = trial.engine.inspect_image(trial.image);
  REQUIRE(image);
  for (const std::string& line : image->environment)
    if (!line.starts_with("PGDATA=")) CHECK(std::count(own.begin(), own.end(), line) == 1);
}

void own_entrypoint(Trial& trial) {
  const auto image = trial.engine.inspect_image(trial.image);
  REQUIRE(image);
  auto spec = trial.spec("image", {"true"});
  spec.entrypoint.clear();
  const auto as_image = trial.look(trial.engine.create_container(spec));
  CHECK(as_image.entrypoint == image->entrypoint);
  CHECK(as_image.command == image->command);
  spec = trial.spec("command", {"true"});
  spec.entrypoint.clear();
  spec.command = {"postgres", "--version"};
  const auto with_command = trial.look(trial.engine.create_container(spec));
  CHECK(with_command.entrypoint == image->entrypoint);
  CHECK(with_command.command == spec.command);
  const auto without = trial.look(trial.create("entrypoint", {"true"}));
  CHECK(without.entrypoint == std::vector<std::string>{"true"});
  CHECK(without.command.empty());
}

void one_name(Trial& trial) {
  const std::string first = trial.create("one", {"true"});
  CHECK(Trial::refusal([&] { trial.create("one", {"sleep", "600"}); }) == "E-ENGINE-CONFLICT");
  CHECK(trial.look(trial.name("one")).id == first);
  trial.engine.remove_container(first);
  const std::string second = trial.create("one", {"true"});
  CHECK(second != first);
  CHECK(trial.look(trial.name("one")).id == second);
}

void no_image(Trial& trial) {
  auto spec = trial.spec("one", {"true"});
  spec.image = "pgupgrade-contract/nothing:1";
  CHECK(Trial::refusal([&] { trial.engine.create_container(spec); }) == "E-ENGINE");
  CHECK_FALSE(trial.engine.inspect_container(spec.name));
}

void images(Trial& trial) {
  const auto image = trial.engine.inspect_image(trial.image);
  REQUIRE(image);
  CHECK(image->id.starts_with("sha256:"));
  CHECK_FALSE(image->volumes.empty());
  const auto by_id = trial.engine.inspect_image(image->id);
  REQUIRE(by_id);
  CHECK(by_id->id == image->id);
  CHECK(by_id->environment == image->environment);
  auto spec = trial.spec("one", {"true"});
  spec.image = image->id;
  CHECK(trial.look(trial.engine.create_container(spec)).image_id == image->id);
}

void no_such_pull(Trial& trial) {
  CHECK(Trial::refusal([&] { trial.engine.pull_image("127.0.0.1:9/pgupgrade-contract/nothing:1", {}); }) ==
        "E-PULL");
}

std::vector<std::string> ids(Trial& trial, const docker::ContainerFilter& filter) {
  std::vector<std::string> found;
  for (const auto& container : trial.engine.list_containers(filter)) found.push_back(container.id);
  std::sort(found.begin(), found.end());
  return found;
}

void lists_by_label(Trial& trial) {
  auto spec = trial.spec("one", {"true"});
  spec.labels["colour"] = trial.name("red");
  const std::string one = trial.engine.create_container(spec);
  const std::string two = trial.create("two", {"true"});
  const auto all = trial.labels();
  std::vector<std::string> both = {one, two};
  std::sort(both.begin(), both.end());
  CHECK(ids(trial, {.labels = all}) == both);
  auto with_colour = all;
  with_colour["colour"] = spec.labels["colour"];
  CHECK(ids(trial, {.labels = with_colour}) == std::vector{one});
  with_colour["colour"] = "";  // whatever its value
  CHECK(ids(trial, {.labels = with_colour}) == std::vector{one});
  with_colour["colour"] = "blue";
  CHECK(ids(trial, {.labels = with_colour}).empty());
}

void lists_by_name(Trial& trial) {
  const std::string one = trial.create("one", {"true"});
  trial.create("one-more", {"true"});
  CHECK(ids(trial, {.name = trial.name("one")}) == std::vector{one});
  CHECK(ids(trial, {.name = trial.name("on")}).empty());
}

void lists_by_volume(Trial& trial) {
  const Mount data = trial.volume("data", "/mine");
  const std::string one = trial.create("one", {"true"}, {data});
  trial.create("two", {"true"}, {trial.volume("data-more", "/mine")});
  CHECK(ids(trial, {.volume = data.source}) == std::vector{one});
  auto labels = trial.labels();
  CHECK(ids(trial, {.labels = labels, .volume = "/mine"}).size() == 2);
  CHECK(ids(trial, {.labels = labels, .volume = "/other"}).empty());
}

void what_lists_tell(Trial& trial) {
  trial.create("created", {"true"});
  const std::string ended = trial.start("ended", {"true"});
  trial.end_of(ended);
  trial.start_sleeper("running");
  std::map<std::string, std::string> states;
  for (const auto& container : trial.engine.list_containers({.labels = trial.labels()})) {
    states[container.name] = container.state;
    CHECK(container.image == trial.image);
    CHECK(container.labels.at("pgupgrade.contract") == trial.labels().at("pgupgrade.contract"));
  }
  CHECK(states == std::map<std::string, std::string>{{trial.name("created"), "created"},
                                                     {trial.name("ended"), "exited"},
                                                     {trial.name("running"), "running"}});
}

// On the host's loopback, as long as it runs.
void published_port(Trial& trial) {
  auto spec = trial.spec("one", {"sleep", "600"});
  spec.network = "bridge";
  spec.published_port = 5432;
  const std::string id = trial.engine.create_container(spec);
  CHECK(trial.look(id).network_mode == "bridge");
  CHECK(trial.look(id).loopback_port == 0);
  trial.engine.start_container(id);
  CHECK(trial.look(id).loopback_port > 1023);
  trial.engine.signal_container(id, "SIGKILL");
  trial.engine.wait_container(id, std::chrono::seconds(10));
  CHECK(trial.look(id).loopback_port == 0);
}

void same_engine(Trial& trial) {
  const auto info = trial.engine.info();
  CHECK(info.id != "");
  CHECK(trial.engine.info().id == info.id);
}

}  // namespace

const std::vector<ContractCase>& container_contract() {
  static const std::vector<ContractCase> cases = {
      {"what is not there is nothing, its removal is done, and all else with it is refused", absent_things},
      {"a container that was never started has no exit code and is not waited for", not_started},
      {"a container is as it was specified", as_specified},
      {"a container's own variables replace those of the image", environment},
      {"a container that is made like another one has what that was asked for, but for the changes",
       like_another},
      {"a container is told as the docker run line that it amounts to, with the changes", described},
      {"a container is renamed, unless the name is in use", renamed},
      {"an entrypoint of its own leaves nothing of the image's command", own_entrypoint},
      {"a name belongs to the container that was created first, until it is removed", one_name},
      {"no container is made of an image that is not there", no_image},
      {"an image is the same by its id and by its reference", images},
      {"an image that no registry has is not pulled", no_such_pull},
      {"containers are listed by labels and their values", lists_by_label},
      {"containers are listed by their whole name", lists_by_name},
      {"containers are listed by a volume, or by where they mount one", lists_by_volume},
      {"a list holds the containers that do not run as well, and says so", what_lists_tell},
      {"a published port is a port of the host's loopback while the container runs", published_port},
      {"an engine tells who it is", same_engine},
  };
  return cases;
}

}  // namespace pgupgrade::test
