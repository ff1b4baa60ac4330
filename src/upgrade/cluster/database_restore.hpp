#pragma once

#include <string>
#include <vector>

#include "upgrade/cluster/dump_files.hpp"
#include "upgrade/cluster/old_cluster.hpp"
#include "upgrade/cluster/work_server.hpp"

namespace pgupgrade::upgrade {

// How the databases of a target come out of their dump files into its new server.
class DatabaseRestore {
 public:
  // Reads what the dumps hold, of databases with materialized views (they are computed anew after all else,
  // and those that read a foreign table not before the service has its network; a note tells) or with key
  // states.
  DatabaseRestore(StepContext& context, const TargetPlan& target, WorkServer& server,
                  const std::vector<DumpedDatabase>& databases, const OldCluster& old_cluster);

  // Lists of objects that the restore goes by, for write_dump_files.
  std::map<std::string, std::string> files() const;

  // Once those files are there, and the roles.
  void carry_out();

 private:
  // Names of files in the dump volume; empty when there is nothing to keep apart.
  struct Lists {
    std::string post_data;
    std::string views;
  };

  void split(const DumpedDatabase& database, const std::string& listing);
  bool needs_statements(const DumpedDatabase& database) const;
  void add(const DumpedDatabase& database, std::vector<std::string> argv, WorkServer::Values values);
  void run_pending();
  void run_statements(const DumpedDatabase& database);

  StepContext& context_;
  const TargetPlan& target_;
  WorkServer& server_;
  const std::vector<DumpedDatabase>& databases_;
  const OldCluster& old_cluster_;
  std::map<std::string, Lists> lists_;        // by the database's directory
  std::map<std::string, std::string> files_;  // of the lists, with their contents
  std::vector<ClientCommand> pending_;
};

}  // namespace pgupgrade::upgrade
