#pragma once

#include <string>

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

// Who would own the data of a service with that `user:` on that image: "uid:gid", in numbers. Names are
// looked up in the image, in a work container: Error(refused, "E-USER") when it does not know them.
std::string owner_for(World& world, const std::string& run, const std::string& service,
                      const ImageFacts& image, const std::string& service_user);

}  // namespace pgupgrade::upgrade
