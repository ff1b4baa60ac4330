#include "backup/tar_writer.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <utility>

#include "pgupgrade/base/error.hpp"

namespace pgupgrade::backup {

namespace {

constexpr std::size_t kHeader = 512;

// A field's place in a header.
struct Field {
  std::size_t offset;
  std::size_t length;
};
constexpr Field kTime{136, 12};
constexpr Field kChecksum{148, 8};

// libarchive writes a time before 1970 as 0; the format has a way to say it: in binary.
void set_time(std::string& tar, std::int64_t time) {
  if (tar.size() < kHeader)
    throw Error(ErrorKind::internal, "E-INTERNAL", "could not write a tar: it has no header");
  const std::size_t header = tar.size() - kHeader;
  auto rest = static_cast<std::uint64_t>(time);
  for (std::size_t i = kTime.length; i-- > 0; rest >>= 8U) {
    const bool within = kTime.length - i <= sizeof rest;
    tar[header + kTime.offset + i] = static_cast<char>(within ? rest & 0xFFU : 0xFFU);
  }
  tar.replace(header + kChecksum.offset, kChecksum.length, kChecksum.length, ' ');
  unsigned sum = 0;
  for (std::size_t i = header; i < tar.size(); ++i) sum += static_cast<unsigned char>(tar[i]);
  tar.replace(header + kChecksum.offset, kChecksum.length - 1, fmt::format("{:06o}", sum) + '\0');
}

}  // namespace

struct TarWriter::State {
  std::string pending;
  archive* handle = archive_write_new();

  static la_ssize_t append(archive*, void* self, const void* bytes, std::size_t count) {
    static_cast<State*>(self)->pending.append(static_cast<const char*>(bytes), count);
    return static_cast<la_ssize_t>(count);
  }

  void check(la_ssize_t result) const {
    if (result >= ARCHIVE_WARN) return;
    const char* text = handle != nullptr ? archive_error_string(handle) : nullptr;
    throw Error(ErrorKind::failed, "E-BACKUP",
                fmt::format("could not write a tar: {}", text != nullptr ? text : "unknown reason"));
  }
};

TarWriter::TarWriter() : state_(std::make_unique<State>()) {
  archive* handle = state_->handle;
  state_->check(handle != nullptr ? ARCHIVE_OK : ARCHIVE_FATAL);
  state_->check(archive_write_set_format_gnutar(handle));
  state_->check(archive_write_set_bytes_per_block(handle, 0));
  state_->check(archive_write_open(handle, state_.get(), nullptr, State::append, nullptr));
}

TarWriter::~TarWriter() {
  archive_write_free(state_->handle);
}

void TarWriter::begin(archive_entry* member) {
  state_->check(archive_write_header(state_->handle, member));
  const std::int64_t time = archive_entry_mtime(member);
  if (time < 0) set_time(state_->pending, time);  // its header is what was written last
}

void TarWriter::write(std::string_view content) {
  while (!content.empty()) {
    const la_ssize_t count = archive_write_data(state_->handle, content.data(), content.size());
    state_->check(count);
    if (count <= 0)
      throw Error(ErrorKind::internal, "E-INTERNAL", "could not write a tar: content beyond its size");
    content.remove_prefix(static_cast<std::size_t>(count));
  }
}

void TarWriter::end() {
  state_->check(archive_write_close(state_->handle));
}

std::string TarWriter::take() {
  return std::exchange(state_->pending, {});
}

}  // namespace pgupgrade::backup
