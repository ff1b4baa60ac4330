// A file system that is full when the campaign wants it to be.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace pgupgrade::test::campaign {

// An ext4 of its own in a file, mounted below a temporary directory; needs root. Whatever happens, it is
// unmounted and removed when this is gone.
class SmallDisk {
 public:
  explicit SmallDisk(int mebibytes);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  std::filesystem::path operator/(const std::filesystem::path& file) const { return root() / file; }
  std::filesystem::path root() const { return directory_ / "mount"; }

  // Another writer takes all its room but so many bytes; and gives it back.
  void fill(std::uint64_t left = 0) const;
  void free_up() const;

 private:
  std::filesystem::path directory_;
};

// One directory seen in the place of another, for everybody in this mount namespace, while this lives.
class MountedOver {
 public:
  MountedOver(const std::filesystem::path& directory, std::filesystem::path place);
  ~MountedOver();
  MountedOver(const MountedOver&) = delete;
  MountedOver& operator=(const MountedOver&) = delete;

 private:
  std::filesystem::path place_;
};

}  // namespace pgupgrade::test::campaign
