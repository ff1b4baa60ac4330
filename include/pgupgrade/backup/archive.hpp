#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/streams.hpp"

namespace pgupgrade::backup {

// One member of a data directory's archive.
struct Entry {
  enum class Kind { file, directory, symbolic_link, hard_link, other };
  std::string path;  // relative to the archived directory, "." for itself, no leading "./"
  Kind kind = Kind::file;
  unsigned mode = 0;  // permission bits with setuid, setgid, sticky
  std::int64_t uid = 0;
  std::int64_t gid = 0;
  std::int64_t mtime = 0;  // seconds
  std::int64_t size = 0;   // files only
  std::string link;        // goal of a link
  std::string sha256;      // files only
  bool operator==(const Entry&) const = default;
};

// What an archive holds, and the digest of the archive file itself. Its JSON is the manifest on disk.
struct Manifest {
  int format = 1;
  std::string archive_sha256;  // of the compressed file
  std::int64_t archive_bytes = 0;
  std::int64_t content_bytes = 0;  // sum of the files' sizes
  std::vector<Entry> entries;      // by path
  bool operator==(const Manifest&) const = default;
};

std::string manifest_text(const Manifest& manifest);
Manifest parse_manifest(std::string_view text);  // Error(failed, "E-BACKUP-DAMAGED") for what is not one

// Writes the tar that `produce` pushes into its sink to `path` (0600), compressed by zstd, and returns the
// manifest read from the very stream that went by. The engine's archive of a directory names its members
// "<basename>/…": the first component is cut off in the manifest and kept in the archive.
// The file is fsynced, and has its name only once it is whole. A tar that ends early is Error(failed,
// "E-BACKUP-CUT"), a full disk "E-BACKUP-WRITE", a member that could not be put back "E-BACKUP-HOSTILE"; what
// `produce` throws goes through. `progress` (may be empty) gets the content bytes so far, in the caller's
// thread.
Manifest write_archive(const std::filesystem::path& path, const std::function<void(const Sink&)>& produce,
                       const std::function<void(std::int64_t)>& progress);

// Reads the whole archive again: digest of the file, every member, every content. Throws
// Error(failed, "E-BACKUP-DAMAGED") that names the first thing that is not as in the manifest. An archive
// that is as its manifest says and would still not be put back is "E-BACKUP-HOSTILE", as in read_archive.
void verify_archive(const std::filesystem::path& path, const Manifest& manifest,
                    const std::function<void(std::int64_t)>& progress);

// The archive or its manifest is not what was written, as opposed to what could not be read or done.
bool is_damage(const Error& error);

// Yields the archive as an uncompressed tar whose members are relative ("./…", the first component cut off),
// fit for Engine::put_archive onto the emptied directory. Members that would leave the directory (absolute,
// "..") or are devices are Error(failed, "E-BACKUP-HOSTILE"). While it is read the digest is checked; a
// mismatch is thrown before the last block is yielded.
Source read_archive(const std::filesystem::path& path, const Manifest& manifest);

// Writes the files of the tar that `produce` pushes into its sink below `directory`, which is made: files
// 0600, directories 0700, all synced. Returns the members as they were read. Only files and directories are
// taken. Errors as those of write_archive; "E-FILE" for a file that cannot be written or is there already.
std::vector<Entry> unpack(const std::filesystem::path& directory,
                          const std::function<void(const Sink&)>& produce,
                          const std::function<void(std::int64_t)>& progress);

// The independent listing: the shell script to run in a work container with the data at `directory` (works
// with GNU and busybox tools), and the parser of what it prints. Its last line is a sentinel; without it
// the listing is Error(failed, "E-LISTING-CUT").
std::vector<std::string> listing_command(const std::string& directory);
// The same without what a server keeps for itself in the data directory `cluster` (relative, "." for the
// whole): relations, WAL, transaction status.
std::vector<std::string> listing_command_without_data(const std::string& directory,
                                                      const std::string& cluster);
std::vector<Entry> parse_listing(std::string_view output);

// Differences between a listing and a manifest, as sentences; sockets, and the mtime of the top directory,
// are left out.
std::vector<std::string> compare(const std::vector<Entry>& listing, const Manifest& manifest,
                                 std::size_t limit = 20);

// A tar (uncompressed) that holds the given small files; for putting configuration into a volume.
struct SmallFile {
  std::string path;  // relative
  std::string content;
  unsigned mode = 0600;
  std::int64_t uid = 0;
  std::int64_t gid = 0;
  std::string link;  // goal of a symbolic link; empty: a file
};
// The directories above a file come before it: its owner's, for the owner alone.
std::string tar_of(const std::vector<SmallFile>& files);
// The regular files of a tar (as get_archive yields for one file or a small directory): path -> content.
std::map<std::string, std::string> files_of_tar(std::string_view tar);

}  // namespace pgupgrade::backup
