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

// "a//b" and "a/./b" name what "a/b" names, which would slip past all that goes by the path.
bool is_plain(std::string_view name) {
  while (!name.empty()) {
    const std::size_t end = name.find('/');
    const std::string_view component = name.substr(0, end);
    if (component.empty() || component == ".") return false;
    if (end == std::string_view::npos) return true;
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
  if (name != "." && !is_plain(name)) {
    throw_hostile(fmt::format("the archive's member {} names its path in another way than the plain one: {}",
                              printable(of), printable(name)));
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
    const std::string parent = path.substr(0, slash);
    const auto found = kinds_.find(parent);
    if (found == kinds_.end() || found->second == Entry::Kind::directory) continue;
    if (found->second == Entry::Kind::symbolic_link) {
      throw_hostile(fmt::format("the archive's member {} lies behind the symbolic link {}", printable(path),
                                printable(parent)));
    }
    throw_damaged(fmt::format("the archive's member {} lies in {}, which is not a directory", printable(path),
                              printable(parent)));
  }
}

void MemberGuard::check_goal(const Entry& link) const {
  check_parents(link.link);
  const auto goal = kinds_.find(link.link);
  if (goal == kinds_.end() || goal->second == Entry::Kind::directory) {
    throw_damaged(fmt::format("the archive's member {} is a hard link to {}, which is not a file before it",
                              printable(link.path), printable(link.link)));
  }
  if (goal->second == Entry::Kind::symbolic_link) {
    throw_hostile(fmt::format("the archive's member {} is a hard link to the symbolic link {}",
                              printable(link.path), printable(link.link)));
  }
}

void MemberGuard::remember(const Entry& entry) {
  if (!kinds_.emplace(entry.path, entry.kind).second) {
    throw_damaged(fmt::format("the archive holds {} twice", printable(entry.path)));
  }
  if (entry.kind != Entry::Kind::directory && parents_.contains(entry.path)) {
    throw_damaged(fmt::format("the archive's member {} is not a directory, but others are in it",
                              printable(entry.path)));
  }
  for (std::size_t slash = entry.path.rfind('/'); slash != std::string::npos && slash > 0;
       slash = entry.path.rfind('/', slash - 1)) {
    if (!parents_.insert(entry.path.substr(0, slash)).second) break;  // and so are those above it
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
    check_goal(entry);
  }
  remember(entry);
  return entry;
}

}  // namespace pgupgrade::backup
