#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "pgupgrade/backup/archive.hpp"
#include "upgrade/cluster/old_cluster.hpp"
#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// What a dump leaves behind in the data directory: pg_hba.conf, pg_ident.conf, postgresql.auto.conf, and
// files and links that are not PostgreSQL's own (certificates, included configuration).
struct CarriedFile {
  std::string content;
  unsigned mode = 0600;
  std::string link;  // goal of a symbolic link
};

// Copies them from the old data directory, of whose mount `entries` is a listing, into the run's directory.
// By path relative to the data directory. What is left out is told.
std::map<std::string, SavedFile> save_configuration(StepContext& context, const TargetPlan& target,
                                                    const std::vector<backup::Entry>& entries);

// Error(failed, "E-DUMP-DAMAGED") names the first saved file that is not as recorded.
void verify_carried(StepContext& context, const TargetPlan& target, const OldCluster& old_cluster);

// Path relative to the data directory -> file, as saved, verified.
std::map<std::string, CarriedFile> saved_configuration(StepContext& context, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
