// A service whose image was changed before its data: which image the data needs, and how it is started on
// that.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/base/wait.hpp"
#include "pgupgrade/compose/editor.hpp"
#include "pgupgrade/compose/sources.hpp"
#include "pgupgrade/planning/image_reference.hpp"
#include "pgupgrade/planning/preflight.hpp"
#include "upgrade/clients/compose_files.hpp"
#include "upgrade/observe/observe_parts.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/await_server.hpp"
#include "upgrade/sandbox/fetch_image.hpp"
#include "upgrade/sandbox/image_probe.hpp"
#include "upgrade/sandbox/work.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr std::chrono::minutes kPatience{10};

std::string derive_old_image(const ServiceFacts& facts, const planning::BumpedImage& state) {
  const auto image = planning::parse_image_reference(facts.compose_image);
  const auto named = image ? planning::major_in_tag(image->tag) : std::nullopt;
  const auto old = named ? planning::retarget(*image, *named, state.data_major) : std::nullopt;
  return old ? old->text() : std::string();
}

// Compose takes a dollar sign for the beginning of a variable.
std::string literal(const std::string& text) {
  std::string result;
  for (const char c : text) result += c == '$' ? "$$" : std::string(1, c);
  return result;
}

void write_override(const std::filesystem::path& file, const std::vector<std::string>& services,
                    const std::string& image) {
  boost::json::object entries;
  for (const std::string& service : services)
    entries[service] = boost::json::object{{"image", literal(image)}};
  create_private_directory(file.parent_path());
  write_file_durably(file, json::pretty(boost::json::object{{"services", std::move(entries)}}));
}

void refuse_other_version(World& world, const Request& request, const std::string& service, int data_major) {
  const ImageFacts image = probe_image(world, kObservation + random_hex(4), service, request.old_image);
  if (image.major == data_major) return;
  throw Error(ErrorKind::refused, "E-TAG-BUMPED",
              fmt::format("cannot start service \"{}\" on {}: that is PostgreSQL {}, but its data is of {}",
                          printable(service), printable(request.old_image), image.major, data_major),
              fmt::format("name an image of PostgreSQL {} with --old-image", data_major));
}

}  // namespace

void observe_old_image(ServiceFacts& facts, World& world, const Request& request) {
  const auto state = planning::bumped_image(facts);
  if (!state) return;
  facts.old_image = request.old_image.empty() ? derive_old_image(facts, *state) : request.old_image;
  if (facts.old_image.empty()) return;
  try {
    facts.back_edits = compose::propose_image_edit(compose::read_sources(request.project, world.environment),
                                                   {.service = facts.service,
                                                    .old_image = facts.compose_image,
                                                    .new_image = facts.old_image,
                                                    .companions = {}});
  } catch (const Error& error) {
    if (!error.is("E-COMPOSE-EDIT")) throw;
  }
}

ProjectLocation with_old_image(const Request& request, World& world) {
  ProjectLocation location = request.project;
  const auto file = old_image_override(request.state_root);
  std::error_code ignored;
  if (!request.container.empty() || !std::filesystem::exists(file, ignored)) return location;
  const compose::Project project = world.compose.load(location);
  const auto override = json::parse(read_file(file), file.string());
  const auto uses = [&](const auto& entry) {
    const auto info = find_compose_container(world, project.name, std::string(entry.key()));
    if (!info) return false;
    const auto files = info->labels.find("com.docker.compose.project.config_files");
    if (files == info->labels.end()) return false;
    const auto names = split_list(files->second, ",");
    return std::find(names.begin(), names.end(), file.string()) != names.end();
  };
  const auto* services = json::find_object(json::as_object(override, file.string()), "services");
  if (services != nullptr && std::any_of(services->begin(), services->end(), uses))
    location.files.push_back(file);
  return location;
}

bool start_on_old_image(const Request& request, const Facts& facts, World& world,
                        const std::function<void(const std::string&)>& say) {
  std::vector<std::string> services;
  std::vector<int> majors;
  for (const ServiceFacts& service : facts.services) {
    const auto state = planning::bumped_image(service);
    if (!state || state->data_major >= request.target_major) continue;
    services.push_back(service.service);
    majors.push_back(state->data_major);
  }
  if (services.empty()) return false;
  if (!world.engine.inspect_image(request.old_image)) {
    say(fmt::format("pulling {}", printable(request.old_image)));
    fetch_image(world, request.old_image);
  }
  for (std::size_t index = 0; index < services.size(); ++index)
    refuse_other_version(world, request, services[index], majors[index]);
  const auto file = old_image_override(request.state_root);
  write_override(file, services, request.old_image);
  ProjectLocation location = without_old_image(request.project, request.state_root);
  location.files.push_back(file);
  for (const std::string& service : services)
    say(fmt::format("starting service {} on {}", printable(service), printable(request.old_image)));
  world.compose.up(location, services, kPatience);
  for (const std::string& service : services)
    await_server(
        world, {.find = [&] { return find_compose_container(world, facts.project, service); },
                .code = "E-START",
                .problem = fmt::format("could not start service \"{}\" on its old image", printable(service)),
                .patience = {.most = kPatience}});
  return true;
}

}  // namespace pgupgrade::upgrade
