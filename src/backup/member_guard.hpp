#pragma once

#include <map>
#include <set>
#include <string>

#include "backup/tar_reader.hpp"

namespace pgupgrade::backup {

// Watches the members of one archive as they go by: cuts off the first component, which all must share, and
// throws "E-BACKUP-HOSTILE" for a member that is a device or could be put outside of the directory (absolute,
// "..", not in the plain form of its path, below a symbolic link of the archive, a hard link to such a
// place), "E-BACKUP-DAMAGED" for a name that comes twice, a member below one that is no directory, and a hard
// link to nothing that came before.
class MemberGuard {
 public:
  Entry admit(const Member& member);

 private:
  std::string inside(const std::string& name, const std::string& of) const;
  void check_parents(const std::string& path) const;
  void check_goal(const Entry& link) const;
  void remember(const Entry& entry);

  std::string top_;
  bool top_known_ = false;
  std::map<std::string, Entry::Kind> kinds_;  // by path
  std::set<std::string> parents_;             // in which a member lies
};

}  // namespace pgupgrade::backup
