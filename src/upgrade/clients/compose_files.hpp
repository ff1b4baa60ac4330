#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"

namespace pgupgrade::upgrade {

// edited_for_more: for those, too, that are being taken back.
enum class FileState { original, edited, edited_for_more, other };

// With --no-edit: the text of the Compose file that names the new images of the targets that are not given
// up; and the project as it is started, with that file as the last.
std::string compose_override_text(const Journal& journal);
ProjectLocation location_after(const Journal& journal);

// The project's own files: without the one that starts services on the image which their data needs.
ProjectLocation without_old_image(ProjectLocation location, const std::filesystem::path& state_root);
bool has_old_image(const ProjectLocation& location, const std::filesystem::path& state_root);
// That file, in a state root.
std::filesystem::path old_image_override(const std::filesystem::path& state_root);

// The files that a plan edits, in the order in which their originals are kept; the edits for the targets that
// are not given up; and of one file the text with them.
std::vector<std::string> edited_files(const Plan& plan);
std::vector<FileEdit> edits_kept(const Journal& journal);
std::string edited_text(const Journal& journal, const std::string& file, const std::string& original);

// Which of them a file is now. The original's bytes are those that the run kept, or, before it kept any,
// those on disk with the plan's digest.
FileState state_of_file(const Journal& journal, const std::string& file);

// Error(refused, "E-COMPOSE-DRIFT"): cannot edit `file`, or put it back, over somebody's own change.
[[noreturn]] void refuse_changed_file(const std::string& file, const std::string& hint);
// The same when the run has edited the `index`-th of edited_files, and somebody has changed it since. What
// was never kept was never edited either: then the change is somebody's own, and stays.
void refuse_change_after_edit(const Journal& journal, std::size_t index);

}  // namespace pgupgrade::upgrade
