#pragma once

#include <map>
#include <string>
#include <vector>

#include "pgupgrade/postgres/server.hpp"
#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

struct SavedFile {
  std::string sha256;
  unsigned mode = 0600;  // which it had in the old data directory
  std::string link;      // goal of a symbolic link, which has no content
};

// Of one database of a copy, for what pg_upgrade makes of it.
struct CopiedDatabase {
  std::vector<std::string> missing;          // built-ins that it lacks (Server::missing_built_ins)
  std::map<std::string, std::string> files;  // Server::relation_files
};

// What the new cluster is told of the old one beside its content, however it comes by that:
// <run>/old-cluster-<service>.json.
struct OldCluster {
  // Database -> views that only the service itself, with its network, can fill.
  std::map<std::string, std::vector<postgres::RemoteView>> remote_views;
  std::map<std::string, CopiedDatabase> copied;          // by name; empty where nothing is copied
  std::map<std::string, SavedFile> carried;              // configuration in the run's directory
  std::map<std::string, std::string> all_role_settings;  // ALTER ROLE ALL SET, which pg_dumpall leaves out
  std::map<std::string, std::string> hidden_settings;    // of configuration files, those the plan hides
};

std::string old_cluster_text(const OldCluster& old_cluster);
OldCluster parse_old_cluster(const std::string& text);

// Writes the record, and its digest into what is known of the target.
void write_old_cluster(const StepContext& context, const TargetPlan& target, const OldCluster& old_cluster);

// The record as it was written, proven by its digest. Error(failed, "E-DUMP-DAMAGED") else.
OldCluster read_old_cluster(const StepContext& context, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
