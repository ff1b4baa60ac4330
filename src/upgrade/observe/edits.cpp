#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/side_by_side.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/compose/dockerfile.hpp"
#include "pgupgrade/compose/editor.hpp"
#include "pgupgrade/compose/sources.hpp"
#include "pgupgrade/planning/data_directory.hpp"
#include "pgupgrade/planning/image_reference.hpp"
#include "upgrade/clients/compose_files.hpp"
#include "upgrade/observe/observe_parts.hpp"

namespace pgupgrade::upgrade {
namespace {

[[noreturn]] void refuse(const std::string& message, const std::string& hint) {
  throw Error(ErrorKind::refused, "E-COMPOSE-EDIT", message, hint);
}

// `declared` is what the project's files name. Where the service runs on an older image by an override of
// pgupgrade's own, that may be the new one already.
std::string derive_image(const ServiceFacts& facts, const std::string& declared, int target_major) {
  const bool overridden = declared != facts.compose_image;
  const int data_major = facts.inventory ? facts.inventory->major() : facts.pg_version_file;
  const int old_major = overridden ? 0 : data_major;
  const auto old_image = planning::parse_image_reference(declared);
  if (!old_image) {
    refuse(fmt::format("could not derive the new image of service \"{}\": it has none (a build, perhaps)",
                       printable(facts.service)),
           "name the new image with --image");
  }
  const auto named = planning::major_in_tag(old_image->tag);
  const int from = old_major != 0 ? old_major : named.value_or(0);
  if (named == target_major && facts.inventory && !overridden && old_major != target_major) {
    // There would be no way back: the file as it was would start the new version on the old data.
    refuse(
        fmt::format("cannot change the image of service \"{}\": the Compose file names {} already, but its "
                    "container still runs PostgreSQL {}",
                    printable(facts.service), printable(facts.compose_image), old_major),
        "set the image back to the one that runs: pgupgrade changes it itself");
  }
  if (named == target_major) return declared;
  const auto derived = planning::retarget(*old_image, from, target_major);
  if (!derived) {
    refuse(fmt::format(
               "could not derive the new image of service \"{}\" from {}: its tag does not name version {}",
               printable(facts.service), printable(declared), from),
           "name the new image with --image");
  }
  return derived->text();
}

// Its image is only the name of what is built. Built anew under that name it is taken with --image.
void refuse_build(const compose::Service& service, World& world, const Request& request) {
  if (!service.has_build || !request.edit_files || (!service.image.empty() && request.image == service.image))
    return;
  std::string from;
  std::string line = "the FROM line of its Dockerfile";
  const auto text = service.dockerfile.empty() ? std::nullopt : read_file_if_present(service.dockerfile);
  if (const auto base = text ? compose::base_image_line(*text) : std::nullopt) {
    from =
        fmt::format(" from {}:{} \"{}\"", printable(service.dockerfile), base->line, printable(base->text));
    line = fmt::format("line {} of {}", base->line, printable(service.dockerfile));
  }
  const std::string name = service.image.empty() ? "NAME" : service.image;
  const auto place =
      compose::build_place(compose::read_sources(request.project, world.environment), service.name);
  refuse(
      fmt::format("cannot change the image of service \"{}\": {}{}", printable(service.name),
                  place ? printable(*place) + " builds it" : "it is built", from),
      fmt::format("change {} to PostgreSQL {}, build it with \"docker compose build {}\" (not up), and pass "
                  "--image {}",
                  line, request.target_major, printable(service.name), printable(name)) +
          (service.image.empty() ? ", once the service has such an `image:`" : ""));
}

std::map<std::string, std::string> edited_texts(const compose::Sources& sources,
                                                const std::vector<FileEdit>& edits) {
  std::map<std::string, std::vector<FileEdit>> by_file;
  for (const FileEdit& edit : edits) by_file[edit.file].push_back(edit);
  std::map<std::string, std::string> texts;
  for (const auto& [file, own] : by_file) texts[file] = compose::apply_edits(sources.texts.at(file), own);
  return texts;
}

// The shell's variables that move the data; those that every shell has are not meant.
std::vector<std::string> moving_variables(const ServiceFacts& facts, World& world, const Request& request,
                                          bool pgdata_differs) {
  const auto sources = compose::read_sources(request.project, world.environment);
  auto names = compose::shell_variables(sources, facts.service, "volumes");
  std::erase_if(names,
                [](const std::string& name) { return name == "HOME" || name == "PWD" || name == "USER"; });
  const bool known = std::find(names.begin(), names.end(), "PGDATA") != names.end();
  if (pgdata_differs && !known && sources.environment.contains("PGDATA")) names.emplace_back("PGDATA");
  return names;
}

[[noreturn]] void refuse_other_place(const ServiceFacts& facts, World& world, const Request& request,
                                     const planning::DataPlacement& place, bool pgdata_differs) {
  const Mount& data = *place.data_mount;
  const auto variables = moving_variables(facts, world, request, pgdata_differs);
  const std::string message = fmt::format(
      "the data of service \"{}\" is in {} on {} {}, but its new container, as the Compose file describes "
      "it, "
      "would look elsewhere",
      printable(facts.service), printable(place.new_pgdata),
      data.kind == MountKind::bind ? "directory" : "volume", printable(data.source));
  if (!variables.empty())
    refuse(
        fmt::format("{}: variable {} of the shell's environment decides where", message,
                    join(variables, ", ")),
        fmt::format("unset {} in this shell, unless the container was made with it, and run pgupgrade again",
                    join(variables, " ")));
  // Compose would make the container without its data, if it were told to.
  refuse(message,
         "the file has changed since the container was created: revert the change, so that the file mounts "
         "the data where the container has it");
}

// The file may have been changed since the container was made: the new one has to find the data where the
// plan puts it. How a directory of the host is called may differ between Compose and the engine.
void prove_mount(const ServiceFacts& facts, World& world, const Request& request,
                 const compose::Project& after) {
  const auto place = planning::place_data(facts, request.target_major);
  const auto service = after.services.find(facts.service);
  // No Compose file brings an anonymous volume back: that is refused by itself.
  if (!place.data_mount || planning::is_anonymous(*place.data_mount) ||
      place.data_mount->kind == MountKind::tmpfs || service == after.services.end())
    return;
  const Mount& data = *place.data_mount;
  const auto holds_data = [&](const compose::ServiceMount& mount) {
    if (planning::clean_path(mount.target) != planning::clean_path(place.new_target)) return false;
    if (data.kind == MountKind::bind) return mount.type == "bind";
    const auto volume = after.volumes.find(mount.source);
    return mount.type == "volume" && (volume == after.volumes.end() || volume->second == data.source);
  };
  const auto& mounts = service->second.mounts;
  const auto pgdata = service->second.environment.find("PGDATA");
  const bool elsewhere = pgdata != service->second.environment.end() &&
                         planning::clean_path(pgdata->second) != planning::clean_path(place.new_pgdata);
  if (!elsewhere && std::any_of(mounts.begin(), mounts.end(), holds_data)) return;
  refuse_other_place(facts, world, request, place, elsewhere);
}

// Of a PGDATA that the project declares, and the container has.
std::string pgdata_of_target(const ServiceFacts& facts, const compose::Project& project,
                             const Request& request) {
  const auto& environment = project.services.at(facts.service).environment;
  const auto declared = environment.find("PGDATA");
  if (declared == environment.end() ||
      planning::clean_path(declared->second) != planning::clean_path(facts.pgdata))
    return {};
  return pgdata_beside(facts, request);
}

compose::Sources with_edits(compose::Sources sources, const std::vector<FileEdit>& edits) {
  for (auto& [file, text] : edited_texts(sources, edits)) sources.texts[file] = text;
  return sources;
}

// PGDATA follows the version where its place in the files is found, by an edit of its own unless that of the
// image changes it along. Else it stays, as any other PGDATA.
void propose_pgdata(ServiceFacts& facts, const compose::Project& project, const compose::Sources& sources,
                    const std::vector<std::string>& along, const std::string& pgdata) {
  if (pgdata.empty()) return;
  const compose::VariableChange change{
      .service = facts.service,
      .name = "PGDATA",
      .old_value = project.services.at(facts.service).environment.at("PGDATA"),
      .new_value = pgdata,
      .companions = along};
  try {
    if (!compose::propose_variable_edit(with_edits(sources, facts.edits), change).empty()) {
      const auto own = compose::propose_variable_edit(sources, change);
      facts.edits.insert(facts.edits.end(), own.begin(), own.end());
    }
  } catch (const Error& error) {
    if (!error.is("E-COMPOSE-EDIT")) throw;
    return;
  }
  facts.new_pgdata = pgdata;
}

std::string pgdata_in(const compose::Service& service) {
  const auto found = service.environment.find("PGDATA");
  return found == service.environment.end() ? "" : found->second;
}

// An env file or a variable may give PGDATA to several services.
void refuse_moved_pgdata(const ServiceFacts& facts, const std::string& service, const std::string& before,
                         const std::string& after, const Companions& companions) {
  const auto& targets = companions.targets;
  if (before == after || service == facts.service ||
      std::find(targets.begin(), targets.end(), service) != targets.end())
    return;
  refuse(fmt::format("cannot edit PGDATA of service \"{}\" alone: that of service \"{}\" would become {}",
                     printable(facts.service), printable(service), printable(after)),
         "give the services variables of their own");
}

bool is_one_of(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// By its own edits the service gets its new image, and no other one may change its image.
void prove(ServiceFacts& facts, World& world, const compose::Project& project, const Request& request,
           const compose::Sources& sources, const Companions& companions) {
  const auto after = world.compose.load_with(request.project, edited_texts(sources, facts.edits));
  for (const auto& [name, service] : after.services) {
    const auto before = project.services.find(name);
    if (before != project.services.end())
      refuse_moved_pgdata(facts, name, pgdata_in(before->second), pgdata_in(service), companions);
    const std::string old_image = before == project.services.end() ? "" : before->second.image;
    const std::string expected = name == facts.service ? facts.new_image : old_image;
    if (service.image == expected) continue;
    if (is_one_of(companions.targets, name)) continue;  // proven by itself
    if (is_one_of(companions.clients, name) && service.image == facts.new_image) {
      facts.moved_along.push_back(name);
      continue;
    }
    refuse(fmt::format(
               "cannot edit the image of service \"{}\" alone: service \"{}\" would get {} instead of {}",
               printable(facts.service), printable(name), printable(service.image), printable(expected)),
           "give the services images of their own in the Compose file");
  }
  prove_mount(facts, world, request, after);
}

// With --no-edit: the new image must find the data where the files say it is. What the user may set is told
// as far as it is found.
void propose_override(ServiceFacts& facts, World& world, const compose::Project& project,
                      const Request& request, const std::vector<std::string>& along) {
  const auto place = planning::place_data(facts, request.target_major);
  if (place.mount_moves() && !planning::is_anonymous(*place.data_mount)) {
    refuse(fmt::format(
               "image {} keeps its data below {}, and --no-edit leaves the mount of service \"{}\" at {}",
               printable(facts.new_image), printable(place.new_target), printable(facts.service),
               printable(place.data_mount->target)),
           "leave --no-edit out, or declare PGDATA in the service");
  }
  const std::string pgdata = pgdata_of_target(facts, project, request);
  facts.new_pgdata = pgdata;
  compose::Project after = project;
  if (!pgdata.empty()) after.services.at(facts.service).environment["PGDATA"] = pgdata;
  prove_mount(facts, world, request, after);
  try {
    const auto sources = compose::read_sources(request.project, world.environment);
    facts.edits = compose::propose_image_edit(sources, {.service = facts.service,
                                                        .old_image = project.services.at(facts.service).image,
                                                        .new_image = facts.new_image,
                                                        .companions = along,
                                                        .new_pgdata = pgdata});
    propose_pgdata(facts, project, sources, along, pgdata);
  } catch (const Error& error) {
    if (!error.is("E-COMPOSE-EDIT")) throw;
  }
}

// The new version looks for its own files, dictionaries for example, in a directory of its own.
void propose_versioned_mounts(ServiceFacts& facts, const compose::Sources& sources,
                              const std::vector<std::string>& along, int target_major) {
  if (!facts.inventory) return;
  const int old_major = facts.inventory->major();
  for (const Mount& mount : planning::versioned_mounts(facts.mounts, old_major, target_major)) {
    const auto next = planning::next_versioned_target(mount.target, old_major, target_major);
    const auto own = compose::propose_mount_edit(sources, {.service = facts.service,
                                                           .old_target = mount.target,
                                                           .new_target = next.value_or(mount.target),
                                                           .companions = along});
    facts.edits.insert(facts.edits.end(), own.begin(), own.end());
  }
}

void propose(ServiceFacts& facts, World& world, const compose::Project& project, const Request& request,
             const Companions& companions, std::map<std::string, std::string>& digests) {
  std::vector<std::string> along = companions.targets;
  along.insert(along.end(), companions.clients.begin(), companions.clients.end());
  const compose::Service& declared = project.services.at(facts.service);
  refuse_build(declared, world, request);
  facts.new_image =
      request.image.empty() ? derive_image(facts, declared.image, request.target_major) : request.image;
  if (!request.edit_files) return propose_override(facts, world, project, request, along);
  const auto sources = compose::read_sources(request.project, world.environment);
  const std::string pgdata = pgdata_of_target(facts, project, request);
  if (facts.new_image != declared.image) {
    facts.edits = compose::propose_image_edit(sources, {.service = facts.service,
                                                        .old_image = declared.image,
                                                        .new_image = facts.new_image,
                                                        .companions = along,
                                                        .new_pgdata = pgdata});
  }
  propose_pgdata(facts, project, sources, along, pgdata);
  const auto place = planning::place_data(facts, request.target_major);
  if (place.mount_moves() && !planning::is_anonymous(*place.data_mount)) {
    const auto mount_edits = compose::propose_mount_edit(sources, {.service = facts.service,
                                                                   .old_target = place.data_mount->target,
                                                                   .new_target = place.new_target,
                                                                   .companions = along});
    facts.edits.insert(facts.edits.end(), mount_edits.begin(), mount_edits.end());
  }
  propose_versioned_mounts(facts, sources, along, request.target_major);
  for (const FileEdit& edit : facts.edits) digests[edit.file] = sha256_hex(sources.texts.at(edit.file));
}

}  // namespace

std::string pgdata_beside(const ServiceFacts& facts, const Request& request) {
  if (backup_of(request) == Backup::aside || !facts.inventory) return {};
  const std::string pgdata = planning::clean_path(facts.pgdata);
  const auto mount = planning::mount_of(facts.mounts, pgdata);
  const auto next = planning::next_versioned_pgdata(pgdata, facts.inventory->major(), request.target_major);
  if (!next || !mount || pgdata != planning::clean_path(facts.inventory->data_directory) ||
      pgdata == planning::clean_path(mount->target))
    return {};
  return *next;
}

namespace {

void take_problem(ServiceFacts& facts, const Error& error) {
  facts.edits.clear();
  facts.new_pgdata.clear();
  facts.moved_along.clear();
  facts.edit_problem = Diagnostic{
      .severity = Severity::error, .code = error.code(), .message = error.what(), .hint = error.hint()};
}

// Each gets its new image, and nothing else changes. False where that is not so, or not to be told.
bool hold_together(const std::vector<ServiceFacts*>& services, World& world, const compose::Project& project,
                   const Request& request, const compose::Sources& sources) {
  std::vector<FileEdit> edits;
  for (const ServiceFacts* service : services)
    for (const FileEdit& edit : service->edits)
      if (std::find(edits.begin(), edits.end(), edit) == edits.end()) edits.push_back(edit);
  const auto is_service = [](const std::string& name) {
    return [name](const ServiceFacts* service) { return service->service == name; };
  };
  try {
    const auto after = world.compose.load_with(request.project, edited_texts(sources, edits));
    for (const auto& [name, service] : after.services) {
      const auto own = std::find_if(services.begin(), services.end(), is_service(name));
      const auto before = project.services.find(name);
      if (own == services.end() &&
          (before == project.services.end() || pgdata_in(before->second) != pgdata_in(service)))
        return false;
      if (service.image != (own == services.end() ? before->second.image : (*own)->new_image)) return false;
    }
    for (const ServiceFacts* service : services) prove_mount(*service, world, request, after);
  } catch (const Error& error) {
    if (!error.is("E-COMPOSE-EDIT") && !error.is("E-COMPOSE-DRIFT")) throw;
    return false;
  }
  return true;
}

}  // namespace

void observe_edits(ServiceFacts& facts, World& world, const compose::Project& project, const Request& request,
                   const Companions& companions, std::map<std::string, std::string>& digests) {
  try {
    if (has_old_image(request.project, request.state_root)) {
      Request own = request;
      own.project = without_old_image(request.project, request.state_root);
      propose(facts, world, world.compose.load(own.project), own, companions, digests);
    } else {
      propose(facts, world, project, request, companions, digests);
    }
  } catch (const Error& error) {
    if (!error.is("E-COMPOSE-EDIT")) throw;
    take_problem(facts, error);
  }
}

void prove_edits(std::vector<ServiceFacts>& services, World& world, const compose::Project& project,
                 const Request& request, const Companions& companions) {
  if (!request.edit_files) return;
  if (has_old_image(request.project, request.state_root)) {
    Request own = request;
    own.project = without_old_image(request.project, request.state_root);
    return prove_edits(services, world, world.compose.load(own.project), own, companions);
  }
  const auto sources = compose::read_sources(request.project, world.environment);
  std::vector<ServiceFacts*> open;
  for (ServiceFacts& service : services)
    if (!service.edit_problem) open.push_back(&service);
  if (open.size() > 1 && !request.keep_going && hold_together(open, world, project, request, sources)) return;
  side_by_side(open.size(), world.at_once, [&](std::size_t index) {
    ServiceFacts& facts = *open[index];
    Companions others = companions;
    std::erase(others.targets, facts.service);
    try {
      prove(facts, world, project, request, sources, others);
    } catch (const Error& error) {
      if (!error.is("E-COMPOSE-EDIT")) throw;
      take_problem(facts, error);
    }
  });
}

}  // namespace pgupgrade::upgrade
