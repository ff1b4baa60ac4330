#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/commands.hpp"
#include "upgrade/cluster/dump_files.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

// The dump is read again: its files are as they were written, pg_restore can read every table of contents,
// and what it lists is what the catalog had.
class VerifyDumpStep final : public TargetStep {
 public:
  std::string_view name() const override { return "verify-dump"; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [](const TargetPlan& target) { return databases_of(target); });
  }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    const DumpRecord record = read_dump_record(context, target);
    const auto listings = verify_dump_files(context, target, record);
    context.reach("files-verified");
    std::int64_t entries = 0;
    for (std::size_t index = 0; index < listings.size(); ++index)
      entries += verify_listing(record.databases[index], listings[index]);
    context.record(target, "entries", std::to_string(entries));
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    return !context.datum(target, "entries").empty();
  }

  std::string detail_of(StepContext& context, const TargetPlan& target) override {
    return plural(std::stoull("0" + context.datum(target, "entries")), "object");
  }

 private:
  static std::int64_t verify_listing(const DumpedDatabase& database, const std::string& listing) {
    const auto listed = postgres::count_listing(listing);
    std::int64_t entries = 0;
    for (const auto& [kind, count] : listed) entries += count;
    for (const auto& [kind, count] : database.objects) {
      const auto found = listed.find(kind);
      const std::int64_t dumped = found == listed.end() ? 0 : found->second;
      if (dumped == count) continue;
      throw Error(
          ErrorKind::failed, "E-DUMP-DAMAGED",
          fmt::format(
              "the dump of database \"{}\" is unusable: it contains {} {} entries, but the catalog has {}",
              printable(database.name), dumped, kind, count),
          "pgupgrade rollback, then report this");
    }
    return entries;
  }
};

}  // namespace

std::unique_ptr<Step> make_verify_dump_step() {
  return std::make_unique<VerifyDumpStep>();
}

}  // namespace pgupgrade::upgrade
