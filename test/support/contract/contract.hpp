#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "pgupgrade/base/clock.hpp"
#include "pgupgrade/docker/engine.hpp"
#include "support/world/tree.hpp"

namespace pgupgrade::test {

// An engine that is held to the contract, and an image on it that holds a PostgreSQL server as the official
// images do: an entrypoint of its own, a volume of its own, STOPSIGNAL SIGINT.
struct EngineOnTrial {
  docker::Engine& engine;
  Clock& clock;
  std::string image;
};

// What a case works with. All that it makes bears names and labels of its own, and goes with it.
class Trial {
 public:
  explicit Trial(const EngineOnTrial& subject);
  ~Trial();
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  docker::Engine& engine;
  const std::string image;

  std::string name(const std::string& what);  // of a container or volume
  const std::map<std::string, std::string>& labels() const { return labels_; }

  // A container that is to run a program of the image.
  docker::ContainerSpec spec(const std::string& what, const std::vector<std::string>& argv,
                             const std::vector<Mount>& mounts = {});
  std::string create(const std::string& what, const std::vector<std::string>& argv,
                     const std::vector<Mount>& mounts = {});
  std::string start(const std::string& what, const std::vector<std::string>& argv,
                    const std::vector<Mount>& mounts = {});
  // A container whose program runs until it is killed: as the first process it does not heed signals.
  std::string start_sleeper(const std::string& what, const std::vector<Mount>& mounts = {});
  std::string start_server(const std::string& what, const std::string& volume);
  void wait_for_server(const std::string& container);  // until it accepts connections
  int end_of(const std::string& container);            // waits; its exit code
  // What it has written, once that holds `mark`.
  std::string output(const std::string& container, const std::string& mark);
  docker::ContainerInfo look(const std::string& container);  // which has to be there

  Mount volume(const std::string& what, const std::string& target);  // makes it, unless it is there
  void put(const std::string& container, const std::string& directory, const Tree& tree);
  Tree get(const std::string& container, const std::string& path);
  // The code of the error that a call ends with; empty without one.
  static std::string refusal(const std::function<void()>& call);

 private:
  Clock& clock_;
  std::string prefix_;
  std::map<std::string, std::string> labels_;
  std::set<std::string> names_;
};

struct ContractCase {
  const char* sentence;
  void (*holds)(Trial&);
};

// What this program relies on, whichever engine it is: each case is tried on the simulated engine in the unit
// tests, and on the real one in the end-to-end tests.
const std::vector<ContractCase>& container_contract();
const std::vector<ContractCase>& ending_contract();
const std::vector<ContractCase>& file_contract();
const std::vector<ContractCase>& volume_contract();
const std::vector<ContractCase>& output_contract();
const std::vector<ContractCase>& place_contract();

// All of them, each as a section of the running test.
void hold_to_contract(const EngineOnTrial& subject);

}  // namespace pgupgrade::test
