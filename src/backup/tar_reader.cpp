#include "backup/tar_reader.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <cerrno>
#include <exception>
#include <string_view>
#include <vector>

#include "backup/errors.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::backup {

namespace {

constexpr std::size_t kInputSize = 256U << 10U;
constexpr std::int64_t kEndMark = 1024;  // two blocks of zeros

std::string tidy(const char* name) {
  std::string_view text = name != nullptr ? name : "";
  while (text.starts_with("./")) text.remove_prefix(2);
  while (text.size() > 1 && text.ends_with('/')) text.remove_suffix(1);
  return std::string(text.empty() && name != nullptr && *name != '\0' ? "." : text);
}

Entry::Kind kind_of(archive_entry* entry) {
  if (archive_entry_hardlink(entry) != nullptr) return Entry::Kind::hard_link;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      return Entry::Kind::file;
    case AE_IFDIR:
      return Entry::Kind::directory;
    case AE_IFLNK:
      return Entry::Kind::symbolic_link;
    default:
      return Entry::Kind::other;
  }
}

Member member_of(archive_entry* entry) {
  Member member;
  member.entry.path = tidy(archive_entry_pathname(entry));
  member.entry.kind = kind_of(entry);
  member.entry.mode = archive_entry_perm(entry);
  member.entry.uid = archive_entry_uid(entry);
  member.entry.gid = archive_entry_gid(entry);
  member.entry.mtime = archive_entry_mtime(entry);
  if (member.entry.kind == Entry::Kind::file) member.entry.size = archive_entry_size(entry);
  if (member.entry.kind == Entry::Kind::hard_link) member.entry.link = tidy(archive_entry_hardlink(entry));
  if (member.entry.kind == Entry::Kind::symbolic_link) {
    const char* goal = archive_entry_symlink(entry);
    member.entry.link = goal != nullptr ? goal : "";
  }
  const auto type = archive_entry_filetype(entry);
  member.device = type == AE_IFBLK || type == AE_IFCHR;
  return member;
}

struct CloseArchive {
  void operator()(archive* handle) const { archive_read_free(handle); }
};

}  // namespace

struct TarReader::State {
  Source source;
  std::vector<char> input = std::vector<char>(kInputSize);
  std::int64_t total = 0;  // bytes that the source gave
  bool source_ended = false;
  std::exception_ptr failure;  // of the source; carried over libarchive's C code
  std::unique_ptr<archive, CloseArchive> handle;
  archive_entry* current = nullptr;
  std::int64_t content_size = 0;  // of the current file, as its header says
  std::int64_t content_read = 0;
  std::string_view block;  // libarchive's, what is not yet read of it

  std::size_t pull() {
    const std::size_t count = source_ended ? 0 : source(input.data(), input.size());
    source_ended = count == 0;
    total += static_cast<std::int64_t>(count);
    return count;
  }

  static la_ssize_t give(archive* handle, void* self, const void** bytes) {
    State& state = *static_cast<State*>(self);
    try {
      *bytes = state.input.data();
      return static_cast<la_ssize_t>(state.pull());
    } catch (...) {
      state.failure = std::current_exception();
      archive_set_error(handle, EIO, "the source failed");
      return ARCHIVE_FATAL;
    }
  }

  // Anything worse than a warning; libarchive warns of names it cannot convert, and then keeps their bytes.
  void check(la_ssize_t result) {
    if (result >= ARCHIVE_WARN) return;
    if (failure) std::rethrow_exception(failure);
    const char* text = archive_error_string(handle.get());
    const std::string reason = text != nullptr ? text : "unknown reason";
    if (source_ended) throw_cut(fmt::format("the archive ends early, after {} bytes: {}", total, reason));
    throw_damaged(fmt::format("could not read the archive near byte {}: {}", total, reason));
  }

  // The engine writes every file out in full. The holes of others cost nothing in the tar, and could fill any
  // disk.
  void refuse_holes() const {
    const char* name = archive_entry_pathname(current);
    throw_hostile(fmt::format("the archive's member {} is larger than what the archive holds of it",
                              printable(name != nullptr ? name : "")));
  }

  // libarchive takes the end of the input for the end of the archive; a cut between two members only shows
  // in what it consumed since the last one.
  void finish() {
    const std::int64_t mark =
        archive_filter_bytes(handle.get(), 0) - archive_read_header_position(handle.get());
    if (mark < kEndMark) {
      throw_cut(fmt::format("the archive ends early, after {} bytes: its end mark is missing", total));
    }
    while (pull() > 0) {
    }
  }
};

TarReader::TarReader(Source source) : state_(std::make_unique<State>()) {
  state_->source = std::move(source);
  state_->handle.reset(archive_read_new());
  archive* handle = state_->handle.get();
  if (handle == nullptr)
    throw Error(ErrorKind::internal, "E-INTERNAL", "could not set up the reading of a tar");
  state_->check(archive_read_support_format_tar(handle));
  state_->check(archive_read_open(handle, state_.get(), nullptr, State::give, nullptr));
}

TarReader::~TarReader() = default;

std::optional<Member> TarReader::next() {
  const int result = archive_read_next_header(state_->handle.get(), &state_->current);
  if (result == ARCHIVE_EOF) {
    state_->finish();
    return std::nullopt;
  }
  state_->check(result);
  if (archive_entry_sparse_count(state_->current) > 0) state_->refuse_holes();
  Member member = member_of(state_->current);
  state_->content_size = member.entry.size;
  state_->content_read = 0;
  state_->block = {};
  return member;
}

// Block by block, since archive_read_data fills holes: with zeros without end, if the tar says so.
std::size_t TarReader::read(char* buffer, std::size_t limit) {
  State& state = *state_;
  while (state.block.empty()) {
    const void* bytes = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int result = archive_read_data_block(state.handle.get(), &bytes, &size, &offset);
    if (result == ARCHIVE_EOF) {
      if (state.content_read < state.content_size) state.refuse_holes();
      return 0;
    }
    state.check(result);
    if (size > 0 && offset != state.content_read) state.refuse_holes();
    state.block = {static_cast<const char*>(bytes), size};
    state.content_read += static_cast<std::int64_t>(size);
  }
  const std::size_t count = state.block.copy(buffer, limit);
  state.block.remove_prefix(count);
  return count;
}

archive_entry* TarReader::raw() const {
  return state_->current;
}

}  // namespace pgupgrade::backup
