#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/compose/editor.hpp"
#include "pgupgrade/compose/sources.hpp"
#include "pgupgrade/planning/data_directory.hpp"
#include "pgupgrade/planning/image_reference.hpp"
#include "upgrade/observe/observe_parts.hpp"

namespace pgupgrade::upgrade {
namespace {

[[noreturn]] void refuse(const std::string& message, const std::string& mend) {
  throw Error(ErrorKind::refused, "E-COMPOSE-EDIT", message, mend);
}

std::string derive_image(const ServiceFacts& facts, int target_major) {
  const int old_major = facts.inventory ? facts.inventory->major() : facts.pg_version_file;
  const auto old_image = planning::parse_image_reference(facts.compose_image);
  if (!old_image) {
    refuse(fmt::format("cannot derive the new image of service \"{}\": it has none (a build, perhaps)",
                       printable(facts.service)),
           "name the new image with --image");
  }
  const auto named = planning::major_in_tag(old_image->tag);
  const int from = old_major != 0 ? old_major : named.value_or(0);
  if (named == target_major) return facts.compose_image;  // the file was edited already
  const auto derived = planning::retarget(*old_image, from, target_major);
  if (!derived) {
    refuse(
        fmt::format("cannot derive the new image of service \"{}\" from {}: its tag does not name version {}",
                    printable(facts.service), printable(facts.compose_image), from),
        "name the new image with --image");
  }
  return derived->text();
}

std::map<std::string, std::string> edited_texts(const compose::Sources& sources,
                                                const std::vector<FileEdit>& edits) {
  std::map<std::string, std::vector<FileEdit>> by_file;
  for (const FileEdit& edit : edits) by_file[edit.file].push_back(edit);
  std::map<std::string, std::string> texts;
  for (const auto& [file, own] : by_file) texts[file] = compose::apply_edits(sources.texts.at(file), own);
  return texts;
}

// What Compose makes of the edited files is what counts, and no other service may change its image by it.
void prove(ServiceFacts& facts, World& world, const compose::Project& project, const Request& request,
           const compose::Sources& sources, const std::vector<std::string>& companions) {
  const auto after = world.compose.load_with(request.project, edited_texts(sources, facts.edits));
  for (const auto& [name, service] : after.services) {
    const auto before = project.services.find(name);
    const std::string old_image = before == project.services.end() ? "" : before->second.image;
    const std::string expected = name == facts.service ? facts.new_image : old_image;
    if (service.image == expected) continue;
    if (std::find(companions.begin(), companions.end(), name) != companions.end())
      continue;  // proven by itself
    refuse(fmt::format(
               "cannot edit the image of service \"{}\" alone: service \"{}\" would get {} instead of {}",
               printable(facts.service), printable(name), printable(service.image), printable(expected)),
           "give the services images of their own in the Compose file");
  }
  facts.new_compose_image = facts.new_image;
}

void propose(ServiceFacts& facts, World& world, const compose::Project& project, const Request& request,
             const std::vector<std::string>& companions, std::map<std::string, std::string>& digests) {
  facts.new_image = request.image.empty() ? derive_image(facts, request.target_major) : request.image;
  const auto sources = compose::read_sources(request.project, compose::process_environment());
  if (facts.new_image != facts.compose_image) {
    facts.edits = compose::propose_image_edit(sources, {.service = facts.service,
                                                        .old_image = facts.compose_image,
                                                        .new_image = facts.new_image,
                                                        .companions = companions});
  }
  const auto place = planning::place_data(facts, request.target_major);
  if (place.mount_moves()) {
    const auto mount_edits = compose::propose_mount_edit(sources, {.service = facts.service,
                                                                   .old_target = place.data_mount->target,
                                                                   .new_target = place.new_target,
                                                                   .companions = companions});
    facts.edits.insert(facts.edits.end(), mount_edits.begin(), mount_edits.end());
  }
  prove(facts, world, project, request, sources, companions);
  for (const FileEdit& edit : facts.edits) digests[edit.file] = sha256_hex(sources.texts.at(edit.file));
}

}  // namespace

void observe_edits(ServiceFacts& facts, World& world, const compose::Project& project, const Request& request,
                   const std::vector<std::string>& companions, std::map<std::string, std::string>& digests) {
  try {
    propose(facts, world, project, request, companions, digests);
  } catch (const Error& error) {
    if (error.code() != "E-COMPOSE-EDIT") throw;
    facts.edits.clear();
    facts.edit_problem = Diagnostic{
        .severity = Severity::error, .code = error.code(), .message = error.what(), .mend = error.hint()};
  }
}

}  // namespace pgupgrade::upgrade
