#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "backup/compressed_file.hpp"
#include "backup/errors.hpp"
#include "backup/manifest_check.hpp"
#include "backup/member_guard.hpp"
#include "backup/tar_reader.hpp"
#include "backup/tar_writer.hpp"
#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::backup {

namespace {

constexpr std::size_t kContentSize = 256U << 10U;

std::string below_here(const Entry& entry) {
  if (entry.path == ".") return "./";
  return "./" + entry.path + (entry.kind == Entry::Kind::directory ? "/" : "");
}

// Reads members of the one tar, checks each against the manifest, and writes them to the other, as far as the
// caller asks for bytes.
class Rewriter {
 public:
  Rewriter(const std::filesystem::path& path, const Manifest& manifest)
      : name_(printable(path.native(), 4096)),
        manifest_(manifest),
        file_(path),
        reader_([this](char* buffer, std::size_t limit) { return file_.read(buffer, limit); }),
        content_(kContentSize) {
    check_size(name_, manifest_, file_.size());
    for (const Entry& entry : manifest_.entries) awaited_[entry.path] = &entry;
  }

  std::size_t read(char* buffer, std::size_t limit) {
    while (offset_ == pending_.size()) {
      if (done_) return 0;
      advance();
      pending_ = writer_.take();
      offset_ = 0;
    }
    const std::size_t count = std::min(limit, pending_.size() - offset_);
    std::memcpy(buffer, pending_.data() + offset_, count);
    offset_ += count;
    return count;
  }

 private:
  void advance() try {
    if (current_) {
      continue_file();
    } else if (const auto member = reader_.next()) {
      begin_member(guard_.admit(*member));
    } else {
      finish();
    }
  } catch (const Error& error) {
    explain(error, name_, manifest_, file_);
  }

  void begin_member(Entry entry) {
    const auto found = awaited_.find(entry.path);
    if (found == awaited_.end()) {
      throw_damaged(fmt::format("the backup {} is damaged: it holds {}, which its manifest does not list",
                                name_, printable(entry.path)));
    }
    recorded_ = found->second;
    awaited_.erase(found);
    archive_entry* raw = reader_.raw();
    archive_entry_sparse_clear(raw);  // written out in full, so that any reader of the tar will do
    archive_entry_copy_pathname(raw, below_here(entry).c_str());
    if (entry.kind == Entry::Kind::hard_link) archive_entry_copy_hardlink(raw, ("./" + entry.link).c_str());
    archive_entry_copy_uname(raw, "");  // owners are numbers: names differ from image to image
    archive_entry_copy_gname(raw, "");
    if (entry.kind != Entry::Kind::file) check_entry(name_, *recorded_, entry);
    writer_.begin(raw);
    if (entry.kind == Entry::Kind::file) {
      current_ = std::move(entry);
      hash_ = Sha256();
    }
  }

  void continue_file() {
    const std::size_t count = reader_.read(content_.data(), content_.size());
    if (count > 0) {
      hash_.update({content_.data(), count});
      writer_.write({content_.data(), count});
      return;
    }
    current_->sha256 = hash_.finish();
    check_entry(name_, *recorded_, *current_);
    current_.reset();
  }

  // Only now does the new tar get its end mark.
  void finish() {
    if (!awaited_.empty()) {
      throw_damaged(fmt::format("the backup {} is damaged: {} of its manifest is missing", name_,
                                printable(awaited_.begin()->first)));
    }
    const FileDigest digest = file_.finish();
    check_size(name_, manifest_, digest.bytes);
    check_digest(name_, manifest_, digest.sha256);
    writer_.end();
    done_ = true;
  }

  std::string name_;
  Manifest manifest_;
  std::map<std::string, const Entry*> awaited_;  // not yet seen
  CompressedFileReader file_;
  TarReader reader_;
  MemberGuard guard_;
  TarWriter writer_;
  std::vector<char> content_;
  std::optional<Entry> current_;  // the file whose content is being copied
  const Entry* recorded_ = nullptr;
  Sha256 hash_;
  std::string pending_;
  std::size_t offset_ = 0;
  bool done_ = false;
};

}  // namespace

Source read_archive(const std::filesystem::path& path, const Manifest& manifest) {
  const auto rewriter = std::make_shared<Rewriter>(path, manifest);
  return [rewriter](char* buffer, std::size_t limit) { return rewriter->read(buffer, limit); };
}

}  // namespace pgupgrade::backup
