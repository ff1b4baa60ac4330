#include "campaign/damaged_file.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <random>
#include <system_error>

#include "campaign/campaign.hpp"
#include "pgupgrade/base/files.hpp"

namespace pgupgrade::test::campaign {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPage = 4096;

Damage bit_flip(std::size_t byte, unsigned bit) {
  return {fmt::format("bit {} of byte {}", bit, byte), [=](std::string bytes) -> std::optional<std::string> {
            bytes.at(byte) = static_cast<char>(static_cast<unsigned char>(bytes.at(byte)) ^ (1U << bit));
            return bytes;
          }};
}

// Where a page holds nothing but zeros already, zeros are no damage.
Damage zeroed_page(std::size_t at) {
  return {fmt::format("a page of zeros at {}", at), [=](std::string bytes) -> std::optional<std::string> {
            const std::size_t length = std::min(kPage, bytes.size() - at);
            const std::string before = bytes;
            bytes.replace(at, length, length, '\0');
            if (bytes == before) bytes.replace(at, length, length, '\1');
            return bytes;
          }};
}

Damage cut_to(std::size_t size) {
  return {fmt::format("cut to {} bytes", size),
          [=](const std::string& bytes) -> std::optional<std::string> { return bytes.substr(0, size); }};
}

Damage appended(const std::string& name, const std::string& tail) {
  return {name, [=](const std::string& bytes) -> std::optional<std::string> { return bytes + tail; }};
}

Damage doubled() {
  return {"followed by itself",
          [](const std::string& bytes) -> std::optional<std::string> { return bytes + bytes; }};
}

Damage removed() {
  return {"gone", [](const std::string&) -> std::optional<std::string> { return std::nullopt; }};
}

void keep_owner_and_mode(const fs::path& from, const fs::path& to) {
  struct stat facts {};
  require(::stat(from.c_str(), &facts) == 0 && ::chown(to.c_str(), facts.st_uid, facts.st_gid) == 0 &&
              ::chmod(to.c_str(), facts.st_mode & 07777U) == 0,
          fmt::format("{} gets owner and mode", to.native()));
}

}  // namespace

std::vector<Damage> all_damages(std::size_t size, std::size_t random_bits) {
  std::vector<Damage> result = few_damages(size);
  if (size == 0) return result;
  result.push_back(bit_flip(std::min<std::size_t>(1, size - 1), 3));
  result.push_back(bit_flip(size - 1, 7));
  result.push_back(cut_to(size - 1));
  result.push_back(cut_to(0));
  result.push_back(zeroed_page(size / 3));
  result.push_back(appended("with a zero byte at its end", std::string(1, '\0')));
  result.push_back(doubled());
  std::mt19937 engine(static_cast<unsigned>(size));
  for (std::size_t i = 0; i < random_bits; ++i) {
    const std::size_t byte = std::uniform_int_distribution<std::size_t>(0, size - 1)(engine);
    result.push_back(bit_flip(byte, engine() % 8));
  }
  return result;
}

std::vector<Damage> few_damages(std::size_t size) {
  if (size == 0) return {appended("with a byte at its end", "x"), removed()};
  return {bit_flip(0, 0), bit_flip(size / 2, 5), cut_to(size / 2), appended("with a byte at its end", "x"),
          removed()};
}

DamagedFile::DamagedFile(fs::path path, const Damage& damage)
    : path_(std::move(path)), kept_(path_.parent_path() / (".intact-" + path_.filename().native())) {
  const auto bytes = damage.of(read_file(path_));
  fs::rename(path_, kept_);
  if (!bytes) return;
  std::ofstream(path_, std::ios::binary) << *bytes;
  keep_owner_and_mode(kept_, path_);
}

DamagedFile::~DamagedFile() {
  std::error_code ignored;
  fs::rename(kept_, path_, ignored);
}

}  // namespace pgupgrade::test::campaign
