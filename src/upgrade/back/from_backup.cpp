#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/points.hpp"
#include "upgrade/back/put_back.hpp"
#include "upgrade/back/way_back.hpp"
#include "upgrade/data/backup_check.hpp"
#include "upgrade/run/names.hpp"

namespace pgupgrade::upgrade {
namespace {

// What the user can do instead of a way back that ends at a damaged backup.
std::string other_ways(const RunState& state, const TargetPlan& target) {
  if (state.outcome == RunOutcome::succeeded)
    return "nothing was changed, the new cluster is in use; with an intact copy of the backup in its place: "
           "pgupgrade rollback --discard-new-writes";
  return fmt::format(
      "nothing was changed; the verified dump in volume {} holds the old data, and pgupgrade resume "
      "continues from it; with an intact copy of the backup in its place: pgupgrade rollback",
      dump_volume_name(state.plan.run_id, target.service));
}

bool backup_is_damaged(const RunState& state) {
  return std::any_of(state.targets.begin(), state.targets.end(),
                     [](const auto& target) { return target.second.backup.damaged; });
}

// Of targets whose new cluster was made beside the old one; empty when there is another.
std::string untouched_places(const Plan& plan) {
  std::vector<std::string> places;
  for (const TargetPlan& target : plan.targets) {
    if (!target.keeps_old) return {};
    places.push_back(old_directory(target));
  }
  return join(places, ", ");
}

// The backup was on its way into the old directory.
bool is_being_put_back(const Journal& journal, const TargetPlan& target) {
  return journal.target(target.service).old_data == OldData::returning;
}

class FromBackup final : public WayBack {
 public:
  void prove_for(StepContext& context, const TargetPlan& target) const override {
    if (!was_emptied(context, target)) return;
    try {
      read_backup_again(context, target);
    } catch (Error& error) {
      if (!backup::is_damage(error)) throw;
      context.learn(target, [](TargetState& state) { state.backup.damaged = true; });
      error.set_moment(Moment::going_back);
      error.set_hint(other_ways(context.journal.state(), target));
      throw;
    }
    context.learn(target, [](TargetState& state) { state.backup.damaged = false; });
  }

  std::string old_data(const RunState& state) const override {
    if (const std::string places = untouched_places(state.plan); !places.empty()) {
      if (state.outcome == RunOutcome::cleaned)
        return state.direction == Direction::back ? "the backup was removed" : "the old data was removed";
      return fmt::format("the old data ({}) is untouched: {}", old_versions(state.plan), places);
    }
    const bool damaged = backup_is_damaged(state);
    if (state.outcome == RunOutcome::cleaned)
      return state.direction == Direction::back ? "the backup was removed"
                                                : "the backup of the old data was removed";
    if (state.outcome == RunOutcome::succeeded)
      return damaged ? "the backup of the old data is damaged" : "the old data is in the backup";
    const std::string versions = old_versions(state.plan);
    if (damaged)
      return fmt::format("the old data ({}) is in the verified dump, its backup is damaged", versions);
    return fmt::format("the old data ({}) is in the verified backup{}", versions,
                       passed(state, Point::proves) ? "" : " and the verified dump");
  }

  std::string by_hand(const Journal& journal, const TargetPlan& target, const Error& error) const override {
    if (target.keeps_old && !is_being_put_back(journal, target))
      return fmt::format(
          "the old data is untouched in {}; run pgupgrade rollback again once the cause is fixed, or set "
          "image "
          "{} and PGDATA {} yourself and start the service",
          old_directory(target), target.old_image, target.old_pgdata);
    if (backup::is_damage(error))
      return fmt::format(
          "the dump of {} stays in volume {} (globals.sql and directories of pg_dump, made by PostgreSQL "
          "{}); "
          "with an intact copy of the backup in its place: pgupgrade rollback",
          data_name(target.data_mount), dump_volume_name(journal.state().plan.run_id, target.service),
          target.new_major);
    return fmt::format(
        "the old data of {} is in {} (tar, zstd; checked by pgupgrade verify-backup); run pgupgrade rollback "
        "again once the cause is fixed, or extract it into the emptied {} yourself and start the old image "
        "{}",
        data_name(target.data_mount), journal.files().archive(target.service).string(),
        data_name(target.data_mount), target.old_image);
  }
};

}  // namespace

const WayBack& from_backup() {
  static const FromBackup way;
  return way;
}

}  // namespace pgupgrade::upgrade
