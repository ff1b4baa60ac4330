#include <fmt/format.h>

#include <boost/json.hpp>
#include <map>
#include <set>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/json.hpp"
#include "upgrade/clients/live_rows.hpp"
#include "upgrade/cluster/planned_cluster.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

// The rows that the new server had before the applications came back, against those of the old data, which
// its own server reads once more for that: isolated, and given nothing to write.
class CompareRowsStep final : public TargetStep {
 public:
  explicit CompareRowsStep(std::shared_ptr<LiveRows> live) : live_(std::move(live)) {}

  std::string_view name() const override { return "compare-rows"; }

  std::string describe(const Plan& plan) const override {
    return each_target(
        plan, [](const TargetPlan&) { return std::string("every row, old against new as of hold-rows"); });
  }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    if (!defers_rows(context, target) || context.known(target).rows_compared == RowsCompared::identical)
      return;
    if (context.known(target).rows_compared == RowsCompared::different) refuse(context, target);
    if (!live_->holds(target)) return miss(context, target);
    auto [now, changed] = live_->read(context, target, row_hash(target));
    context.reach("new-rows-read");
    Fingerprint old = read_old(context, target);
    leave_out(context, target, changed, old, now);
    keep(context, target, "new-rows", now);
    keep(context, target, "old-rows", old);
    const auto wrong = differences(old, now);
    context.learn(target, [&](TargetState& state) {
      state.rows_compared = wrong.empty() ? RowsCompared::identical : RowsCompared::different;
      state.row_differences = join(wrong, "; ");
      state.counts.rows = now.row_count();
    });
    context.reach("compared");
    if (!wrong.empty()) refuse(context, target);
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    const RowsCompared compared = context.known(target).rows_compared;
    return !defers_rows(context, target) || compared == RowsCompared::identical ||
           compared == RowsCompared::missed;
  }

  void undo_for(StepContext& context, const TargetPlan& target) override {
    WorkServer(context, target, Side::old).stop();
  }

  std::string detail_of(StepContext& context, const TargetPlan& target) override {
    if (!compared_rows(context.plan(), context.known(target))) return "not compared";
    return fmt::format("{}: identical",
                       plural(static_cast<std::uint64_t>(context.known(target).counts.rows), "row"));
  }

 private:
  static std::string row_hash(const TargetPlan& target) {
    return postgres::best_row_hash(target.inventory.version_num);
  }

  static void keep(StepContext& context, const TargetPlan& target, const std::string& side,
                   const Fingerprint& print) {
    write_file_durably(context.journal.files().fingerprint(target.service, side),
                       json::pretty(to_json(print)));
  }

  // What the applications have changed in such a way that nobody can read it any more as it was.
  static void leave_out(StepContext& context, const TargetPlan& target,
                        const std::map<std::string, std::set<std::string>>& changed, Fingerprint& old,
                        Fingerprint& now) {
    std::vector<std::string> names;
    for (const auto& [database, tables] : changed)
      for (const std::string& table : tables) {
        const bool known = old.databases[database].tables.erase(table) > 0;
        if (now.databases[database].tables.erase(table) > 0 || known)
          names.push_back(fmt::format("{} of database \"{}\"", printable(table), printable(database)));
      }
    if (names.empty()) return;
    context.warn(
        "W-ROWS-NOT-COMPARED",
        fmt::format("{} of service \"{}\" could not be compared: the applications have dropped, renamed, "
                    "truncated or rewritten them since: {}",
                    plural(names.size(), "table"), target.service, printable(join(names, ", "), 1000)));
  }

  static Fingerprint read_old(StepContext& context, const TargetPlan& target) {
    WorkServer server(context, target, Side::old);
    server.stop();  // one that an earlier attempt has left
    std::int64_t done = 0;
    const auto connection = server.start(read_only_settings());
    context.reach("old-server-started");
    Fingerprint print = server.used_by([&] {
      return connection->fingerprint(
          row_hash(target), context.plan().jobs, [&](const std::string& database, const std::string&) {
            context.progress("old rows of " + database, ++done, 0, Progress::Unit::items);
          });
    });
    server.stop();
    return only_rows(std::move(print));
  }

  static void miss(StepContext& context, const TargetPlan& target) {
    context.learn(target, [](TargetState& state) { state.rows_compared = RowsCompared::missed; });
    context.warn(
        "W-ROWS-NOT-COMPARED",
        fmt::format("the rows of service \"{}\" were not compared: the process that held them as they were "
                    "before the applications came back has ended; the new cluster has the very files of the "
                    "copy, and all else was found identical",
                    target.service));
  }

  [[noreturn]] static void refuse(StepContext& context, const TargetPlan& target) {
    throw Error(
        ErrorKind::difference, "E-DIFFERENCE",
        fmt::format("the rows of service \"{}\" differ from the old ones: {}", target.service,
                    context.known(target).row_differences),
        "stop the applications, then: pgupgrade rollback --discard-new-writes brings the old cluster back");
  }

  std::shared_ptr<LiveRows> live_;
};

}  // namespace

std::unique_ptr<Step> make_compare_rows_step(std::shared_ptr<LiveRows> live) {
  return std::make_unique<CompareRowsStep>(std::move(live));
}

}  // namespace pgupgrade::upgrade
