#include <fmt/format.h>

#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/name_text.hpp"
#include "pgupgrade/base/text.hpp"
#include "upgrade/cluster/dump_files.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/sandbox/archive_stream.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

namespace fs = std::filesystem;

// A copy of the verified dump for the user, of which the run itself needs nothing: for each service a
// directory that pg_restore reads for each database, and the roles as SQL.
class KeepDumpsStep final : public TargetStep {
 public:
  std::string_view name() const override { return "keep-dumps"; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [&](const TargetPlan& target) {
      return fmt::format("{} to {}", databases_of(target), plan.dump_directory);
    });
  }

  Artefacts artefacts(const RunFiles& files, const Plan&, const TargetPlan& target) const override {
    return {.files = {files.kept_dumps(target.service)}, .volumes = {}};
  }

  void apply_to(StepContext& context, const TargetPlan& target) override { keep(context, target); }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    return context.datum(target, "copied") == context.known(target).dump_sha256 &&
           fs::is_directory(context.journal.files().kept_dumps(target.service));
  }

  // What is whole stays: with it the user may go on by hand.
  void undo_for(StepContext& context, const TargetPlan& target) override {
    remove_tree(unfinished(context.journal.files(), target));
  }

  std::string detail(StepContext& context) override { return context.journal.files().dumps.string(); }

 private:
  // No service's directory has a dot in its name.
  static fs::path unfinished(const RunFiles& files, const TargetPlan& target) {
    return files.kept_dumps(target.service).string() + ".unfinished";
  }

  static void keep(StepContext& context, const TargetPlan& target) {
    const RunFiles& files = context.journal.files();
    const DumpRecord record = read_dump_record(context, target);
    const fs::path copy = unfinished(files, target);
    remove_tree(copy);
    remove_tree(files.kept_dumps(target.service));
    create_private_directory(files.dumps);
    verify(target, record, fetch(context, target, copy));
    context.reach("copied");
    for (const DumpedDatabase& database : record.databases)
      fs::rename(copy / database.directory, copy / (safe_file_name(database.name) + ".dump"));
    fsync_directory(copy);
    fs::rename(copy, files.kept_dumps(target.service));
    fsync_directory(files.dumps);
    context.reach("kept");
    context.record(target, "copied", context.known(target).dump_sha256);
  }

  static std::vector<backup::Entry> fetch(StepContext& context, const TargetPlan& target,
                                          const fs::path& copy) {
    const WorkSpec spec = WorkServer(context, target, Side::old).client("keep", {"true"});
    const std::string container = create_work(context.world, spec);
    const ArchiveStream stream =
        archive_stream(context, container, kDumpMount, fmt::format("dump of service {}", target.service), 0);
    auto entries = backup::unpack(copy, stream.produce, stream.progress);
    remove_work(context.world, spec);
    return entries;
  }

  static void verify(const TargetPlan& target, const DumpRecord& record,
                     const std::vector<backup::Entry>& entries) {
    std::map<std::string, std::string> copied;
    for (const backup::Entry& entry : entries)
      if (entry.kind == backup::Entry::Kind::file) copied[entry.path] = entry.sha256;
    if (copied == record.digests) return;
    throw Error(ErrorKind::failed, "E-DUMP-DAMAGED",
                fmt::format("the dump of service \"{}\" changed while it was copied", target.service),
                "run `pgupgrade rollback`, then start over");
  }
};

}  // namespace

std::unique_ptr<Step> make_keep_dumps_step() {
  return std::make_unique<KeepDumpsStep>();
}

}  // namespace pgupgrade::upgrade
