#include "compose/mirror.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"

namespace pgupgrade::compose {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const std::string& what, const std::string& reason) {
  throw Error(ErrorKind::failed, "E-FILE", fmt::format("could not create {}: {}", what, reason),
              "set TMPDIR to a directory that you can write to");
}

std::string make_root() {
  std::error_code error;
  const fs::path base = fs::temp_directory_path(error);
  if (error) fail("a temporary directory", error.message());
  std::string pattern = (fs::absolute(base) / "pgupgrade-XXXXXX").lexically_normal().string();
  if (::mkdtemp(pattern.data()) == nullptr) fail(pattern, std::strerror(errno));
  return pattern;
}

}  // namespace

Mirror::Mirror(const std::map<std::string, std::string>& contents) : root_(make_root()) {
  try {
    for (const auto& [path, bytes] : contents) add(path, bytes);
  } catch (...) {
    remove_tree(root_);
    throw;
  }
}

Mirror::~Mirror() {
  try {
    remove_tree(root_);
  } catch (const std::exception&) {
    // A destructor has nobody to tell; the directory is private and in the temporary place.
  }
}

fs::path Mirror::at(const fs::path& absolute) const {
  return root_ + absolute.lexically_normal().string();
}

void Mirror::add(const fs::path& absolute, const std::string& bytes) {
  const fs::path normal = absolute.lexically_normal();
  fs::path original = normal.root_path();
  open_directory(original);
  for (const fs::path& part : normal.parent_path().relative_path()) {
    original /= part;
    open_directory(original);
  }
  const fs::path copy = at(normal);
  std::error_code error;
  fs::remove(copy, error);
  write_file_durably(copy, bytes);
}

// Makes the mirror's counterpart a directory of its own, with a link to each entry of the original. What we
// may not list is not linked: Compose could reach it only by its exact name, and then says so.
void Mirror::open_directory(const fs::path& original) {
  const fs::path copy = at(original);
  std::error_code error;
  if (!opened_.insert(copy.string()).second) return;
  if (original != original.root_path()) {
    fs::remove(copy, error);  // the link that its parent got
    fs::create_directory(copy, error);
    if (error) fail(copy.string(), error.message());
  }
  for (fs::directory_iterator entry(original, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    fs::create_symlink(entry->path(), copy / entry->path().filename(), ignored);
  }
}

}  // namespace pgupgrade::compose
