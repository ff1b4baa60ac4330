#pragma once

#include <set>
#include <string>

#include "backup/tar_reader.hpp"

namespace pgupgrade::backup {

// Watches the members of one archive as they go by: cuts off the first component, which all must share, and
// throws "E-BACKUP-HOSTILE" for a member that is a device or would be put outside of the directory (absolute,
// "..", below a symbolic link of the archive, a hard link to such a place), "E-BACKUP-DAMAGED" for a name
// that comes twice.
class MemberGuard {
 public:
  Entry admit(const Member& member);

 private:
  std::string inside(const std::string& name, const std::string& of) const;
  void check_parents(const std::string& path) const;

  std::string top_;
  bool top_known_ = false;
  std::set<std::string> paths_;
  std::set<std::string> symbolic_links_;
};

}  // namespace pgupgrade::backup
