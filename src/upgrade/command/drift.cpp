#include "upgrade/command/drift.hpp"
#include "upgrade/data/aside.hpp"
#include "upgrade/data/volume_identity.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <vector>

#include "pgupgrade/base/error.hpp"
#include "upgrade/clients/compose_files.hpp"
#include "upgrade/run/names.hpp"

namespace pgupgrade::upgrade {
namespace {

// Of the step that comes next the record may be the one that was lost.
bool is_known(const Journal& journal, std::size_t index, const TargetPlan& target) {
  const auto& steps = journal.state().plan.steps;
  return journal.may_be_begun(steps[index].name, target.service) ||
         (journal.may_be_behind() && index > 0 && journal.find(steps[index - 1].name) != nullptr);
}

bool may_have_edited(const Journal& journal) {
  const auto& steps = journal.state().plan.steps;
  for (std::size_t index = 0; index < steps.size(); ++index)
    if (passes(steps[index], Point::declares) &&
        is_known(journal, index, journal.state().plan.targets.front()))
      return true;
  return false;
}

[[noreturn]] void refuse_older(const Journal& journal, const std::string& step, const std::string& thing) {
  throw Error(ErrorKind::refused, "E-STATE-OLD",
              fmt::format("cannot continue with the state file of run {}: it has no record of step {}, but "
                          "{} exists, so the run got further",
                          journal.state().plan.run_id, step, thing),
              fmt::format("put the newest {} back into its place; the backup, if there is one, is in {}",
                          journal.files().state().string(), journal.files().backup_directory().string()));
}

[[noreturn]] void refuse(const std::string& what, const std::string& hint) {
  throw Error(ErrorKind::refused, "E-DRIFT", "cannot continue: " + what, hint);
}

}  // namespace

void refuse_other_engine(const Journal& journal, World& world) {
  const Plan& plan = journal.state().plan;
  const auto info = world.engine.info();
  if (info.id == plan.engine_id) return;
  refuse(fmt::format("the engine is {}, but the run started on {} ({})", info.id, plan.engine_id,
                     plan.engine_endpoint),
         fmt::format("specify the engine that the run started on: DOCKER_HOST={} pgupgrade …",
                     plan.engine_endpoint));
}

void refuse_drift(const Journal& journal, World& world) {
  refuse_other_engine(journal, world);
  const Plan& plan = journal.state().plan;
  for (const TargetPlan* kept : journal.targets_kept()) {
    const TargetPlan& target = *kept;
    // The local driver tells the last change of the volume's own directory, which an exchange of what is in
    // it is.
    if (!has_aside(target) || !journal.ever_begun(Point::replaces_data)) refuse_other_volume(world, target);
    if (!world.engine.inspect_image(target.old_image_id)) {
      refuse(fmt::format("the old image {} ({}) is gone", target.old_image, target.old_image_id),
             fmt::format("get this very one back ({}), or: pgupgrade rollback", target.old_image_id));
    }
  }
  for (const std::string& file : edited_files(plan)) {
    const FileState state = state_of_file(journal, file);
    const bool edited = state == FileState::edited || state == FileState::edited_for_more;
    if (state == FileState::original || (edited && may_have_edited(journal))) continue;
    refuse(fmt::format("{} has changed since the run started", file),
           "put the file back as it was, then: pgupgrade resume");
  }
}

void refuse_stale_plan(const Journal& journal, World& world) {
  try {
    refuse_drift(journal, world);
    for (const TargetPlan& target : journal.state().plan.targets) {
      const auto info = world.engine.inspect_container(target.container_id);
      if (info && info->running()) continue;
      refuse(fmt::format("container {} was {} since the plan was made", target.container_name,
                         info ? "stopped" : "removed or replaced"),
             "");
    }
  } catch (Error& error) {
    if (error.is("E-DRIFT"))
      error.set_hint(is_prepared(journal.state())
                         ? "nothing was stopped: pgupgrade cancel, then start over with a new plan"
                         : "nothing was started; review a new plan: pgupgrade plan");
    throw;
  }
}

void refuse_older_state(const Journal& journal, World& world, const Steps& steps) {
  const Plan& plan = journal.state().plan;
  for (const TargetPlan& target : plan.targets) {
    for (std::size_t index = 0; index < steps.size(); ++index) {
      if (is_known(journal, index, target)) continue;
      const std::string step(steps[index]->name());
      const Artefacts made = steps[index]->artefacts(journal.files(), plan, target);
      for (const auto& file : made.files)
        if (std::filesystem::exists(file)) refuse_older(journal, step, file.string());
      for (const std::string& volume : made.volumes)
        if (world.engine.inspect_volume(volume)) refuse_older(journal, step, "volume " + volume);
    }
  }
}

void refuse_changed_edits(const Journal& journal) {
  if (!journal.begun(Point::declares)) return;
  const auto files = edited_files(journal.state().plan);
  for (std::size_t index = 0; index < files.size(); ++index) refuse_change_after_edit(journal, index);
}

}  // namespace pgupgrade::upgrade
