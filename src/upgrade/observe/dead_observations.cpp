#include "pgupgrade/base/files.hpp"
#include "pgupgrade/upgrade/observe/observe.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/process_name.hpp"

namespace pgupgrade::upgrade {

std::vector<std::string> remove_dead_observations(World& world) {
  std::vector<std::string> names;
  for (const auto& container : world.engine.list_containers({.labels = {{kProcessLabel, ""}}})) {
    const auto run = container.labels.find(kRunLabel);
    if (run == container.labels.end() || !run->second.starts_with(kObservation)) continue;
    // A process of our own number that is not us is dead; what is ours is of another thread, or of before.
    const std::string& process = container.labels.at(kProcessLabel);
    if (process == this_process() || life_of(process) != Life::gone) continue;
    world.engine.remove_container(container.id);
    remove_tree(world.socket_root / ("pgupgrade-" + run->second));
    names.push_back(container.name);
  }
  return names;
}

}  // namespace pgupgrade::upgrade
