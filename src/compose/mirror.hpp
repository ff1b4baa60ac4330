#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>

namespace pgupgrade::compose {

// A private tree of symbolic links in which some files have other bytes: every absolute path P of the host
// is found at root() + P. So Compose reads a project as it would be after an edit, all its relative paths
// resolve, the directory keeps the name that the project's name may come from, and the user's own
// directories are not written to. Removed on destruction.
class Mirror {
 public:
  explicit Mirror(const std::map<std::string, std::string>& contents);  // absolute path -> bytes
  Mirror(const Mirror&) = delete;
  Mirror& operator=(const Mirror&) = delete;
  ~Mirror();

  const std::string& root() const { return root_; }  // without a slash at its end
  std::filesystem::path at(const std::filesystem::path& absolute) const;

 private:
  void add(const std::filesystem::path& absolute, const std::string& bytes);
  void open_directory(const std::filesystem::path& original);

  std::string root_;
  std::set<std::string> opened_;  // directories of the mirror that are its own
};

}  // namespace pgupgrade::compose
