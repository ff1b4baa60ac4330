#pragma once

#include <memory>
#include <string>
#include <string_view>

struct archive_entry;

namespace pgupgrade::backup {

// Writes a tar into memory, from where it is taken piece by piece. GNU format: it carries names as the bytes
// that they are, and every size and owner.
class TarWriter {
 public:
  TarWriter();
  ~TarWriter();
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;

  void begin(archive_entry* member);
  void write(std::string_view content);
  void end();          // the end-of-archive mark
  std::string take();  // what was written since the last call

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pgupgrade::backup
