#include "upgrade/command/drift.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <vector>

#include "pgupgrade/base/error.hpp"
#include "upgrade/clients/compose_files.hpp"
#include "upgrade/run/names.hpp"

namespace pgupgrade::upgrade {
namespace {

// What a step of this run makes, and by its record of the beginning cannot be there without it.
struct Trace {
  std::string step, step_before;
  std::filesystem::path file;
};

std::vector<Trace> traces(const RunFiles& files, const TargetPlan& target) {
  return {{"backup", "stop-old", files.archive(target.service)},
          {"dump", "verify-backup", files.dump_record(target.service)},
          {"configure", "restore", files.configuration(target.service)},
          {"verify", "refresh", files.fingerprint(target.service, "new")},
          {"edit-compose", "verify", files.original(0)}};
}

// Of the step that comes next the record may be the one that was lost.
bool is_known(const Journal& journal, const std::string& step, const std::string& step_before) {
  return journal.find(step) != nullptr || (journal.may_be_behind() && journal.find(step_before) != nullptr);
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
  for (const TargetPlan& target : plan.targets) {
    if (target.data_mount.kind == MountKind::volume) {
      const auto volume = world.engine.inspect_volume(target.data_mount.source);
      if (!volume) refuse(data_name(target.data_mount) + " is gone", "pgupgrade rollback");
      if (volume->created_at != target.data_volume.created_at) {
        refuse(fmt::format("{} was made at {}, but the run started with one of {}",
                           data_name(target.data_mount), volume->created_at, target.data_volume.created_at),
               "pgupgrade status");
      }
    }
    if (!world.engine.inspect_image(target.old_image_id)) {
      refuse(fmt::format("the old image {} ({}) is gone", target.old_image, target.old_image_id),
             fmt::format("get this very one back ({}), or: pgupgrade rollback", target.old_image_id));
    }
  }
  for (const std::string& file : edited_files(plan)) {
    const FileState state = state_of_file(plan, journal.files(), file);
    if (state == FileState::original ||
        (state == FileState::edited && is_known(journal, "edit-compose", "verify"))) {
      continue;
    }
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
    if (error.is("E-DRIFT")) error.set_hint("nothing was started; review a new plan: pgupgrade plan");
    throw;
  }
}

void refuse_older_state(const Journal& journal, World& world) {
  const Plan& plan = journal.state().plan;
  for (const TargetPlan& target : plan.targets) {
    for (const auto& [step, step_before, file] : traces(journal.files(), target)) {
      if (!is_known(journal, step, step_before) && std::filesystem::exists(file))
        refuse_older(journal, step, file.string());
    }
    const std::string dump = dump_volume_name(plan.run_id, target.service);
    if (!is_known(journal, "dump", "verify-backup") && world.engine.inspect_volume(dump))
      refuse_older(journal, "dump", "volume " + dump);
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
