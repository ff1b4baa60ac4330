#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/json.hpp"
#include "upgrade/cluster/dump_files.hpp"
#include "upgrade/cluster/extension_members.hpp"
#include "upgrade/cluster/old_cluster.hpp"
#include "upgrade/cluster/planned_changes.hpp"
#include "upgrade/cluster/planned_cluster.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/data/aside.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

// The new cluster's fingerprint against the old one's. Success is never reported while they differ.
class VerifyStep final : public TargetStep {
 public:
  std::string_view name() const override { return "verify"; }
  std::vector<Point> passes() const override { return {Point::proves}; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [](const TargetPlan&) { return std::string("fingerprint, old against new"); });
  }

  Artefacts artefacts(const RunFiles& files, const Plan&, const TargetPlan& target) const override {
    return {.files = {files.fingerprint(target.service, "new")}, .volumes = {}};
  }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    WorkServer server(context, target, Side::fresh);
    const Fingerprint now = server.used_by([&] { return verify(context, target, server); });
    // A server that is killed after it was found equal recovers without its unlogged rows.
    const auto control = server.stop();
    context.learn(target, [&](TargetState& state) {
      // Nothing of ours runs on it from here on, and the service comes next.
      if (control) state.next_transaction = control->next_transaction;
      state.counts = {.tables = now.table_count(),
                      .rows = now.row_count(),
                      .sequences = now.sequence_count(),
                      .roles = now.role_count()};
      if (context.plan().verify == Verify::deferred && !defers_rows(context, target))
        state.rows_compared = RowsCompared::identical;
    });
    context.record(target, "identical", "yes");
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    return context.recorded(target, "identical");
  }

  std::string detail_of(StepContext& context, const TargetPlan& target) override {
    const ContentCounts& counts = context.known(target).counts;
    return fmt::format("{}, {}: identical", plural(static_cast<std::uint64_t>(counts.tables), "table"),
                       compared_rows(context.plan(), context.known(target))
                           ? plural(static_cast<std::uint64_t>(counts.rows), "row")
                       : defers_rows(context, target) ? "rows later"
                                                      : "rows not read");
  }

 private:
  // The rows of these come from another server, which only the service itself can ask.
  static void leave_out_remote_views(StepContext& context, const TargetPlan& target, Fingerprint& old,
                                     Fingerprint& now) {
    for (const auto& [database, views] : read_old_cluster(context, target).remote_views) {
      for (const auto& view : views) {
        for (Fingerprint* side : {&old, &now}) {
          DatabasePrint& print = side->databases[database];
          print.tables.erase(view.name);
          const auto object = print.objects.find("materialized view " + view.quoted);
          if (object != print.objects.end()) object->second.erase("relispopulated");
        }
      }
    }
  }

  // By a rehearsal the user knew them beforehand.
  static std::vector<std::string> unaccepted_differences(StepContext& context, const TargetPlan& target,
                                                         const Fingerprint& old, const Fingerprint& now) {
    constexpr std::size_t kTold = 50;
    const auto& accepted = context.known(target).accepted_differences;
    std::vector<std::string> found = differences(old, now, accepted.size() + kTold);
    std::erase_if(found, [&](const std::string& difference) {
      return std::find(accepted.begin(), accepted.end(), difference) != accepted.end();
    });
    return found;
  }

  static Fingerprint verify(StepContext& context, const TargetPlan& target, WorkServer& server) {
    Fingerprint old = old_fingerprint(context, target);
    std::int64_t done = 0;
    const auto connection = server.ensure();
    // The old cluster was compared without them, too; they are back in their extensions once it is found
    // equal.
    const bool as_dumped = is_dumped(context.plan());
    if (as_dumped) take_members_out(*connection, target);
    Fingerprint now = connection->fingerprint(
        old.row_hash, context.plan().jobs, [&](const std::string& database, const std::string&) {
          context.progress("fingerprint of " + database, ++done, old.table_count(), Progress::Unit::items);
        });
    write_file_durably(context.journal.files().fingerprint(target.service, "new"),
                       json::pretty(to_json(now)));
    context.reach("fingerprint-taken");
    connection->settle_expressions(old, now);
    leave_out_remote_views(context, target, old, now);
    expect_planned_changes(context.plan(), target, old, now);
    auto wrong = unaccepted_differences(context, target, old, now);
    if (as_dumped && wrong.empty()) {
      put_members_back(*connection, target);
      context.reach("members-back");
    }
    if (wrong.empty())
      wrong = missing_member_changes(*connection, target, as_dumped ? Whose::all : Whose::initdb);
    if (!wrong.empty()) {
      throw Error(ErrorKind::difference, "E-DIFFERENCE",
                  fmt::format("the new cluster of service \"{}\" differs from the old one: {}",
                              target.service, join(wrong, "; ")),
                  is_rehearsal(context.plan())
                      ? "report this; the old cluster is untouched"
                      : "pgupgrade rollback brings the old cluster back; then report this");
    }
    return now;
  }
};

}  // namespace

std::unique_ptr<Step> make_verify_step() {
  return std::make_unique<VerifyStep>();
}

}  // namespace pgupgrade::upgrade
