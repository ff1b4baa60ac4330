// Volumes.
#include <algorithm>

#include "support/catch.hpp"
#include "support/contract/contract.hpp"

namespace pgupgrade::test {
namespace {

std::vector<std::string> names(Trial& trial, const std::map<std::string, std::string>& labels) {
  std::vector<std::string> found;
  for (const auto& volume : trial.engine.list_volumes(labels)) found.push_back(volume.name);
  std::sort(found.begin(), found.end());
  return found;
}

void as_specified(Trial& trial) {
  const std::string name = trial.name("data");
  auto labels = trial.labels();
  labels["colour"] = "red";
  trial.engine.create_volume({.name = name, .driver = {}, .driver_options = {}, .labels = labels});
  const auto info = trial.engine.inspect_volume(name);
  REQUIRE(info);
  CHECK(info->name == name);
  CHECK(info->driver == "local");
  CHECK(info->driver_options.empty());
  CHECK(info->labels == labels);
  CHECK(info->created_at != "");
}

void twice(Trial& trial) {
  const Mount data = trial.volume("data", "/data");
  const auto before = trial.engine.inspect_volume(data.source);
  const std::string id = trial.create("one", {"cat", "/data/file"}, {data});
  Tree tree = empty_tree();
  put_file(tree, "file", "still there", 0600, 0, 0, 1'600'000'000);
  trial.put(id, "/data", tree);
  trial.volume("data", "/data");
  const auto after = trial.engine.inspect_volume(data.source);
  REQUIRE(before);
  REQUIRE(after);
  CHECK(after->created_at == before->created_at);
  CHECK(after->labels == before->labels);
  trial.engine.start_container(id);
  CHECK(trial.end_of(id) == 0);
}

void in_use(Trial& trial) {
  const Mount data = trial.volume("data", "/data");
  const std::string id = trial.create("one", {"true"}, {data});
  CHECK(Trial::refusal([&] { trial.engine.remove_volume(data.source); }) == "E-ENGINE-CONFLICT");
  trial.engine.start_container(id);
  trial.end_of(id);
  CHECK(Trial::refusal([&] { trial.engine.remove_volume(data.source); }) == "E-ENGINE-CONFLICT");
  CHECK(trial.engine.inspect_volume(data.source));
  trial.engine.remove_container(id);
  CHECK(Trial::refusal([&] { trial.engine.remove_volume(data.source); }) == "");
  CHECK_FALSE(trial.engine.inspect_volume(data.source));
}

void made_by_a_container(Trial& trial) {
  const std::string name = trial.name("data");
  const std::string id =
      trial.create("one", {"true"}, {{.kind = MountKind::volume, .source = name, .target = "/data"}});
  const auto info = trial.engine.inspect_volume(name);
  REQUIRE(info);
  CHECK(info->labels.empty());
  trial.engine.remove_container(id);
  CHECK(trial.engine.inspect_volume(name));
}

void anonymous(Trial& trial) {
  const auto image = trial.engine.inspect_image(trial.image);
  REQUIRE(image);
  REQUIRE(image->volumes.size() == 1);
  const std::string id = trial.create("one", {"true"});
  const auto mounts = trial.look(id).mounts;
  REQUIRE(mounts.size() == 1);
  CHECK(mounts[0].kind == MountKind::volume);
  CHECK(mounts[0].target == image->volumes[0]);
  CHECK(trial.engine.inspect_volume(mounts[0].source));
  trial.engine.remove_container(id);
  CHECK_FALSE(trial.engine.inspect_volume(mounts[0].source));
}

void no_anonymous(Trial& trial) {
  const auto image = trial.engine.inspect_image(trial.image);
  REQUIRE(image);
  const Mount data = trial.volume("data", image->volumes.at(0));
  CHECK(trial.look(trial.create("one", {"true"}, {data})).mounts == std::vector{data});
}

void lists(Trial& trial) {
  auto labels = trial.labels();
  labels["colour"] = "red";
  trial.engine.create_volume(
      {.name = trial.name("red"), .driver = {}, .driver_options = {}, .labels = labels});
  trial.volume("plain", "/data");
  CHECK(names(trial, trial.labels()) == std::vector{trial.name("plain"), trial.name("red")});
  CHECK(names(trial, labels) == std::vector{trial.name("red")});
  labels["colour"] = "";
  CHECK(names(trial, labels) == std::vector{trial.name("red")});
  labels["colour"] = "blue";
  CHECK(names(trial, labels).empty());
}

}  // namespace

const std::vector<ContractCase>& volume_contract() {
  static const std::vector<ContractCase> cases = {
      {"a volume is as it was specified", as_specified},
      {"a volume that is created once more stays as it was", twice},
      {"a volume is not removed while a container refers to it, whether it runs or not", in_use},
      {"a mount makes the volume that is not there, and leaves it behind", made_by_a_container},
      {"a volume of the image's is made for the container, and goes with it", anonymous},
      {"no volume is made where another is mounted", no_anonymous},
      {"volumes are listed by labels and their values", lists},
  };
  return cases;
}

}  // namespace pgupgrade::test
