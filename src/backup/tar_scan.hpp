#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <string_view>
#include <thread>
#include <vector>

#include "backup/byte_pipe.hpp"
#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/streams.hpp"

namespace pgupgrade::backup {

// What an uncompressed tar holds, found in a thread of its own while the tar goes by.
class TarScan {
 public:
  // `content_of` (may be empty) says where the content of a file goes beside; called in the scan's thread.
  explicit TarScan(std::function<Sink(const Entry&)> content_of = {});
  ~TarScan();  // gives up when it was not finished
  TarScan(const TarScan&) = delete;
  TarScan& operator=(const TarScan&) = delete;

  // The next bytes of the tar. Throws what the scan found wrong with the former ones.
  void feed(std::string_view bytes);
  std::int64_t content_bytes() const { return content_bytes_.load(std::memory_order_relaxed); }
  // After the last byte: the members by path. Throws what is wrong with them.
  std::vector<Entry> finish();

 private:
  void run();

  std::function<Sink(const Entry&)> content_of_;
  BytePipe pipe_;
  std::atomic<std::int64_t> content_bytes_{0};
  std::vector<Entry> entries_;
  std::exception_ptr failure_;
  std::thread thread_;  // last: it uses all above
};

}  // namespace pgupgrade::backup
