#include "upgrade/clients/compose_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <iterator>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/compose/editor.hpp"

namespace pgupgrade::upgrade {

namespace {

// Compose takes a dollar sign for the beginning of a variable.
std::string literal(const std::string& text) {
  std::string result;
  for (const char c : text) result += c == '$' ? "$$" : std::string(1, c);
  return result;
}

}  // namespace

// JSON is YAML, and its quoting is known.
std::string compose_override_text(const Journal& journal) {
  boost::json::object services;
  for (const TargetPlan* target : journal.targets_kept()) {
    boost::json::object service{{"image", literal(target->new_image)}};
    if (target->keeps_old)
      service["environment"] = boost::json::object{{"PGDATA", literal(target->new_pgdata)}};
    services[target->service] = std::move(service);
  }
  return json::pretty(boost::json::object{{"services", std::move(services)}});
}

ProjectLocation location_after(const Journal& journal) {
  const Plan& plan = journal.state().plan;
  ProjectLocation location = without_old_image(plan.location, plan.state_root);
  if (!plan.edit_files) location.files.push_back(journal.files().compose_override());
  return location;
}

std::filesystem::path old_image_override(const std::filesystem::path& state_root) {
  return state_root / "old-image.json";
}

bool has_old_image(const ProjectLocation& location, const std::filesystem::path& state_root) {
  return std::find(location.files.begin(), location.files.end(), old_image_override(state_root)) !=
         location.files.end();
}

ProjectLocation without_old_image(ProjectLocation location, const std::filesystem::path& state_root) {
  std::erase(location.files, old_image_override(state_root));
  return location;
}

std::vector<std::string> edited_files(const Plan& plan) {
  std::vector<std::string> files;
  for (const FileEdit& edit : plan.edits) {
    if (std::find(files.begin(), files.end(), edit.file) == files.end()) files.push_back(edit.file);
  }
  return files;
}

namespace {

// A plan that was made before edits named their services has nobody to give up.
std::vector<FileEdit> edits_for(const Plan& plan, const std::vector<const TargetPlan*>& targets) {
  std::vector<FileEdit> edits;
  std::copy_if(plan.edits.begin(), plan.edits.end(), std::back_inserter(edits), [&](const FileEdit& edit) {
    const auto& services = edit.services;
    return services.empty() || std::any_of(targets.begin(), targets.end(), [&](const TargetPlan* target) {
             return std::find(services.begin(), services.end(), target->service) != services.end();
           });
  });
  return edits;
}

std::string with_edits(const std::string& file, const std::string& original, std::vector<FileEdit> edits) {
  std::erase_if(edits, [&](const FileEdit& edit) { return edit.file != file; });
  return compose::apply_edits(original, edits);
}

}  // namespace

std::vector<FileEdit> edits_kept(const Journal& journal) {
  return edits_for(journal.state().plan, journal.targets_kept());
}

std::string edited_text(const Journal& journal, const std::string& file, const std::string& original) {
  return with_edits(file, original, edits_kept(journal));
}

FileState state_of_file(const Journal& journal, const std::string& file) {
  const Plan& plan = journal.state().plan;
  const auto now = read_file_if_present(file);
  if (!now) return FileState::other;
  const auto digest = plan.file_digests.find(file);
  if (digest != plan.file_digests.end() && sha256_hex(*now) == digest->second) return FileState::original;
  const auto all = edited_files(plan);
  const auto index = static_cast<std::size_t>(std::find(all.begin(), all.end(), file) - all.begin());
  const auto kept = read_file_if_present(journal.files().original(index));
  if (!kept) return FileState::other;
  if (edited_text(journal, file, *kept) == *now) return FileState::edited;
  const auto more = edits_for(plan, journal.targets_not_back());
  return with_edits(file, *kept, more) == *now ? FileState::edited_for_more : FileState::other;
}

void refuse_changed_file(const std::string& file, const std::string& hint) {
  throw Error(ErrorKind::refused, "E-COMPOSE-DRIFT",
              fmt::format("cannot edit {}: it has changed since the run started", file), hint);
}

void refuse_change_after_edit(const Journal& journal, std::size_t index) {
  const RunFiles& files = journal.files();
  const std::string file = edited_files(journal.state().plan).at(index);
  if (state_of_file(journal, file) != FileState::other) return;
  if (!std::filesystem::exists(files.original(index))) return;
  refuse_changed_file(file, fmt::format("cp {} {}, then: pgupgrade rollback",
                                        shell_word(files.original(index).string()), shell_word(file)));
}

}  // namespace pgupgrade::upgrade
