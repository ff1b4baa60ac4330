#include "upgrade/cluster/shared_files.hpp"

#include <fmt/format.h>

#include <charconv>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/data/aside.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr const char* kInodesScript =
    "for directory; do cd \"$directory\" || exit; echo \"== $directory\"; find base -type f -exec stat -c "
    "'%i %n' {} "
    "+ || exit; done; echo end";

struct BothInodes {
  Inodes copy;
  Inodes fresh;
};

BothInodes read_inodes(StepContext& context, const TargetPlan& target) {
  WorkSpec spec = aside_work(context, target, "inodes", new_image_id(context, target),
                             {"sh", "-c", kInodesScript, "sh", copy_in_aside(), new_data_in_aside(target)});
  spec.last_line = "end";
  const auto result = run_work_checked(context.world, spec, "E-LISTING",
                                       fmt::format("list the files of service \"{}\"", target.service));
  BothInodes both;
  Inodes* now = &both.copy;
  for (const std::string& line : split_lines(result.standard_output)) {
    if (line == "== " + new_data_in_aside(target)) now = &both.fresh;
    const std::size_t space = line.find(' ');
    std::uint64_t inode = 0;
    if (line.starts_with("== ") || space == std::string::npos ||
        std::from_chars(line.data(), line.data() + space, inode).ec != std::errc{})
      continue;
    now->emplace(line.substr(space + 1), inode);
  }
  return both;
}

// Whether `path` is the file `first` or one that belongs to it.
bool belongs_to(const std::string& path, const std::string& first) {
  return path.starts_with(first) &&
         (path.size() == first.size() || path[first.size()] == '.' || path[first.size()] == '_');
}

}  // namespace

std::vector<std::string> files_apart(const std::map<std::string, std::string>& old_files,
                                     const std::map<std::string, std::string>& new_files,
                                     const Inodes& old_inodes, const Inodes& new_inodes) {
  std::vector<std::string> apart;
  for (const auto& [oid, first] : old_files) {
    const auto fresh = new_files.find(oid);
    bool any = false;
    for (auto file = old_inodes.lower_bound(first);
         file != old_inodes.end() && file->first.starts_with(first); ++file) {
      if (!belongs_to(file->first, first)) continue;
      any = true;
      const auto same = fresh == new_files.end()
                            ? new_inodes.end()
                            : new_inodes.find(fresh->second + file->first.substr(first.size()));
      if (same == new_inodes.end() || same->second != file->second) apart.push_back(file->first);
    }
    if (!any) apart.push_back(first);
  }
  return apart;
}

void prove_shared_files(StepContext& context, const TargetPlan& target, postgres::Server& connection,
                        const OldCluster& old_cluster) {
  const BothInodes inodes = read_inodes(context, target);
  std::vector<std::string> apart;
  for (const auto& [name, database] : old_cluster.copied) {
    const auto found =
        files_apart(database.files, connection.relation_files(name), inodes.copy, inodes.fresh);
    apart.insert(apart.end(), found.begin(), found.end());
  }
  if (apart.empty()) return;
  constexpr std::size_t kShown = 5;
  const std::size_t count = apart.size();
  apart.resize(std::min(count, kShown));
  throw Error(ErrorKind::difference, "E-DIFFERENCE",
              fmt::format("{} of service \"{}\" are not those of its copy: {}", plural(count, "file"),
                          target.service, join(apart, ", ")),
              "pgupgrade rollback brings the old cluster back; then report this");
}

}  // namespace pgupgrade::upgrade
