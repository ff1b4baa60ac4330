#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include "backup/compressed_file.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/base/unique_fd.hpp"

namespace pgupgrade::backup {

namespace {

constexpr int kLevel = 1;    // a level more costs more time than it saves of the disk's
constexpr int kWorkers = 2;  // ignored by a library that was built without threads

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

}  // namespace

struct CompressedFileWriter::State {
  std::filesystem::path path;
  std::filesystem::path partial;
  UniqueFd fd;
  Sha256 hash;
  std::int64_t bytes = 0;
  std::unique_ptr<ZSTD_CCtx, FreeCompressor> context{ZSTD_createCCtx()};
  std::vector<char> output = std::vector<char>(ZSTD_CStreamOutSize());
  bool finished = false;

  [[noreturn]] void fail(int errno_value) const {
    std::string space;
    try {
      space = fmt::format(" ({} free there)", human_bytes(free_bytes(path)));
    } catch (const Error&) {
      space.clear();  // the reason itself is what matters
    }
    throw Error(ErrorKind::failed, "E-BACKUP-WRITE",
                fmt::format("could not write the backup {}: {}{}", printable(path.native(), 4096),
                            std::generic_category().message(errno_value), space),
                "free some space on that file system, then resume");
  }

  void put(std::string_view piece) {
    hash.update(piece);
    bytes += static_cast<std::int64_t>(piece.size());
    while (!piece.empty()) {
      const ssize_t count = ::write(fd.get(), piece.data(), piece.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail(errno);
      piece.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  void compress(std::string_view plain, ZSTD_EndDirective directive) {
    ZSTD_inBuffer in{plain.data(), plain.size(), 0};
    for (;;) {
      ZSTD_outBuffer out{output.data(), output.size(), 0};
      const std::size_t left = ZSTD_compressStream2(context.get(), &out, &in, directive);
      if (ZSTD_isError(left) != 0) {
        throw Error(ErrorKind::internal, "E-INTERNAL",
                    fmt::format("could not compress the backup {}: {}", printable(path.native(), 4096),
                                ZSTD_getErrorName(left)));
      }
      put({output.data(), out.pos});
      if (directive == ZSTD_e_end ? left == 0 : in.pos == in.size) return;
    }
  }
};

CompressedFileWriter::CompressedFileWriter(const std::filesystem::path& path)
    : state_(std::make_unique<State>()) {
  state_->path = path;
  state_->partial = path;
  state_->partial += ".partial";
  ::unlink(state_->partial.c_str());  // of an attempt that was killed
  state_->fd =
      UniqueFd(::open(state_->partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!state_->fd) state_->fail(errno);
  ZSTD_CCtx_setParameter(state_->context.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(state_->context.get(), ZSTD_c_checksumFlag, 1);
  ZSTD_CCtx_setParameter(state_->context.get(), ZSTD_c_nbWorkers, kWorkers);
}

CompressedFileWriter::~CompressedFileWriter() {
  if (!state_->finished) ::unlink(state_->partial.c_str());
}

void CompressedFileWriter::write(std::string_view bytes) {
  if (!bytes.empty()) state_->compress(bytes, ZSTD_e_continue);
}

FileDigest CompressedFileWriter::finish() {
  state_->compress({}, ZSTD_e_end);
  while (::fsync(state_->fd.get()) != 0) {
    if (errno != EINTR) state_->fail(errno);
  }
  if (::close(state_->fd.release()) != 0 && errno != EINTR) state_->fail(errno);
  if (::rename(state_->partial.c_str(), state_->path.c_str()) != 0) state_->fail(errno);
  state_->finished = true;
  const std::filesystem::path directory = state_->path.parent_path();
  fsync_directory(directory.empty() ? "." : directory);
  return {.sha256 = state_->hash.finish(), .bytes = state_->bytes};
}

}  // namespace pgupgrade::backup
