#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace pgupgrade::backup {

struct FileDigest {
  std::string sha256;
  std::int64_t bytes = 0;
};

// Writes a file through zstd. It has its name only once finish() has put it safely on disk; until then, and
// for ever when anything fails, there is at most "<name>.partial", which the destructor removes.
// Errors: Error(failed, "E-BACKUP-WRITE") with the path and the space that is left.
class CompressedFileWriter {
 public:
  explicit CompressedFileWriter(const std::filesystem::path& path);
  ~CompressedFileWriter();
  CompressedFileWriter(const CompressedFileWriter&) = delete;
  CompressedFileWriter& operator=(const CompressedFileWriter&) = delete;

  void write(std::string_view bytes);
  FileDigest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Reads such a file from the disk, not from the kernel's memory of it. Errors: "E-FILE" when it cannot be
// read, "E-BACKUP-DAMAGED" when it is not one whole zstd stream.
class CompressedFileReader {
 public:
  explicit CompressedFileReader(const std::filesystem::path& path);
  ~CompressedFileReader();
  CompressedFileReader(const CompressedFileReader&) = delete;
  CompressedFileReader& operator=(const CompressedFileReader&) = delete;

  std::int64_t size() const;                          // of the file
  std::size_t read(char* buffer, std::size_t limit);  // plain bytes; 0 is the end
  FileDigest finish();                                // of the file, after the end was read

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pgupgrade::backup
