// What a run's state is written and read by; the report of a run shares parts of it.
#pragma once

#include <array>

#include "model/fields.hpp"
#include "model/plan_fields.hpp"
#include "pgupgrade/model/run_state.hpp"

namespace pgupgrade {

inline constexpr std::array<fields::Text<Direction>, 2> texts_of(Direction) {
  return {{{Direction::forward, "forward"}, {Direction::back, "back"}}};
}

inline constexpr std::array<fields::Text<StepPhase>, 4> texts_of(StepPhase) {
  return {{{StepPhase::started, "started"},
           {StepPhase::done, "done"},
           {StepPhase::undo_started, "undo_started"},
           {StepPhase::undone, "undone"}}};
}

inline constexpr std::array<fields::Text<RunOutcome>, 4> texts_of(RunOutcome) {
  return {{{RunOutcome::unfinished, "unfinished"},
           {RunOutcome::succeeded, "succeeded"},
           {RunOutcome::rolled_back, "rolled_back"},
           {RunOutcome::cleaned, "cleaned"}}};
}

inline constexpr std::array<fields::Text<Until>, 4> texts_of(Until) {
  return {{{Until::end, "end"},
           {Until::prepared, "prepared"},
           {Until::dumped, "dumped"},
           {Until::wiped, "wiped"}}};
}

template <class Archive, fields::Of<TargetRecord> T>
void describe(Archive& archive, T& value) {
  archive("phase", value.phase);
  archive("attempt", value.attempt);
}

template <class Archive, fields::Of<StepRecord> T>
void describe(Archive& archive, T& value) {
  archive("step", value.step);
  archive("phase", value.phase);
  archive("attempt", value.attempt);
  archive("started_ms", value.started_ms);
  archive("ended_ms", value.ended_ms);
  archive("data", value.data);
  archive.optional("targets", value.targets);
}

inline constexpr std::array<fields::Text<OldData>, 5> texts_of(OldData) {
  return {{{OldData::in_place, "in_place"},
           {OldData::leaving, "leaving"},
           {OldData::stayed, "stayed"},
           {OldData::returning, "returning"},
           {OldData::returned, "returned"}}};
}

template <class Archive, fields::Of<NewImage> T>
void describe(Archive& archive, T& value) {
  archive("id", value.id);
  archive("version", value.version);
  archive("owner", value.owner);
  archive("builder", value.builder);
  archive.optional("settings_known", value.settings_known);
  archive.optional("unknown_settings", value.unknown_settings);
}

template <class Archive, fields::Of<BackupState> T>
void describe(Archive& archive, T& value) {
  archive("archive_sha256", value.archive_sha256);
  archive("archive_bytes", value.archive_bytes);
  archive("manifest_sha256", value.manifest_sha256);
  archive("damaged", value.damaged);
}

template <class Archive, fields::Of<ContentCounts> T>
void describe(Archive& archive, T& value) {
  archive("tables", value.tables);
  archive("rows", value.rows);
  archive("sequences", value.sequences);
  archive("roles", value.roles);
}

inline constexpr std::array<fields::Text<RowsCompared>, 4> texts_of(RowsCompared) {
  return {{{RowsCompared::by_plan, "by_plan"},
           {RowsCompared::identical, "identical"},
           {RowsCompared::different, "different"},
           {RowsCompared::missed, "missed"}}};
}

inline constexpr std::array<fields::Text<GivenUp>, 3> texts_of(GivenUp) {
  return {{{GivenUp::no, "no"}, {GivenUp::going_back, "going_back"}, {GivenUp::back, "back"}}};
}

template <class Archive, fields::Of<TargetState> T>
void describe(Archive& archive, T& value) {
  archive("image", value.image);
  archive.optional("old_owner", value.old_owner);
  archive("logins", value.logins);
  archive("logins_repeated", value.logins_repeated);
  archive("old_started_at", value.old_started_at);
  archive("backup", value.backup);
  archive("old_data", value.old_data);
  archive.optional("accepted_differences", value.accepted_differences);
  archive("old_cluster_sha256", value.old_cluster_sha256);
  archive("old_fingerprint_sha256", value.old_fingerprint_sha256);
  archive("dump_sha256", value.dump_sha256);
  archive("counts", value.counts);
  archive("not_analyzed", value.not_analyzed);
  archive("next_transaction", value.next_transaction);
  archive.optional("copied_checkpoint", value.copied_checkpoint);
  archive.optional("same_libc", value.same_libc);
  archive.optional("rows_compared", value.rows_compared);
  archive.optional("row_differences", value.row_differences);
  archive.optional("given_up", value.given_up);
  archive.optional("failure", value.failure);
}

template <class Archive, fields::Of<RunState> T>
void describe(Archive& archive, T& value) {
  archive("format", value.format);
  archive("generation", value.generation);
  archive("direction", value.direction);
  archive("outcome", value.outcome);
  archive.optional("until", value.until);
  archive("created_ms", value.created_ms);
  archive.optional("turned_back_ms", value.turned_back_ms);
  archive("plan", value.plan);
  archive("steps", value.steps);
  archive.optional("targets", value.targets);
}

}  // namespace pgupgrade
