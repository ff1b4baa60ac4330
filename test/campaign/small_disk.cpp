#include "campaign/small_disk.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <exception>
#include <system_error>

#include "campaign/campaign.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/unique_fd.hpp"
#include "support/project.hpp"
#include "support/temporary_directory.hpp"

namespace pgupgrade::test::campaign {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kBlock = 4096;
constexpr std::uint64_t kBiggestStep = std::uint64_t{64} << 20U;

// What a destructor may do. Lazily, since a case that failed leaves containers on it.
void unmount(const fs::path& place) noexcept {
  try {
    run_process({"umount", "--lazy", place.native()});
  } catch (const std::exception&) {
    // There is nobody left to tell.
  }
}

fs::path open_directory() {
  require(::geteuid() == 0, "small file systems are mounted by root only");
  const fs::path directory = new_directory("pgupgrade-disk");
  require(::chmod(directory.c_str(), 0755) == 0, "the servers' users can enter it");
  return directory;
}

}  // namespace

SmallDisk::SmallDisk(int mebibytes) : directory_(open_directory()) {
  const fs::path image = directory_ / "image";
  fs::create_directory(root());
  must_run({"truncate", "--size", fmt::format("{}M", mebibytes), image.native()});
  must_run({"mkfs.ext4", "-q", "-F", "-m", "0", image.native()});
  must_run({"mount", "-o", "loop", image.native(), root().native()});
  fs::remove(root() / "lost+found");
}

SmallDisk::~SmallDisk() {
  unmount(root());
  std::error_code ignored;
  // Where it is mounted still, only the file that it is in goes.
  fs::remove(directory_ / "image", ignored);
  fs::remove(root(), ignored);
  fs::remove(directory_, ignored);
}

void SmallDisk::fill(std::uint64_t left) const {
  const fs::path path = root() / "another-writer";
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  require(static_cast<bool>(file), "the other writer's file can be made");
  std::uint64_t size = 0;
  std::uint64_t step = kBiggestStep;
  while (step >= kBlock) {
    const bool wanted = free_bytes(root()) >= left + step;
    if (wanted && ::posix_fallocate(file.get(), static_cast<off_t>(size), static_cast<off_t>(step)) == 0)
      size += step;
    else
      step /= 2;
  }
}

void SmallDisk::free_up() const {
  fs::remove(root() / "another-writer");
}

MountedOver::MountedOver(const fs::path& directory, fs::path place) : place_(std::move(place)) {
  must_run({"mount", "--bind", directory.native(), place_.native()});
}

MountedOver::~MountedOver() {
  unmount(place_);
}

}  // namespace pgupgrade::test::campaign
