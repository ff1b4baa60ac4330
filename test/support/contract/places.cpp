// What a copy of a running server, and old and new data that change places, rely on.
#include <filesystem>

#include "pgupgrade/backup/archive.hpp"
#include "support/catch.hpp"
#include "support/contract/contract.hpp"
#include "upgrade/data/exchange_program.hpp"

namespace pgupgrade::test {
namespace {

void other_network(Trial& trial) {
  const std::string first = trial.start_sleeper("first");
  docker::ContainerSpec spec = trial.spec("second", {"sleep", "600"});
  spec.network = "container:" + first;
  const std::string second = trial.engine.create_container(spec);
  trial.engine.start_container(second);
  CHECK(trial.look(second).network_mode == "container:" + first);
  trial.engine.signal_container(first, "SIGKILL");
  trial.end_of(first);
  CHECK(trial.look(second).running());

  docker::ContainerSpec late = trial.spec("third", {"sleep", "600"});
  late.network = "container:" + first;
  const std::string third = trial.engine.create_container(late);
  CHECK(Trial::refusal([&] { trial.engine.start_container(third); }) == "E-ENGINE-CONFLICT");
}

std::string content(Trial& trial, const std::string& what, const Mount& mount) {
  const std::string id = trial.start(what, {"cat", mount.target + "/part/file"}, {mount});
  CHECK(trial.end_of(id) == 0);
  return trial.output(id, "\n");
}

void fill(Trial& trial, const std::string& what, const Mount& mount, const std::string& text) {
  Tree tree = empty_tree();
  put_file(tree, "part/file", text + "\n", 0600, 0, 0, 1'600'000'000);
  trial.put(trial.create(what, {"true"}, {mount}), mount.target, tree);
}

void change_places(Trial& trial) {
  const Mount one = trial.volume("one", "/data");
  const Mount two = trial.volume("two", "/data");
  fill(trial, "fill-one", one, "first");
  fill(trial, "fill-two", two, "second");
  const std::filesystem::path place = trial.engine.inspect_volume(one.source)->mount_point;
  const Mount both{
      .kind = MountKind::bind, .source = place.parent_path().parent_path().string(), .target = "/both"};
  const std::string id = trial.create(
      "exchange",
      {"/pgupgrade-exchange", "/both/" + one.source + "/_data/part", "/both/" + two.source + "/_data/part"},
      {both});
  const std::string tar = backup::tar_of(
      {{.path = "pgupgrade-exchange", .content = std::string(upgrade::exchange_program()), .mode = 0755}});
  std::size_t at = 0;
  trial.engine.put_archive(id, "/", [&](char* buffer, std::size_t limit) {
    const std::size_t length = tar.copy(buffer, limit, at);
    at += length;
    return length;
  });
  trial.engine.start_container(id);
  CHECK(trial.end_of(id) == 0);
  CHECK(content(trial, "see-one", one) == "second\n");
  CHECK(content(trial, "see-two", two) == "first\n");
}

void directory_of_volume(Trial& trial) {
  const Mount data = trial.volume("data", "/data");
  fill(trial, "fill", data, "text");
  const std::string place = trial.engine.inspect_volume(data.source)->mount_point;
  const Mount part{.kind = MountKind::bind, .source = place + "/part", .target = "/elsewhere"};
  const std::string id = trial.start("see", {"cat", "/elsewhere/file"}, {part});
  CHECK(trial.end_of(id) == 0);
  CHECK(trial.output(id, "\n") == "text\n");
}

}  // namespace

const std::vector<ContractCase>& place_contract() {
  static const std::vector<ContractCase> cases = {
      {"a container joins the network of one that runs, and of no other, and outlives it", other_network},
      {"two directories of volumes change places, and who starts afterwards sees it", change_places},
      {"a directory of a volume is mounted by its path on the host", directory_of_volume},
  };
  return cases;
}

}  // namespace pgupgrade::test
