#include "backup/tar_writer.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <utility>

#include "pgupgrade/base/error.hpp"

namespace pgupgrade::backup {

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
                fmt::format("cannot write a tar: {}", text != nullptr ? text : "unknown reason"));
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
}

void TarWriter::write(std::string_view content) {
  while (!content.empty()) {
    const la_ssize_t count = archive_write_data(state_->handle, content.data(), content.size());
    state_->check(count);
    if (count <= 0)
      throw Error(ErrorKind::internal, "E-BACKUP", "cannot write a tar: content beyond its size");
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
