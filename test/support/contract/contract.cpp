#include "support/contract/contract.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/hash.hpp"
#include "support/catch.hpp"

namespace pgupgrade::test {
namespace {

constexpr std::chrono::milliseconds kBetweenLooks{50};
constexpr std::chrono::seconds kPatience{60};

}  // namespace

Trial::Trial(const EngineOnTrial& subject)
    : engine(subject.engine), image(subject.image), clock_(subject.clock) {
  prefix_ = "pgupgrade-contract-" + random_hex(4) + "-";
  labels_ = {{"pgupgrade.contract", prefix_}};
}

Trial::~Trial() {
  const auto anyhow = [](const std::function<void()>& removal) {
    try {
      removal();
    } catch (const Error&) {  // the case's own failure is the one to tell
    }
  };
  for (const std::string& name : names_) anyhow([&] { engine.remove_container(name); });
  for (const std::string& name : names_) anyhow([&] { engine.remove_volume(name); });
}

std::string Trial::name(const std::string& what) {
  return *names_.insert(prefix_ + what).first;
}

docker::ContainerSpec Trial::spec(const std::string& what, const std::vector<std::string>& argv,
                                  const std::vector<Mount>& mounts) {
  docker::ContainerSpec spec;
  spec.name = name(what);
  spec.image = image;
  spec.entrypoint = {argv.front()};
  spec.command.assign(argv.begin() + 1, argv.end());
  spec.labels = labels_;
  spec.user = "0:0";
  spec.mounts = mounts;
  return spec;
}

std::string Trial::create(const std::string& what, const std::vector<std::string>& argv,
                          const std::vector<Mount>& mounts) {
  return engine.create_container(spec(what, argv, mounts));
}

std::string Trial::start(const std::string& what, const std::vector<std::string>& argv,
                         const std::vector<Mount>& mounts) {
  const std::string id = create(what, argv, mounts);
  engine.start_container(id);
  return id;
}

std::string Trial::start_sleeper(const std::string& what, const std::vector<Mount>& mounts) {
  return start(what, {"sleep", "600"}, mounts);
}

std::string Trial::start_server(const std::string& what, const std::string& volume_name) {
  docker::ContainerSpec server;
  server.name = name(what);
  server.image = image;
  server.environment = {"POSTGRES_PASSWORD=sesame"};
  server.labels = labels_;
  server.mounts = {volume(volume_name, "/var/lib/postgresql/data")};
  const std::string id = engine.create_container(server);
  engine.start_container(id);
  wait_for_server(id);
  return id;
}

// By the address on which the server listens once it is set up, not while the entrypoint sets it up.
void Trial::wait_for_server(const std::string& id) {
  const auto deadline = clock_.monotonic() + kPatience;
  while (engine.exec(id, {"pg_isready", "--host=127.0.0.1"}, "").exit_code != 0) {
    if (clock_.monotonic() > deadline) throw std::runtime_error("the server never accepts connections");
    clock_.pause(kBetweenLooks);
  }
}

int Trial::end_of(const std::string& container) {
  const auto deadline = clock_.monotonic() + kPatience;
  while (clock_.monotonic() <= deadline) {
    if (const auto code = engine.wait_container(container, std::chrono::seconds(5))) return *code;
  }
  throw std::runtime_error(container + " never ends");
}

std::string Trial::output(const std::string& container, const std::string& mark) {
  const auto deadline = clock_.monotonic() + kPatience;
  for (;;) {
    std::string text;
    const auto append = [&](std::string_view bytes) { text += bytes; };
    engine.container_logs(container, append, append);
    if (text.find(mark) != std::string::npos) return text;
    if (clock_.monotonic() > deadline) throw std::runtime_error("no \"" + mark + "\" in: " + text);
    clock_.pause(kBetweenLooks);
  }
}

docker::ContainerInfo Trial::look(const std::string& container) {
  const auto info = engine.inspect_container(container);
  REQUIRE(info);
  return *info;
}

Mount Trial::volume(const std::string& what, const std::string& target) {
  engine.create_volume({.name = name(what), .driver = {}, .driver_options = {}, .labels = labels_});
  return {.kind = MountKind::volume, .source = name(what), .target = target};
}

void Trial::put(const std::string& container, const std::string& directory, const Tree& tree) {
  const std::string tar = archive_tree(tree, ".", ".");
  std::size_t sent = 0;
  engine.put_archive(container, directory, [&](char* buffer, std::size_t size) {
    const std::size_t count = tar.copy(buffer, size, sent);
    sent += count;
    return count;
  });
}

Tree Trial::get(const std::string& container, const std::string& path) {
  std::string tar;
  engine.get_archive(container, path, [&](std::string_view bytes) { tar += bytes; });
  Tree tree = empty_tree();
  extract_archive(tree, ".", tar);
  return tree;
}

std::string Trial::refusal(const std::function<void()>& call) {
  try {
    call();
    return {};
  } catch (const Error& error) {
    return error.code();
  }
}

void hold_to_contract(const EngineOnTrial& subject) {
  for (const auto* cases : {&container_contract(), &ending_contract(), &file_contract(), &volume_contract(),
                            &output_contract(), &place_contract()}) {
    for (const ContractCase& one : *cases) {
      DYNAMIC_SECTION(one.sentence) {
        Trial trial(subject);
        one.holds(trial);
      }
    }
  }
}

}  // namespace pgupgrade::test
