#include "support/world/tree.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <memory>
#include <stdexcept>

namespace pgupgrade::test {
namespace {

using EntryHandle = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;
using WriterHandle = std::unique_ptr<archive, decltype(&archive_write_free)>;
using ReaderHandle = std::unique_ptr<archive, decltype(&archive_read_free)>;

la_ssize_t append(archive*, void* text, const void* bytes, size_t length) {
  static_cast<std::string*>(text)->append(static_cast<const char*>(bytes), length);
  return static_cast<la_ssize_t>(length);
}

void write_member(archive* writer, const std::string& name, const Node& node) {
  const EntryHandle entry(archive_entry_new(), archive_entry_free);
  archive_entry_set_pathname(entry.get(),
                             node.kind == Node::Kind::directory ? (name + "/").c_str() : name.c_str());
  archive_entry_set_perm(entry.get(), node.mode);
  archive_entry_set_uid(entry.get(), node.uid);
  archive_entry_set_gid(entry.get(), node.gid);
  archive_entry_set_mtime(entry.get(), node.mtime, 0);
  switch (node.kind) {
    case Node::Kind::directory:
      archive_entry_set_filetype(entry.get(), AE_IFDIR);
      break;
    case Node::Kind::link:
      archive_entry_set_filetype(entry.get(), AE_IFLNK);
      archive_entry_set_symlink(entry.get(), node.link.c_str());
      break;
    case Node::Kind::file:
      archive_entry_set_filetype(entry.get(), AE_IFREG);
      archive_entry_set_size(entry.get(), static_cast<la_int64_t>(node.content.size()));
  }
  if (archive_write_header(writer, entry.get()) != ARCHIVE_OK) throw std::runtime_error("simulated tar");
  if (node.kind == Node::Kind::file) archive_write_data(writer, node.content.data(), node.content.size());
}

std::string plain(std::string path) {
  while (path.starts_with("./")) path.erase(0, 2);
  while (path.ends_with("/")) path.pop_back();
  return path.empty() ? "." : path;
}

Node read_member(archive* reader, archive_entry* entry) {
  Node node;
  node.mode = archive_entry_perm(entry);
  node.uid = archive_entry_uid(entry);
  node.gid = archive_entry_gid(entry);
  node.mtime = archive_entry_mtime(entry);
  if (archive_entry_filetype(entry) == AE_IFDIR) node.kind = Node::Kind::directory;
  if (archive_entry_filetype(entry) == AE_IFLNK) {
    node.kind = Node::Kind::link;
    node.link = archive_entry_symlink(entry);
  }
  std::array<char, 16384> buffer{};
  la_ssize_t count = 0;
  while ((count = archive_read_data(reader, buffer.data(), buffer.size())) > 0) {
    node.content.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return node;
}

}  // namespace

Tree empty_tree() {
  return {{".", {.kind = Node::Kind::directory, .mode = 0755}}};
}

std::string join_path(const std::string& directory, const std::string& name) {
  return directory == "." ? name : directory + "/" + name;
}

std::string parent_path(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

bool exists(const Tree& tree, const std::string& path) {
  return tree.contains(path);
}

void put_directory(Tree& tree, const std::string& path, unsigned mode, std::int64_t uid, std::int64_t gid,
                   std::int64_t mtime) {
  if (path != "." && !exists(tree, parent_path(path)))
    put_directory(tree, parent_path(path), 0700, uid, gid, mtime);
  tree[path] = {.kind = Node::Kind::directory, .mode = mode, .uid = uid, .gid = gid, .mtime = mtime};
}

void put_file(Tree& tree, const std::string& path, const std::string& content, unsigned mode,
              std::int64_t uid, std::int64_t gid, std::int64_t mtime) {
  if (!exists(tree, parent_path(path))) put_directory(tree, parent_path(path), 0700, uid, gid, mtime);
  tree[path] = {.content = content, .mode = mode, .uid = uid, .gid = gid, .mtime = mtime};
}

std::vector<std::string> below(const Tree& tree, const std::string& directory) {
  std::vector<std::string> paths;
  for (const auto& [path, node] : tree) {
    if (path != "." && (directory == "." || path.starts_with(directory + "/"))) paths.push_back(path);
  }
  return paths;
}

void clear_below(Tree& tree, const std::string& directory) {
  for (const std::string& path : below(tree, directory)) tree.erase(path);
}

void own(Tree& tree, const std::string& directory, const std::string& owner) {
  const auto colon = owner.find(':');
  std::vector<std::string> paths = below(tree, directory);
  paths.push_back(directory);
  for (const std::string& path : paths) {
    tree.at(path).uid = std::stoll(owner.substr(0, colon));
    tree.at(path).gid = std::stoll(owner.substr(colon + 1));
  }
}

std::string archive_tree(const Tree& tree, const std::string& path, const std::string& top) {
  std::string tar;
  const WriterHandle writer(archive_write_new(), archive_write_free);
  archive_write_set_format_gnutar(writer.get());
  archive_write_set_bytes_in_last_block(writer.get(), 1);
  archive_write_open(writer.get(), &tar, nullptr, append, nullptr);
  write_member(writer.get(), top, tree.at(path));
  for (const std::string& member : below(tree, path)) {
    const std::string name = path == "." ? member : member.substr(path.size() + 1);
    write_member(writer.get(), top + "/" + name, tree.at(member));
  }
  archive_write_close(writer.get());
  return tar;
}

void extract_archive(Tree& tree, const std::string& directory, std::string_view tar) {
  const ReaderHandle reader(archive_read_new(), archive_read_free);
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_memory(reader.get(), tar.data(), tar.size()) != ARCHIVE_OK) {
    throw std::runtime_error("simulated tar");
  }
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK) {
    const std::string name = plain(archive_entry_pathname(entry));
    const Node node = read_member(reader.get(), entry);
    if (name == ".") continue;
    const std::string path = join_path(directory, name);
    if (const char* goal = archive_entry_hardlink(entry)) {
      tree[path] = tree.at(join_path(directory, plain(goal)));
      continue;
    }
    if (!exists(tree, parent_path(path))) put_directory(tree, parent_path(path), 0755, 0, 0, node.mtime);
    tree[path] = node;
  }
}

std::string tree_differences(const Tree& expected, const Tree& actual) {
  std::string text;
  for (const auto& [path, node] : expected) {
    const auto found = actual.find(path);
    if (found == actual.end()) {
      text += path + " is missing\n";
      continue;
    }
    Node other = found->second;
    if (path == ".") other.mtime = node.mtime;
    if (other != node) text += path + " differs\n";
  }
  for (const auto& [path, node] : actual) {
    if (!exists(expected, path)) text += path + " is extra\n";
  }
  return text;
}

}  // namespace pgupgrade::test
