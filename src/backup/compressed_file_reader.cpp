#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include "backup/compressed_file.hpp"
#include "backup/errors.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/base/unique_fd.hpp"

namespace pgupgrade::backup {

namespace {

struct FreeDecompressor {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

struct CompressedFileReader::State {
  std::string name;
  UniqueFd fd;
  std::int64_t size = 0;
  Sha256 hash;
  std::int64_t bytes = 0;
  std::unique_ptr<ZSTD_DCtx, FreeDecompressor> context{ZSTD_createDCtx()};
  std::vector<char> input = std::vector<char>(ZSTD_DStreamInSize());
  ZSTD_inBuffer pending{nullptr, 0, 0};
  std::size_t frame_left = 1;  // 0: a frame has just ended

  [[noreturn]] void fail(int errno_value) const {
    throw Error(ErrorKind::failed, "E-FILE",
                fmt::format("could not read {}: {}", name, std::generic_category().message(errno_value)));
  }

  // False at the end of the file.
  bool refill() {
    for (;;) {
      const ssize_t count = ::read(fd.get(), input.data(), input.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail(errno);
      hash.update({input.data(), static_cast<std::size_t>(count)});
      bytes += count;
      pending = {input.data(), static_cast<std::size_t>(count), 0};
      return count > 0;
    }
  }
};

CompressedFileReader::CompressedFileReader(const std::filesystem::path& path)
    : state_(std::make_unique<State>()) {
  state_->name = printable(path.native(), 4096);
  state_->fd = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!state_->fd) state_->fail(errno);
  struct stat facts {};
  if (::fstat(state_->fd.get(), &facts) != 0) state_->fail(errno);
  state_->size = facts.st_size;
  // Advice only: where it is not taken, the pages are the ones that fsync has written.
  ::posix_fadvise(state_->fd.get(), 0, 0, POSIX_FADV_DONTNEED);
  ::posix_fadvise(state_->fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
}

CompressedFileReader::~CompressedFileReader() = default;

std::int64_t CompressedFileReader::size() const {
  return state_->size;
}

std::size_t CompressedFileReader::read(char* buffer, std::size_t limit) {
  State& state = *state_;
  ZSTD_outBuffer out{buffer, limit, 0};
  while (out.pos == 0) {
    // A full output may have left decoded bytes inside the decoder: ask it before the end is believed.
    const bool ended = state.pending.pos == state.pending.size && !state.refill();
    if (ended && state.frame_left == 0) return 0;
    const std::size_t left = ZSTD_decompressStream(state.context.get(), &out, &state.pending);
    if (ZSTD_isError(left) != 0) {
      throw_damaged(fmt::format("the backup {} is damaged near byte {}: {}", state.name, state.bytes,
                                ZSTD_getErrorName(left)));
    }
    state.frame_left = left;
    if (ended && out.pos == 0 && left != 0) {
      throw_damaged(
          fmt::format("the backup {} is damaged: it ends early, after {} bytes", state.name, state.bytes));
    }
  }
  return out.pos;
}

FileDigest CompressedFileReader::finish() {
  return {.sha256 = state_->hash.finish(), .bytes = state_->bytes};
}

}  // namespace pgupgrade::backup
