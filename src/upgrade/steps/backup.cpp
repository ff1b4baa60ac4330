#include <fmt/format.h>

#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/text.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/sandbox/archive_stream.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

// A complete copy of the data mount as the stopped server left it, file by file.
class BackupStep final : public TargetStep {
 public:
  std::string_view name() const override { return "backup"; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [](const TargetPlan& target) { return data_name(target.data_mount); });
  }

  Artefacts artefacts(const RunFiles& files, const Plan&, const TargetPlan& target) const override {
    return {.files = {files.archive(target.service)}, .volumes = {}};
  }

  void apply_to(StepContext& context, const TargetPlan& target) override { back_up(context, target); }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    return complete(context, target);
  }

  std::string detail(StepContext& context) override {
    std::uint64_t bytes = 0;
    for (const TargetPlan* target : context.targets()) {
      bytes += static_cast<std::uint64_t>(context.known(*target).backup.archive_bytes);
    }
    return human_bytes(bytes);
  }

 private:
  static void back_up(StepContext& context, const TargetPlan& target) {
    const RunFiles& files = context.journal.files();
    create_private_directory(files.archive(target.service).parent_path());
    refuse_users(context, target, fmt::format("back {} up", data_name(target.data_mount)),
                 "pgupgrade resume");
    WorkSpec spec = data_work(context, target, "backup", {"true"});
    spec.mounts[0].read_only = true;
    const std::string container = create_work(context.world, spec);
    const ArchiveStream stream = archive_stream(context, container, target.data_mount.target,
                                                data_name(target.data_mount), target.data_bytes);
    const auto manifest =
        backup::write_archive(files.archive(target.service), stream.produce, stream.progress);
    context.reach("archive-written");
    remove_work(context.world, spec);
    const std::string text = backup::manifest_text(manifest);
    write_file_durably(files.manifest(target.service), text);
    fsync_directory(files.archive(target.service).parent_path());
    context.reach("manifest-written");
    context.learn(target, [&](TargetState& state) {
      state.backup = {.archive_sha256 = manifest.archive_sha256,
                      .archive_bytes = manifest.archive_bytes,
                      .manifest_sha256 = sha256_hex(text)};
    });
  }

  static bool complete(StepContext& context, const TargetPlan& target) {
    const RunFiles& files = context.journal.files();
    const auto manifest = read_file_if_present(files.manifest(target.service));
    const BackupState& backup = context.known(target).backup;
    return manifest && sha256_hex(*manifest) == backup.manifest_sha256 &&
           std::filesystem::exists(files.archive(target.service)) &&
           std::filesystem::file_size(files.archive(target.service)) ==
               static_cast<std::uintmax_t>(backup.archive_bytes);
  }
};

}  // namespace

std::unique_ptr<Step> make_backup_step() {
  return std::make_unique<BackupStep>();
}

}  // namespace pgupgrade::upgrade
