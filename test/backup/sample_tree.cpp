#include "backup/sample_tree.hpp"

#include <array>
#include <stdexcept>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/process.hpp"

namespace pgupgrade::test {

namespace fs = std::filesystem;

namespace {

// Hex digits that zstd cannot do much about.
std::string noise(std::size_t length) {
  std::string text;
  while (text.size() < length) text += sha256_hex(std::to_string(text.size()));
  text.resize(length);
  return text;
}

}  // namespace

void make_sample_tree(const fs::path& directory) {
  fs::create_directories(directory / "base/1");
  fs::create_directory(directory / "empty");
  write_file_durably(directory / "PG_VERSION", "15\n", 0600);
  write_file_durably(directory / "base/1/1259", std::string(8192, '\0'), 0640);
  write_file_durably(directory / "base/1/2619", std::string(280'000, 'x') + noise(20'000) + "end", 0600);
  write_file_durably(directory / "base/1/none", "", 0600);
  write_file_durably(directory / ("long-" + std::string(180, 'n')), "long name", 0604);
  write_file_durably(directory / "schl\xc3\xbcssel \xff.pem", "not ASCII, not UTF-8", 0600);
  fs::create_symlink("/mnt/tablespace", directory / "link");
  fs::create_hard_link(directory / "PG_VERSION", directory / "hard");
  fs::permissions(directory / "empty", fs::perms(01711));
  fs::permissions(directory, fs::perms::owner_all);
}

std::string tar_of_tree(const fs::path& directory, const std::string& format) {
  ProcessOptions options;
  options.working_directory = directory.parent_path();
  ProcessResult result =
      run_process({"tar", "--format=" + format, "-cf", "-", "--", directory.filename().native()}, options);
  if (!result.succeeded()) throw std::runtime_error(result.standard_error);
  return result.standard_output;
}

backup::Manifest write_in_pieces(const fs::path& archive, const std::string& tar) {
  return backup::write_archive(archive,
                               [&](const Sink& sink) {
                                 std::size_t length = 1;
                                 for (std::size_t at = 0; at < tar.size(); at += length) {
                                   length = (length * 7 + 13) % 50'021 + 1;
                                   sink(std::string_view(tar).substr(at, length));
                                 }
                               },
                               {});
}

std::string drain(const Source& source) {
  std::string bytes;
  std::array<char, 10'007> buffer{};
  while (const std::size_t count = source(buffer.data(), buffer.size())) bytes.append(buffer.data(), count);
  return bytes;
}

}  // namespace pgupgrade::test
