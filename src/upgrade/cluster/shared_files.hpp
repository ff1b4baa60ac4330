#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "pgupgrade/postgres/server.hpp"
#include "upgrade/cluster/old_cluster.hpp"
#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// A proof that pg_upgrade has not touched a row: what it links is the same file in copy and new cluster.

// Path within a data directory -> inode.
using Inodes = std::map<std::string, std::uint64_t>;

// Of the relations of one database (oid -> first file, in the old and in the new cluster) the files of the
// old that are not the same in the new: the first file, its further segments (".1"), free space and
// visibility maps. By path in the old cluster.
std::vector<std::string> files_apart(const std::map<std::string, std::string>& old_files,
                                     const std::map<std::string, std::string>& new_files,
                                     const Inodes& old_inodes, const Inodes& new_inodes);

// Error(difference, "E-DIFFERENCE") names the first files that are not shared. `connection` is to the new
// server.
void prove_shared_files(StepContext& context, const TargetPlan& target, postgres::Server& connection,
                        const OldCluster& old_cluster);

}  // namespace pgupgrade::upgrade
