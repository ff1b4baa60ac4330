#pragma once

#include <filesystem>
#include <memory>

#include "pgupgrade/base/environment.hpp"
#include "pgupgrade/docker/engine.hpp"
#include "pgupgrade/migrate/programs.hpp"

namespace pgupgrade::migrate {

// What containers of a run need beside their image.
struct ContainerSetting {
  docker::Engine& engine;
  const Cancellation& cancellation;
  const Environment& environment;
  std::string run;                  // labels and names them
  std::filesystem::path directory;  // of the run: seen in the container under the same path
};

// A container for each call, of the image, with the host's network, as the user that runs this program;
// removed at its end. Passwords are put into it, so that they go with it. The certificates, keys and
// directories of sockets that the connection strings name are mounted under their own paths.
std::unique_ptr<Programs> programs_in_containers(const ClientPrograms& which,
                                                 const ContainerSetting& setting);

// The version of the programs in an image. Error(refused, "E-CLIENT-PROGRAMS") when it has none.
ClientPrograms programs_of_image(const std::string& image, const ContainerSetting& setting);

// Containers of a run that was killed.
void remove_containers(docker::Engine& engine, const std::string& run);

}  // namespace pgupgrade::migrate
