// Archives into and out of containers.
#include <stdexcept>

#include "support/catch.hpp"
#include "support/contract/contract.hpp"

namespace pgupgrade::test {
namespace {

constexpr std::int64_t kThen = 1'600'000'000;

Tree sample() {
  Tree tree = {{".", {.kind = Node::Kind::directory, .mode = 0755}}};
  put_directory(tree, "inner", 0710, 999, 998, kThen);
  put_file(tree, "inner/a key", "secret", 0400, 12345, 54321, kThen + 1);
  put_file(tree, "empty", "", 0644, 0, 0, kThen + 2);
  tree["link"] = {.kind = Node::Kind::link,
                  .mode = 0777,
                  .uid = 999,
                  .gid = 999,
                  .mtime = kThen + 3,
                  .link = "inner/a key"};
  return tree;
}

// What lies below `top` in a tree that came out of a container.
Tree within(const Tree& tree, const std::string& top) {
  Tree inner = empty_tree();
  for (const std::string& path : below(tree, top)) inner[path.substr(top.size() + 1)] = tree.at(path);
  return inner;
}

void there_and_back(Trial& trial) {
  const std::string id = trial.create("one", {"true"}, {trial.volume("data", "/data")});
  trial.put(id, "/data", sample());
  CHECK(tree_differences(sample(), within(trial.get(id, "/data"), "data")) == "");
  const Tree one = trial.get(id, "/data/inner/a key");
  REQUIRE(one.contains("a key"));
  CHECK(one.at("a key") == sample().at("inner/a key"));
}

void through_another_container(Trial& trial) {
  const std::string writer = trial.create("writer", {"true"}, {trial.volume("data", "/data")});
  trial.put(writer, "/data", sample());
  trial.engine.remove_container(writer);
  const std::string reader =
      trial.start("reader", {"cat", "/other/inner/a key"}, {trial.volume("data", "/other")});
  CHECK(trial.end_of(reader) == 0);
  CHECK(trial.output(reader, "secret") == "secret");
  CHECK(trial.get(reader, "/other/inner/a key").contains("a key"));
}

void own_layer(Trial& trial) {
  const std::string one = trial.create("one", {"cat", "/etc/own"});
  const std::string two = trial.create("two", {"cat", "/etc/own"});
  Tree tree = empty_tree();
  put_file(tree, "etc/own", "of one", 0644, 0, 0, kThen);
  tree.at("etc").mode = 0755;
  trial.put(one, "/", tree);
  trial.engine.start_container(one);
  trial.engine.start_container(two);
  CHECK(trial.end_of(one) == 0);
  CHECK(trial.output(one, "of one") == "of one");
  CHECK(trial.end_of(two) == 1);
}

void no_such_place(Trial& trial) {
  const std::string id = trial.create("one", {"true"}, {trial.volume("data", "/data")});
  CHECK(Trial::refusal([&] { trial.get(id, "/data/nothing"); }) == "E-ENGINE");
  CHECK(Trial::refusal([&] { trial.put(id, "/data/nothing", sample()); }) == "E-ENGINE");
  trial.put(id, "/data", sample());
  CHECK(Trial::refusal([&] { trial.put(id, "/data/empty", sample()); }) == "E-ENGINE");
  CHECK(tree_differences(sample(), within(trial.get(id, "/data"), "data")) == "");
}

void read_only_mount(Trial& trial) {
  Mount data = trial.volume("data", "/data");
  data.read_only = true;
  const std::string id = trial.create("one", {"true"}, {data});
  CHECK(Trial::refusal([&] { trial.put(id, "/data", sample()); }) == "E-ENGINE");
  CHECK(below(within(trial.get(id, "/data"), "data"), ".").empty());
}

void directory_itself(Trial& trial) {
  const std::string id = trial.create("one", {"true"}, {trial.volume("data", "/data")});
  const Node before = trial.get(id, "/data").at("data");
  Tree tree = sample();
  tree.at(".") = {.kind = Node::Kind::directory, .mode = 0700, .uid = 7, .gid = 7};
  trial.put(id, "/data", tree);
  const Node after = trial.get(id, "/data").at("data");
  CHECK(after.mode == before.mode);
  CHECK(after.uid == before.uid);
  CHECK(after.gid == before.gid);
}

void replaces(Trial& trial) {
  const std::string id = trial.create("one", {"true"}, {trial.volume("data", "/data")});
  trial.put(id, "/data", sample());
  Tree tree = empty_tree();
  put_file(tree, "empty", "no more", 0600, 1, 2, kThen + 9);
  trial.put(id, "/data", tree);
  Tree expected = sample();
  expected["empty"] = tree.at("empty");
  CHECK(tree_differences(expected, within(trial.get(id, "/data"), "data")) == "");
}

// The engine extracts as the bytes come.
void source_that_fails(Trial& trial) {
  const std::string id = trial.create("one", {"true"}, {trial.volume("data", "/data")});
  Tree tree = empty_tree();
  put_file(tree, "first", "whole", 0600, 0, 0, kThen);
  put_file(tree, "second", std::string(200'000, 'x'), 0600, 0, 0, kThen);
  const std::string tar = archive_tree(tree, ".", ".");
  std::size_t sent = 0;
  const auto source = [&](char* buffer, std::size_t size) {
    if (sent > 100'000) throw std::runtime_error("the disk is gone");
    const std::size_t count = tar.copy(buffer, std::min<std::size_t>(size, 4096), sent);
    sent += count;
    return count;
  };
  CHECK_THROWS_WITH(trial.engine.put_archive(id, "/data", source), "the disk is gone");
}

void sink_that_fails(Trial& trial) {
  const std::string id = trial.create("one", {"true"}, {trial.volume("data", "/data")});
  trial.put(id, "/data", sample());
  const auto full = [](std::string_view) { throw std::runtime_error("the disk is full"); };
  CHECK_THROWS_WITH(trial.engine.get_archive(id, "/data", full), "the disk is full");
  CHECK(tree_differences(sample(), within(trial.get(id, "/data"), "data")) == "");
}

void owners(Trial& trial) {
  const std::string id =
      trial.create("one", {"stat", "-c", "%u:%g", "/data/inner/a key"}, {trial.volume("data", "/data")});
  trial.put(id, "/data", sample());
  trial.engine.start_container(id);
  CHECK(trial.end_of(id) == 0);
  CHECK(trial.output(id, "\n") == "12345:54321\n");
}

}  // namespace

const std::vector<ContractCase>& file_contract() {
  static const std::vector<ContractCase> cases = {
      {"files go into a container that does not run and come back as they were", there_and_back},
      {"files lie in the volume, whichever container mounts it where", through_another_container},
      {"files outside of mounts are the container's own", own_layer},
      {"nothing is read from, or put into, a directory that is not there", no_such_place},
      {"nothing is put through a mount that is read-only", read_only_mount},
      {"an archive leaves owner and mode of the directory itself alone", directory_itself},
      {"a file of an archive takes the place of the one before", replaces},
      {"the failure of a source reaches its caller", source_that_fails},
      {"the failure of a sink reaches its caller and harms nothing", sink_that_fails},
      {"numeric owners are those that programs see", owners},
  };
  return cases;
}

}  // namespace pgupgrade::test
