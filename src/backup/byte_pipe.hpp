#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>

namespace pgupgrade::backup {

// Bytes from one thread to another, bounded: a writer waits for a slow reader.
class BytePipe {
 public:
  // False, and the bytes are dropped, once the reader has gone.
  bool push(std::string_view bytes);
  void end();    // no more bytes; the reader sees the end after what is left
  void abort();  // no more bytes, and what is there is not the whole: the reader's pull throws
  // Up to `limit` bytes; 0 is the end. Throws Error(failed, "E-BACKUP-CUT") after abort().
  std::size_t pull(char* buffer, std::size_t limit);
  void reader_has_gone();

 private:
  enum class Writer { writing, ended, aborted };
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> chunks_;
  std::size_t offset_ = 0;  // of what is not yet read in the first chunk
  std::size_t waiting_bytes_ = 0;
  Writer writer_ = Writer::writing;
  bool reader_gone_ = false;
};

}  // namespace pgupgrade::backup
