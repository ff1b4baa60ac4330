#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "upgrade/back/put_back.hpp"
#include "upgrade/clients/compose_files.hpp"
#include "upgrade/run/context.hpp"
#include "upgrade/run/for_targets.hpp"
#include "upgrade/site/sites.hpp"

namespace pgupgrade::upgrade {
namespace {

// The fewest bytes in the files that name the image. The original bytes are kept in the run's directory
// first. With --no-edit a Compose file of the run's own names it instead.
class EditComposeStep final : public Step {
 public:
  std::string_view name() const override { return "edit-compose"; }
  std::vector<Point> passes() const override { return {Point::declares}; }

  std::string describe(const Plan& plan) const override {
    if (!plan.edit_files) return "no file of the project; an override of the run names the new image";
    std::vector<std::string> lines;
    for (const FileEdit& edit : plan.edits) {
      lines.push_back(fmt::format("{}:{}  {} → {}", std::filesystem::path(edit.file).filename().string(),
                                  edit.line, printable(edit.old_text), printable(edit.new_text)));
    }
    return lines.empty() ? "nothing to edit" : join(lines, "; ");
  }

  Artefacts artefacts(const RunFiles& files, const Plan&, const TargetPlan&) const override {
    return {.files = {files.original(0)}, .volumes = {}};
  }

  void apply(StepContext& context) override {
    // A cluster that still stands in its place may have been served meanwhile.
    for (const TargetPlan* target : context.targets())
      if (target->keeps_old)
        done_for(context, *target, [&] { refuse_old_server_that_ran_again(context, *target); });
    declare(context);
  }

  bool holds(StepContext& context) override {
    const Journal& journal = context.journal;
    if (!context.plan().edit_files)
      return read_file_if_present(journal.files().compose_override()) == compose_override_text(journal);
    const auto files = edited_files(context.plan());
    return std::all_of(files.begin(), files.end(),
                       [&](const std::string& file) { return is_as_edited(journal, file); });
  }

  void undo(StepContext& context) override {
    const auto files = edited_files(context.plan());
    for (std::size_t index = 0; index < files.size(); ++index) {
      refuse_change_after_edit(context.journal, index);
      const FileState state = state_of_file(context.journal, files[index]);
      if (state == FileState::edited || state == FileState::edited_for_more)
        replace_file_durably(files[index], read_file(context.journal.files().original(index)));
      context.reach("one-restored");
    }
  }

  // The file stays edited for the others.
  void undo_for(StepContext& context, const TargetPlan&) override { declare(context); }

 private:
  static void declare(StepContext& context) {
    const Journal& journal = context.journal;
    if (!context.plan().edit_files)
      write_file_durably(journal.files().compose_override(), compose_override_text(journal));
    const auto files = edited_files(context.plan());
    for (std::size_t index = 0; index < files.size(); ++index) {
      edit(context, files[index], journal.files().original(index));
      context.reach("one-edited");
    }
  }

  // Of a file in which only services stand that were given up nothing is edited.
  static bool is_as_edited(const Journal& journal, const std::string& file) {
    const FileState state = state_of_file(journal, file);
    return state == FileState::edited ||
           (state == FileState::original && edited_text(journal, file, read_file(file)) == read_file(file));
  }

  static void edit(StepContext& context, const std::string& file, const std::filesystem::path& original) {
    const Journal& journal = context.journal;
    switch (state_of_file(journal, file)) {
      case FileState::edited:
        return;
      case FileState::other:
        refuse_changed_file(file,
                            "restore the file as it was when the run started, then run `pgupgrade resume`");
      case FileState::edited_for_more:
        return replace_file_durably(file, edited_text(journal, file, read_file(original)));
      case FileState::original:
        break;
    }
    const std::string text = read_file(file);
    create_private_directory(original.parent_path());
    write_file_durably(original, text);
    context.reach("original-kept");
    replace_file_durably(file, edited_text(journal, file, text));
  }
};

}  // namespace

std::unique_ptr<Step> make_edit_compose_step() {
  return std::make_unique<EditComposeStep>();
}

}  // namespace pgupgrade::upgrade
