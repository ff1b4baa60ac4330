#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/streams.hpp"

struct archive_entry;

namespace pgupgrade::backup {

// One member as the tar has it.
struct Member {
  Entry entry;  // path and the goal of a hard link as in the tar, without leading "./" and last "/"
  bool device = false;
};

// Reads an uncompressed tar member by member (libarchive). Errors: "E-BACKUP-CUT" when the tar ends without
// its end-of-archive mark, "E-BACKUP-DAMAGED" when it is none, "E-BACKUP-HOSTILE" for a file that would
// become larger than what the tar holds of it (a sparse one); whatever the source throws.
class TarReader {
 public:
  explicit TarReader(Source source);
  ~TarReader();
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;

  // The next member, or nothing after the last; the source has then been read to its end.
  std::optional<Member> next();
  // Up to `limit` bytes of the current file's content; 0 is its end.
  std::size_t read(char* buffer, std::size_t limit);
  // libarchive's view of the current member, to be written elsewhere. Ours; valid until next().
  archive_entry* raw() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pgupgrade::backup
