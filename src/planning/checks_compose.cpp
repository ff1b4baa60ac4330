#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/text.hpp"
#include "planning/checks.hpp"

namespace pgupgrade::planning {

namespace {

// A Compose file in the state root is pgupgrade's own: the override of an earlier run with --no-edit, or the
// one that names an older image.
bool is_own(const Request& request, const std::string& file) {
  return file.starts_with((request.state_root / "").native());
}

}  // namespace

// Forgotten files most likely hold what belongs to the service: the new container would be without it.
Diagnostics check_compose_files(const Subject& subject) {
  std::vector<std::string> files;
  for (const auto& file : subject.request.project.files) files.push_back(file.native());
  std::vector<std::string> made_from = split_list(subject.service.made_from, ",");
  for (auto* names : {&files, &made_from})
    std::erase_if(*names, [&](const std::string& file) { return is_own(subject.request, file); });
  if (made_from.empty() || made_from == files) return {};
  std::string flags;
  for (const std::string& file : made_from) flags += " --compose " + shell_word(file);
  return {
      {.severity = Severity::warning,
       .code = "W-OTHER-FILES",
       .message = fmt::format("the container of {} was made from {}, but the new one will be made from {}",
                              service_name(subject.service), plain_list(made_from), plain_list(files)),
       .hint = "if that is not intended, specify them all:" + flags}};
}

namespace {

// Until the files name the new image, `docker compose up` would start the old one, which refuses the new
// data.
Diagnostic files_left_alone(const Subject& subject) {
  std::vector<std::string> places;
  for (const FileEdit& edit : subject.service.edits)
    places.push_back(fmt::format("{}:{} from \"{}\" to \"{}\"", printable(edit.file), edit.line,
                                 printable(edit.old_text), printable(edit.new_text)));
  return {
      .severity = Severity::note,
      .code = "N-NO-EDIT",
      .message = fmt::format("the project's files stay as they are, and name {} for {} until you change them",
                             printable(subject.service.compose_image), service_name(subject.service)),
      .hint = places.empty()
                  ? fmt::format("after the upgrade, set the image to {} where your deployment sets it",
                                printable(subject.service.new_image))
                  : "after the upgrade, change " + join(places, ", ")};
}

// Names the file of pgupgrade's own by which the service was started on its old image.
std::string own_file(const Request& request) {
  for (const auto& file : request.project.files)
    if (is_own(request, file.native())) return file.string();
  return {};
}

}  // namespace

Diagnostics check_old_image(const Subject& subject) {
  const std::string file = own_file(subject.request);
  const auto made_from = split_list(subject.service.made_from, ",");
  if (std::find(made_from.begin(), made_from.end(), file) == made_from.end()) return {};
  return {
      {.severity = Severity::note,
       .code = "N-OLD-IMAGE",
       .message = fmt::format(
           "{} was started on {} by {}, since its data needs that; the project's own files "
           "name another image for it",
           service_name(subject.service), printable(subject.service.compose_image), printable(file)),
       .hint =
           "until it is upgraded, \"docker compose up\" would start that one, which cannot use the data"}};
}

Diagnostics check_compose_edit(const Subject& subject) {
  if (subject.service.edit_problem) return {*subject.service.edit_problem};
  return {};
}

Diagnostics check_files_left_alone(const Subject& subject) {
  if (subject.service.edit_problem || subject.request.edit_files) return {};
  return {files_left_alone(subject)};
}

Diagnostics check_moved_along(const Subject& subject) {
  if (subject.service.edit_problem || subject.service.moved_along.empty()) return {};
  const std::vector<std::string>& along = subject.service.moved_along;
  return {
      {.severity = Severity::warning,
       .code = "W-MOVED-ALONG",
       .message = fmt::format("{} {} {} the image of {}, so the edit moves {} to {} as well",
                              along.size() == 1 ? "service" : "services", quoted_list(along),
                              along.size() == 1 ? "has no cluster and shares" : "have no cluster and share",
                              service_name(subject.service), along.size() == 1 ? "it" : "them",
                              printable(subject.service.new_image)),
       .hint = "after the upgrade, recreate the containers: docker compose up -d " + join(along, " ")}};
}

}  // namespace pgupgrade::planning
