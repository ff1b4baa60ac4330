#pragma once

#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "pgupgrade/model/facts.hpp"
#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::upgrade {

// One look at each image serves all services, which ask for it side by side.
class ImageLooks {
 public:
  explicit ImageLooks(World& world) : world_(world) {}

  // As probe_image, which it throws like. `service` is whose container looks, if it is the first to ask.
  ImageFacts at(const std::string& service, const std::string& reference);

 private:
  World& world_;
  std::mutex mutex_;
  std::map<std::string, std::shared_future<ImageFacts>> of_id_;
};

// Fills ImageFacts::refused_settings of `images`, the new ones of the services: by one server of each for
// all. Of the services it reads the settings alone.
void observe_refused_settings(const std::vector<ServiceFacts>& services,
                              std::vector<std::optional<ImageFacts>>& images, World& world);

}  // namespace pgupgrade::upgrade
