#include "backup/byte_pipe.hpp"

#include <algorithm>

#include "backup/errors.hpp"

namespace pgupgrade::backup {

namespace {
constexpr std::size_t kCapacity = 4U << 20U;
}

bool BytePipe::push(std::string_view bytes) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return reader_gone_ || waiting_bytes_ < kCapacity; });
  if (reader_gone_) return false;
  if (bytes.empty()) return true;
  chunks_.emplace_back(bytes);
  waiting_bytes_ += bytes.size();
  changed_.notify_all();
  return true;
}

void BytePipe::end() {
  const std::lock_guard lock(mutex_);
  writer_ = Writer::ended;
  changed_.notify_all();
}

void BytePipe::abort() {
  const std::lock_guard lock(mutex_);
  writer_ = Writer::aborted;
  changed_.notify_all();
}

std::size_t BytePipe::pull(char* buffer, std::size_t limit) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return writer_ != Writer::writing || !chunks_.empty(); });
  if (writer_ == Writer::aborted) throw_cut("the archive's writer gave up");
  if (chunks_.empty()) return 0;
  const std::string& first = chunks_.front();
  const std::size_t count = std::min(limit, first.size() - offset_);
  first.copy(buffer, count, offset_);
  offset_ += count;
  waiting_bytes_ -= count;
  if (offset_ == first.size()) {
    chunks_.pop_front();
    offset_ = 0;
  }
  changed_.notify_all();
  return count;
}

void BytePipe::reader_has_gone() {
  const std::lock_guard lock(mutex_);
  reader_gone_ = true;
  chunks_.clear();
  changed_.notify_all();
}

}  // namespace pgupgrade::backup
