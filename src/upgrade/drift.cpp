#include "upgrade/drift.hpp"

#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "upgrade/compose_files.hpp"
#include "upgrade/names.hpp"

namespace pgupgrade::upgrade {
namespace {

[[noreturn]] void refuse(const std::string& what, const std::string& mend) {
  throw Error(ErrorKind::refused, "E-DRIFT", "cannot go on: " + what, mend);
}

}  // namespace

void refuse_other_engine(const Journal& journal, World& world) {
  const Plan& plan = journal.state().plan;
  const auto info = world.engine.info();
  if (info.id == plan.engine_id) return;
  refuse(
      fmt::format("the engine is {}, but the run began on {} ({})", info.id, plan.engine_id,
                  plan.engine_endpoint),
      fmt::format("name the engine that the run began on: DOCKER_HOST={} pgupgrade …", plan.engine_endpoint));
}

void refuse_drift(const Journal& journal, World& world) {
  refuse_other_engine(journal, world);
  const Plan& plan = journal.state().plan;
  for (const TargetPlan& target : plan.targets) {
    if (target.data_mount.kind == MountKind::volume) {
      const auto volume = world.engine.inspect_volume(target.data_mount.source);
      if (!volume) refuse(data_name(target.data_mount) + " is gone", "pgupgrade rollback");
      if (volume->created_at != target.data_volume.created_at) {
        refuse(fmt::format("{} was made at {}, but the run began with one of {}",
                           data_name(target.data_mount), volume->created_at, target.data_volume.created_at),
               "pgupgrade status");
      }
    }
    if (!world.engine.inspect_image(target.old_image_id)) {
      refuse(fmt::format("the old image {} ({}) is gone", target.old_image, target.old_image_id),
             "get it back: docker pull " + target.old_image);
    }
  }
  for (const std::string& file : edited_files(plan)) {
    const FileState state = state_of_file(plan, journal.files(), file);
    if (state == FileState::original ||
        (state == FileState::edited && journal.find("edit-compose") != nullptr)) {
      continue;
    }
    refuse(fmt::format("{} was changed since the run began", file),
           "put the file back as it was, then: pgupgrade resume");
  }
}

void refuse_changed_edits(const Journal& journal) {
  const StepRecord* record = journal.find("edit-compose");
  if (record == nullptr || record->phase == StepPhase::undone) return;
  const auto files = edited_files(journal.state().plan);
  for (std::size_t index = 0; index < files.size(); ++index)
    refuse_change_after_edit(journal.state().plan, journal.files(), index);
}

}  // namespace pgupgrade::upgrade
