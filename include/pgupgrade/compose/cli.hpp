#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pgupgrade/base/cancel.hpp"
#include "pgupgrade/base/environment.hpp"
#include "pgupgrade/compose/project.hpp"
#include "pgupgrade/model/request.hpp"

namespace pgupgrade::compose {

enum class Interpolation { resolved, kept };

// The Compose v2 command line (docker compose), or its simulation.
class Cli {
 public:
  virtual ~Cli() = default;

  // "2.40.3". Throws Error(usage, "E-COMPOSE-MISSING") when docker or its compose plugin is absent,
  // Error(usage, "E-COMPOSE-V1") for version 1.
  virtual std::string version() = 0;

  // `docker compose config --format json`, with all profiles that the location names. Throws Error(usage,
  // "E-COMPOSE-CONFIG") with Compose's own message.
  virtual Project load(const ProjectLocation& location) = 0;

  // The same project as Compose would see it with other bytes in some of its files (absolute path ->
  // content): proves an edit before it is made. Throws as load does.
  virtual Project load_with(const ProjectLocation& location,
                            const std::map<std::string, std::string>& contents) = 0;

  // `docker compose up -d --no-deps --no-build SERVICE…`; standard input is /dev/null and -y is never passed,
  // so Compose never removes a volume for us. Throws Error(failed, "E-COMPOSE-UP") with Compose's message.
  virtual void up(const ProjectLocation& location, const std::vector<std::string>& services,
                  std::chrono::milliseconds timeout) = 0;

  // `docker compose up --no-start --no-deps --no-build SERVICE…`: container, volumes and networks are there
  // afterwards, as declared; nothing is started. Throws Error(failed, "E-COMPOSE-UP") likewise.
  virtual void create(const ProjectLocation& location, const std::vector<std::string>& services,
                      std::chrono::milliseconds timeout) = 0;
};

// `endpoint` (unix://…) becomes DOCKER_HOST of every call.
std::unique_ptr<Cli> make_cli(std::string endpoint, const Environment& environment,
                              const Cancellation& cancellation);

// The compose files that Compose itself would take in `directory` (COMPOSE_FILE in its .env; compose.yaml,
// compose.yml, docker-compose.yml, docker-compose.yaml and the override beside it); empty when there is none.
std::vector<std::filesystem::path> default_files(const std::filesystem::path& directory);

}  // namespace pgupgrade::compose
