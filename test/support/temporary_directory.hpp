#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>

namespace pgupgrade::test {

// A new, empty directory of a name of its own in `parent`; nobody removes it.
inline std::filesystem::path new_directory(
    const std::string& prefix, const std::filesystem::path& parent = std::filesystem::temp_directory_path()) {
  std::string pattern = (parent / (prefix + "-XXXXXX")).native();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("could not create " + pattern);
  return pattern;
}

// A new directory of this test alone, removed with all that is in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() = default;
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }

  // Makes the directories on the way as well; gives the file's path.
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    const auto file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }
  std::string read(const std::string& name) const {
    std::ifstream in(path_ / name, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

 private:
  std::filesystem::path path_ = new_directory("pgupgrade-test");
};

}  // namespace pgupgrade::test
