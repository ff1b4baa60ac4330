#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "upgrade/data/backup_check.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

// The archive is read again from the disk, every content hashed, and compared with a list of the volume that
// was made without the call that made the archive (that call leaves unreadable files out in silence).
class VerifyBackupStep final : public TargetStep {
 public:
  std::string_view name() const override { return "verify-backup"; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [](const TargetPlan& target) { return data_name(target.data_mount); });
  }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    const auto manifest = read_backup_again(context, target);
    context.reach("archive-read");
    const auto wrong = backup::compare(list_data(context, target), manifest);
    if (!wrong.empty()) {
      throw Error(
          ErrorKind::failed, "E-BACKUP-DIFFERS",
          fmt::format("the backup of {} is unusable: {}", data_name(target.data_mount), join(wrong, "; ")),
          "run `pgupgrade rollback`, then start over");
    }
    context.reach("compared");
    context.record(target, "verified_sha256", manifest.archive_sha256);
    context.record(target, "entries", std::to_string(manifest.entries.size()));
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    const std::string verified = context.datum(target, "verified_sha256");
    return !verified.empty() && verified == context.known(target).backup.archive_sha256;
  }

  std::string detail_of(StepContext& context, const TargetPlan& target) override {
    return plural(std::stoull("0" + context.datum(target, "entries")), "file");
  }
};

}  // namespace

std::unique_ptr<Step> make_verify_backup_step() {
  return std::make_unique<VerifyBackupStep>();
}

}  // namespace pgupgrade::upgrade
