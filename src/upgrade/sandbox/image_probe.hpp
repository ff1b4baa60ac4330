#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pgupgrade/model/facts.hpp"
#include "upgrade/sandbox/work.hpp"

namespace pgupgrade::upgrade {

// Reads what the image on the engine offers, in a work container of it. Error(failed, "E-IMAGE") when it is
// absent or holds no PostgreSQL.
ImageFacts probe_image(World& world, const std::string& run, const std::string& service,
                       const std::string& reference);

// Tries the old server's settings on the image's server, in a work container of it; into its
// `refused_settings`. Names that it does not know, and values that may have a password in them, are not
// tried.
void try_settings(World& world, const std::string& run, const std::string& service, const Inventory& old,
                  ImageFacts& image);

// The parts of try_settings, for several clusters at once: what is tried, why each was refused, and whose it
// is.
using TriedSetting = std::pair<std::string, std::string>;  // name and value
std::vector<TriedSetting> settings_to_try(const Inventory& old);
std::map<TriedSetting, std::string> refused_settings(World& world, const std::string& run,
                                                     const std::string& service,
                                                     const std::vector<TriedSetting>& settings,
                                                     const ImageFacts& image);
void take_refused(const std::map<TriedSetting, std::string>& refused, const Inventory& old,
                  ImageFacts& image);

// Who would own the data of a service with that `user:` on that image: "uid:gid", in numbers. Names are
// looked up in the image, in a work container: Error(refused, "E-USER") when it does not know them.
std::string owner_for(World& world, const std::string& run, const std::string& service,
                      const ImageFacts& image, const std::string& service_user);

}  // namespace pgupgrade::upgrade
