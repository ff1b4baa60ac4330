#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pgupgrade::test {

// A file, directory or symbolic link of a simulated volume.
struct Node {
  enum class Kind { file, directory, link };
  Kind kind = Kind::file;
  std::string content;
  unsigned mode = 0600;
  std::int64_t uid = 0;
  std::int64_t gid = 0;
  std::int64_t mtime = 0;
  std::string link;
  bool operator==(const Node&) const = default;
};

// Path relative to the root ("." for itself, "base/1") -> node.
using Tree = std::map<std::string, Node>;

Tree empty_tree();
std::string join_path(const std::string& directory, const std::string& name);
std::string parent_path(const std::string& path);
bool exists(const Tree& tree, const std::string& path);
// Creates missing parents as directories of the file's owner.
void put_file(Tree& tree, const std::string& path, const std::string& content, unsigned mode,
              std::int64_t uid, std::int64_t gid, std::int64_t mtime);
void put_directory(Tree& tree, const std::string& path, unsigned mode, std::int64_t uid, std::int64_t gid,
                   std::int64_t mtime);
// Everything below `directory`, but not itself.
std::vector<std::string> below(const Tree& tree, const std::string& directory);
void clear_below(Tree& tree, const std::string& directory);
// Gives the directory and all below it to an owner.
void own(Tree& tree, const std::string& directory, const std::string& owner);

// The engine's archive of `path`: members begin with its last component, `top`.
std::string archive_tree(const Tree& tree, const std::string& path, const std::string& top);
// As the engine extracts below `directory`: numeric owners and modes kept, `directory` itself left alone.
void extract_archive(Tree& tree, const std::string& directory, std::string_view tar);

// Differences but those in the root's mtime, a line each; for messages of tests.
std::string tree_differences(const Tree& expected, const Tree& actual);

}  // namespace pgupgrade::test
