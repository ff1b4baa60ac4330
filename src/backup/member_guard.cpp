#include "backup/member_guard.hpp"

#include <fmt/format.h>

#include <string_view>

#include "backup/errors.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::backup {

namespace {

bool climbs(std::string_view name) {
  while (!name.empty()) {
    const std::size_t end = name.find('/');
    if (name.substr(0, end) == "..") return true;
    if (end == std::string_view::npos) return false;
    name.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace

std::string MemberGuard::inside(const std::string& name, const std::string& of) const {
  if (name.empty() || name.front() == '/' || climbs(name)) {
    throw_hostile(fmt::format("the archive's member {} leads out of the directory: {}", printable(of),
                              printable(name)));
  }
  // A tar made of "." has no first component of its own: TarReader has taken its "./" away.
  if (top_ == ".") return name;
  if (name == top_) return ".";
  if (name.starts_with(top_ + "/")) return name.substr(top_.size() + 1);
  throw_hostile(fmt::format("the archive's member {} is not within {}: {}", printable(of), printable(top_),
                            printable(name)));
}

void MemberGuard::check_parents(const std::string& path) const {
  for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    if (symbolic_links_.contains(path.substr(0, slash))) {
      throw_hostile(fmt::format("the archive's member {} lies behind the symbolic link {}", printable(path),
                                printable(path.substr(0, slash))));
    }
  }
}

Entry MemberGuard::admit(const Member& member) {
  Entry entry = member.entry;
  if (!top_known_) {
    top_ = entry.path.substr(0, entry.path.find('/'));
    top_known_ = true;
  }
  entry.path = inside(member.entry.path, member.entry.path);
  if (entry.path == "." && entry.kind != Entry::Kind::directory) {
    throw_damaged(
        fmt::format("the archive's first member {} is not a directory", printable(member.entry.path)));
  }
  if (member.device) throw_hostile(fmt::format("the archive's member {} is a device", printable(entry.path)));
  check_parents(entry.path);
  if (entry.kind == Entry::Kind::hard_link) {
    entry.link = inside(member.entry.link, member.entry.path);
    check_parents(entry.link);
    if (symbolic_links_.contains(entry.link)) {
      throw_hostile(fmt::format("the archive's member {} is a hard link to the symbolic link {}",
                                printable(entry.path), printable(entry.link)));
    }
  }
  if (!paths_.insert(entry.path).second) {
    throw_damaged(fmt::format("the archive holds {} twice", printable(entry.path)));
  }
  if (entry.kind == Entry::Kind::symbolic_link) symbolic_links_.insert(entry.path);
  return entry;
}

}  // namespace pgupgrade::backup
