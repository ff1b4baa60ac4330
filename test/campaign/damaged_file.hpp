// Files whose bytes are changed behind the product's back.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace pgupgrade::test::campaign {

// One way in which a file gets damaged.
struct Damage {
  std::string name;
  std::function<std::optional<std::string>(std::string)> of;  // the new bytes; nothing: the file is gone
};

// A bit of the first, the second, the middle and the last byte and of `random_bits` others, a page of zeros,
// cut ends, bytes at the end, an empty file, no file. The same for the same size, in every run.
std::vector<Damage> all_damages(std::size_t size, std::size_t random_bits);
// One of each kind that a reader may treat differently.
std::vector<Damage> few_damages(std::size_t size);

// The file is damaged while this lives, and then as it was: bytes, mode, owner and times.
class DamagedFile {
 public:
  DamagedFile(std::filesystem::path path, const Damage& damage);
  ~DamagedFile();
  DamagedFile(const DamagedFile&) = delete;
  DamagedFile& operator=(const DamagedFile&) = delete;

 private:
  std::filesystem::path path_;
  std::filesystem::path kept_;  // the intact file, under another name
};

}  // namespace pgupgrade::test::campaign
