#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <set>
#include <utility>

#include "backup/errors.hpp"
#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/backup/name_text.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/name_text.hpp"

namespace pgupgrade::backup {

namespace {

namespace bj = boost::json;

constexpr int kFormat = 1;
// The last member, in a line of its own: the digest of all bytes before it.
constexpr std::string_view kSeal = ",\n  \"manifest_sha256\": \"";
constexpr std::string_view kEnd = "\"\n}\n";

constexpr std::array<std::pair<Entry::Kind, std::string_view>, 5> kKinds = {{
    {Entry::Kind::file, "file"},
    {Entry::Kind::directory, "directory"},
    {Entry::Kind::symbolic_link, "symbolic link"},
    {Entry::Kind::hard_link, "hard link"},
    {Entry::Kind::other, "other"},
}};

std::string_view kind_name(Entry::Kind kind) {
  for (const auto& [known, name] : kKinds) {
    if (known == kind) return name;
  }
  throw Error(ErrorKind::internal, "E-INTERNAL", "could not name the kind of an archive's member");
}

Entry::Kind kind_named(std::string_view text) {
  for (const auto& [kind, name] : kKinds) {
    if (name == text) return kind;
  }
  throw_damaged("the manifest is damaged: a member is of an unknown kind");
}

std::string digest_from(std::string text) {
  constexpr std::size_t kLength = 64;
  if (text.size() != kLength || text.find_first_not_of("0123456789abcdef") != std::string::npos)
    throw_damaged("the manifest is damaged: the archive's digest is malformed");
  return text;
}

bj::object entry_object(const Entry& entry) {
  bj::object object{{"path", escaped(entry.path)},
                    {"kind", bj::string(kind_name(entry.kind))},
                    {"mode", fmt::format("{:04o}", entry.mode)},
                    {"uid", entry.uid},
                    {"gid", entry.gid},
                    {"mtime", entry.mtime}};
  if (entry.kind == Entry::Kind::file) {
    object["size"] = entry.size;
    object["sha256"] = entry.sha256;
  }
  if (!entry.link.empty()) object["link"] = escaped(entry.link);
  return object;
}

unsigned octal(const std::string& text) {
  unsigned value = 0;
  if (text.empty() || text.size() > 6) throw_damaged("the manifest is damaged: a mode is not octal");
  for (const char c : text) {
    if (c < '0' || c > '7') throw_damaged("the manifest is damaged: a mode is not octal");
    value = value * 8 + static_cast<unsigned>(c - '0');
  }
  return value;
}

Entry entry_from(const bj::value& value) {
  const bj::object& object = json::as_object(value, "entries[]");
  Entry entry;
  entry.path = unescaped(json::get_string(object, "path"));
  entry.kind = kind_named(json::get_string(object, "kind"));
  entry.mode = octal(json::get_string(object, "mode"));
  entry.uid = json::get_int(object, "uid");
  entry.gid = json::get_int(object, "gid");
  entry.mtime = json::get_int(object, "mtime");
  if (entry.kind == Entry::Kind::file) {
    entry.size = json::get_int(object, "size");
    entry.sha256 = json::get_string(object, "sha256");
  }
  entry.link = unescaped(json::get_string_or(object, "link", ""));
  return entry;
}

void check_seal(std::string_view text) {
  const std::size_t seal = text.rfind(kSeal);
  if (seal == std::string_view::npos || !text.ends_with(kEnd)) {
    throw_damaged("the manifest is damaged: its own digest is missing");
  }
  const std::string_view body = text.substr(0, seal);
  if (text.substr(seal) != fmt::format("{}{}{}", kSeal, sha256_hex(body), kEnd)) {
    throw_damaged("the manifest is damaged: its own digest does not match");
  }
}

}  // namespace

std::string escaped(std::string_view name) {
  return pgupgrade::escaped(name);
}

std::string unescaped(std::string_view text) {
  auto name = pgupgrade::unescaped(text);
  if (!name) throw_damaged("the manifest is damaged: a name is not escaped as it should be");
  return std::move(*name);
}

std::string manifest_text(const Manifest& manifest) {
  std::string text = fmt::format(
      "{{\n  \"format\": {},\n  \"archive_sha256\": \"{}\",\n  \"archive_bytes\": {},\n  \"content_bytes\": "
      "{},\n"
      "  \"entries\": [",
      manifest.format, manifest.archive_sha256, manifest.archive_bytes, manifest.content_bytes);
  std::string_view before = "\n    ";
  for (const Entry& entry : manifest.entries) {
    text.append(before).append(bj::serialize(entry_object(entry)));
    before = ",\n    ";
  }
  text += "\n  ]";
  return fmt::format("{}{}{}{}", text, kSeal, sha256_hex(text), kEnd);
}

Manifest parse_manifest(std::string_view text) try {
  check_seal(text);
  const bj::value document = json::parse(text, "the manifest");
  const bj::object& object = json::as_object(document, "manifest");
  Manifest manifest;
  if (json::get_int(object, "format") != kFormat) {
    throw_damaged(fmt::format("the manifest is of format {}, this version knows {}",
                              json::get_int(object, "format"), kFormat));
  }
  manifest.archive_sha256 = digest_from(json::get_string(object, "archive_sha256"));
  manifest.archive_bytes = json::get_int(object, "archive_bytes");
  manifest.content_bytes = json::get_int(object, "content_bytes");
  const bj::array* entries = json::find_array(object, "entries");
  if (entries == nullptr) throw_damaged("the manifest is damaged: it has no entries");
  manifest.entries.reserve(entries->size());
  for (const bj::value& entry : *entries) manifest.entries.push_back(entry_from(entry));
  return manifest;
} catch (const Error& error) {
  if (!error.is("E-JSON")) throw;
  throw_damaged(fmt::format("the manifest is damaged: {}", error.what()));
}

}  // namespace pgupgrade::backup
