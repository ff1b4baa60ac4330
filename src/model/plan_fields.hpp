#pragma once

#include <array>

#include "model/facts_fields.hpp"
#include "model/fields.hpp"
#include "model/inventory_fields.hpp"
#include "pgupgrade/model/plan.hpp"

namespace pgupgrade {

inline constexpr std::array<fields::Text<PasswordAction>, 2> texts_of(PasswordAction) {
  return {{{PasswordAction::to_scram, "scram-sha-256"}, {PasswordAction::keep_md5, "md5"}}};
}

inline constexpr std::array<fields::Text<Verify>, 3> texts_of(Verify) {
  return {{{Verify::full, "full"}, {Verify::deferred, "deferred"}, {Verify::catalog, "catalog"}}};
}

inline constexpr std::array<fields::Text<Backup>, 2> texts_of(Backup) {
  return {{{Backup::tar, "tar"}, {Backup::aside, "aside"}}};
}

inline constexpr std::array<fields::Text<Point>, 8> texts_of(Point) {
  return {{{Point::stops_clients, "stops_clients"},
           {Point::stops_server, "stops_server"},
           {Point::replaces_data, "replaces_data"},
           {Point::fills_place, "fills_place"},
           {Point::proves, "proves"},
           {Point::declares, "declares"},
           {Point::serves, "serves"},
           {Point::releases_clients, "releases_clients"}}};
}

inline constexpr std::array<fields::Text<Phase>, 3> texts_of(Phase) {
  return {{{Phase::prepare, "prepare"}, {Phase::window, "window"}, {Phase::after, "after"}}};
}

inline constexpr std::array<fields::Text<CheckOutcome>, 5> texts_of(CheckOutcome) {
  return {{{CheckOutcome::passed, "passed"},
           {CheckOutcome::postponed, "postponed"},
           {CheckOutcome::noted, "noted"},
           {CheckOutcome::warned, "warned"},
           {CheckOutcome::refused, "refused"}}};
}

template <class Archive, fields::Of<CheckLine> T>
void describe(Archive& archive, T& value) {
  archive("title", value.title);
  archive("codes", value.codes);
  archive("outcome", value.outcome);
  archive("services", value.services);
}

template <class Archive, fields::Of<StepPlan> T>
void describe(Archive& archive, T& value) {
  archive("name", value.name);
  archive("phase", value.phase);
  archive("passes", value.passes);
}

template <class Archive, fields::Of<ProjectLocation> T>
void describe(Archive& archive, T& value) {
  archive("files", value.files);
  archive("project_name", value.project_name);
  archive("profiles", value.profiles);
  archive("env_files", value.env_files);
}

template <class Archive, fields::Of<RolePlan> T>
void describe(Archive& archive, T& value) {
  archive("role", value.role);
  archive("action", value.action);
  archive("origin", value.origin);
}

template <class Archive, fields::Of<RoleGrant> T>
void describe(Archive& archive, T& value) {
  archive("role", value.role);
  archive("member", value.member);
  archive("fresh", value.fresh);
}

template <class Archive, fields::Of<AsidePlan> T>
void describe(Archive& archive, T& value) {
  archive("mount", value.mount);
  archive("directory", value.directory);
  archive("data_directory", value.data_directory);
  archive.optional("copied", value.copied);
  archive.optional("copied_because", value.copied_because);
}

template <class Archive, fields::Of<TargetPlan> T>
void describe(Archive& archive, T& value) {
  archive("service", value.service);
  archive("container_id", value.container_id);
  archive("container_name", value.container_name);
  archive("restart", value.restart);
  archive("old_version", value.old_version);
  archive("old_major", value.old_major);
  archive("new_major", value.new_major);
  archive("old_image", value.old_image);
  archive("old_image_id", value.old_image_id);
  archive("new_image", value.new_image);
  archive("data_mount", value.data_mount);
  archive("other_mounts", value.other_mounts);
  archive("data_volume", value.data_volume);
  archive("old_pgdata", value.old_pgdata);
  archive("new_data_target", value.new_data_target);
  archive("new_pgdata", value.new_pgdata);
  archive("custom_pgdata", value.custom_pgdata);
  archive.optional("keeps_old", value.keeps_old);
  archive("environment", value.environment);
  archive("user", value.user);
  archive("shm_bytes", value.shm_bytes);
  archive("inventory", value.inventory);
  archive("roles", value.roles);
  archive("dropped_settings", value.dropped_settings);
  archive("data_bytes", value.data_bytes);
  archive.optional("role_grants", value.role_grants);
  archive.optional("aside", value.aside);
  archive.optional("run_line", value.run_line);
  archive.optional("old_run_line", value.old_run_line);
  archive.optional("old_libc", value.old_libc);
}

template <class Archive, fields::Of<DiskNeed> T>
void describe(Archive& archive, T& value) {
  archive("place", value.place);
  archive("needed_bytes", value.needed_bytes);
  archive("free_bytes", value.free_bytes);
}

template <class Archive, fields::Of<StrategyOutlook> T>
void describe(Archive& archive, T& value) {
  archive("name", value.name);
  archive("downtime_ms", value.downtime_ms);
  archive("basis", value.basis);
  archive("room_bytes", value.room_bytes);
  archive("way_back", value.way_back);
  archive("changes", value.changes);
  archive("obstacles", value.obstacles);
}

template <class Archive, fields::Of<Hooks> T>
void describe(Archive& archive, T& value) {
  archive.optional("before_freeze", value.before_freeze);
  archive.optional("after_verify", value.after_verify);
  archive.optional("after_thaw", value.after_thaw);
}

template <class Archive, fields::Of<Rehearsal> T>
void describe(Archive& archive, T& value) {
  archive.optional("scripts", value.scripts);
  archive.optional("database", value.database);
  archive.optional("keep", value.keep);
}

template <class Archive, fields::Of<Plan> T>
void describe(Archive& archive, T& value) {
  archive("format", value.format);
  archive.optional("site", value.site);
  archive.optional("strategy", value.strategy);
  archive.optional("strategy_reason", value.strategy_reason);
  archive.optional("strategies", value.outlooks);
  archive.optional("verify", value.verify);
  archive.optional("backup", value.backup);
  archive.optional("steps", value.steps);
  archive("run_id", value.run_id);
  archive("tool_version", value.tool_version);
  archive("engine_id", value.engine_id);
  archive("engine_endpoint", value.engine_endpoint);
  archive("project", value.project);
  archive("project_directory", value.project_directory);
  archive("location", value.location);
  archive("state_root", value.state_root);
  archive.optional("backup_directory", value.backup_directory);
  archive.optional("dump_directory", value.dump_directory);
  archive("targets", value.targets);
  archive("clients", value.clients);
  archive("host_clients", value.host_clients);
  archive("edits", value.edits);
  archive.optional("edit_files", value.edit_files);
  archive.optional("to_set", value.to_set);
  archive("file_digests", value.file_digests);
  archive.optional("keep_going", value.keep_going);
  archive.optional("hooks", value.hooks);
  archive.optional("rehearsal", value.rehearsal);
  archive("password_file", value.password_file);
  archive("acknowledged", value.acknowledged);
  archive("jobs", value.jobs);
  archive("estimated_downtime_ms", value.estimated_downtime_ms);
  archive("disk", value.disk);
  archive("diagnostics", value.diagnostics);
  archive.optional("checks", value.checks);
}

}  // namespace pgupgrade
