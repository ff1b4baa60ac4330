#include "upgrade/observe/image_looks.hpp"

#include <set>

#include "pgupgrade/base/hash.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/image_probe.hpp"

namespace pgupgrade::upgrade {

ImageFacts ImageLooks::at(const std::string& service, const std::string& reference) {
  const auto look = [&] { return probe_image(world_, kObservation + random_hex(4), service, reference); };
  const auto image = world_.engine.inspect_image(reference);
  if (!image) return look();  // says what is wrong
  std::promise<ImageFacts> mine;
  std::shared_future<ImageFacts> known;
  {
    const std::lock_guard lock(mutex_);
    const auto found = of_id_.find(image->id);
    if (found != of_id_.end())
      known = found->second;
    else
      of_id_[image->id] = mine.get_future().share();
  }
  if (known.valid()) {
    ImageFacts facts = known.get();
    facts.reference = reference;
    return facts;
  }
  try {
    ImageFacts facts = look();
    mine.set_value(facts);
    return facts;
  } catch (...) {
    mine.set_exception(std::current_exception());
    throw;
  }
}

void observe_refused_settings(const std::vector<ServiceFacts>& services,
                              std::vector<std::optional<ImageFacts>>& images, World& world) {
  std::map<std::string, std::vector<std::size_t>> of_image;
  for (std::size_t index = 0; index < services.size(); ++index)
    if (services[index].inventory && images[index]) of_image[images[index]->id].push_back(index);
  for (const auto& [id, those] : of_image) {
    std::set<TriedSetting> settings;
    for (const std::size_t index : those)
      for (const TriedSetting& setting : settings_to_try(*services[index].inventory))
        settings.insert(setting);
    const std::size_t first = those.front();
    const auto refused = refused_settings(world, kObservation + random_hex(4), services[first].service,
                                          {settings.begin(), settings.end()}, *images[first]);
    for (const std::size_t index : those) take_refused(refused, *services[index].inventory, *images[index]);
  }
}

}  // namespace pgupgrade::upgrade
