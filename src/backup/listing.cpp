#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::backup {

namespace {

// Output: one section after the other, each begun by its title. Names are never quoted, which is why one that
// holds a line feed is refused. The count comes from the arguments of find, the lines from stat: a file that
// stat left out shows. openssl, where it is there, is five times as fast as coreutils' sha256sum.
constexpr std::string_view kScript = R"sh(set -e
cd "$1"
lf='
'
if [ -n "$(find . -name "*$lf*")" ]; then echo "a file's name holds a line feed" >&2; exit 1; fi
echo '== count'
find . -exec sh -c 'echo $#' count {} +
echo '== entries'
find . -exec stat -c '%f %u %g %Y %s %n' {} +
echo '== links'
find . -type l -exec sh -c 'for link; do goal=$(readlink "$link") || exit 1
case $goal in *"$0"*) echo "the goal of a link holds a line feed" >&2; exit 1;; esac
echo "$link"; echo "$goal"; done' "$lf" {} +
echo '== digests'
if command -v openssl >/dev/null 2>&1; then digest='openssl dgst -sha256 -r'; else digest=sha256sum; fi
find . -type f -exec $digest {} +
echo '== end'
)sh";

constexpr std::size_t kDigestLength = 64;

[[noreturn]] void throw_listing(const std::string& problem) {
  throw Error(ErrorKind::failed, "E-LISTING-CUT", "the listing of the volume is not complete: " + problem);
}

std::map<std::string, std::vector<std::string>> sections_of(std::string_view output) {
  std::map<std::string, std::vector<std::string>> sections;
  std::vector<std::string> lines = split_lines(output);
  if (lines.empty() || lines.back() != "== end") throw_listing("its last line is missing");
  lines.pop_back();
  std::string title;
  for (std::string& line : lines) {
    if (line.starts_with("== ")) {
      title = line.substr(3);
      if (title == "end" || !sections.try_emplace(title).second)
        throw_listing(fmt::format("its line \"== {}\" is there twice", printable(title)));
    } else {
      sections[title].push_back(std::move(line));
    }
  }
  return sections;
}

template <typename Number>
Number number(std::string_view text, int base = 10) {
  Number value{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (problem != std::errc() || end != text.data() + text.size()) {
    throw_listing(fmt::format("{} is not a number", printable(text)));
  }
  return value;
}

std::string without_dot(std::string_view path) {
  return std::string(path.starts_with("./") ? path.substr(2) : path);
}

std::string_view next_word(std::string_view& line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) throw_listing(fmt::format("it has the line {}", printable(line)));
  const std::string_view word = line.substr(0, space);
  line.remove_prefix(space + 1);
  return word;
}

struct Listed {
  Entry entry;
  bool socket = false;
};

Listed listed(std::string_view line) {
  Listed result;
  Entry& entry = result.entry;
  const auto raw_mode = number<unsigned>(next_word(line), 16);
  entry.mode = raw_mode & 07777U;
  entry.uid = number<std::int64_t>(next_word(line));
  entry.gid = number<std::int64_t>(next_word(line));
  entry.mtime = number<std::int64_t>(next_word(line));
  const auto size = number<std::int64_t>(next_word(line));
  entry.path = without_dot(line);
  switch (raw_mode & S_IFMT) {
    case S_IFREG:
      entry.kind = Entry::Kind::file;
      entry.size = size;
      break;
    case S_IFDIR:
      entry.kind = Entry::Kind::directory;
      break;
    case S_IFLNK:
      entry.kind = Entry::Kind::symbolic_link;
      break;
    default:
      entry.kind = Entry::Kind::other;
      result.socket = (raw_mode & S_IFMT) == S_IFSOCK;
  }
  return result;
}

std::map<std::string, std::string> links_of(const std::vector<std::string>& lines) {
  std::map<std::string, std::string> links;
  if (lines.size() % 2 != 0) throw_listing("a link has no goal");
  for (std::size_t i = 0; i < lines.size(); i += 2) links[without_dot(lines[i])] = lines[i + 1];
  return links;
}

// "<digest>  <path>" or "<digest> *<path>"; sha256sum begins a line with a backslash where it doubled those
// of the name.
std::map<std::string, std::string> digests_of(const std::vector<std::string>& lines) {
  std::map<std::string, std::string> digests;
  for (std::string_view line : lines) {
    const bool doubled = line.starts_with('\\');
    if (doubled) line.remove_prefix(1);
    if (line.size() < kDigestLength + 3) throw_listing(fmt::format("it has the line {}", printable(line)));
    std::string path = without_dot(line.substr(kDigestLength + 2));
    for (std::size_t at = path.find("\\\\"); doubled && at != std::string::npos;
         at = path.find("\\\\", at + 1)) {
      path.erase(at, 1);
    }
    digests[std::move(path)] = line.substr(0, kDigestLength);
  }
  return digests;
}

const std::string& required(const std::map<std::string, std::string>& values, const std::string& path,
                            std::string_view what) {
  const auto found = values.find(path);
  if (found == values.end()) throw_listing(fmt::format("{} has no {}", printable(path), what));
  return found->second;
}

}  // namespace

std::vector<std::string> listing_command(const std::string& directory) {
  return {"sh", "-c", std::string(kScript), "listing", directory};
}

// As a path pattern: within `directory` there is nothing to be left out but by these names.
std::vector<std::string> listing_command_without_data(const std::string& directory,
                                                      const std::string& cluster) {
  constexpr std::string_view kWhole = "find . ";
  std::string left_out;
  for (const char* name :
       {"base", "global", "pg_wal", "pg_xact", "pg_multixact", "pg_subtrans", "pg_stat_tmp"})
    left_out += fmt::format("{}-path \"./${{2}}{}\"", left_out.empty() ? "" : " -o ", name);
  const std::string instead = fmt::format("find . \\( {} \\) -prune -o ", left_out);
  std::string script(kScript);
  for (std::size_t at = script.find(kWhole, script.find("== count")); at != std::string::npos;
       at = script.find(kWhole, at + instead.size()))
    script.replace(at, kWhole.size(), instead);
  return {"sh", "-c", script, "listing", directory, cluster == "." ? "" : cluster + "/"};
}

std::vector<Entry> parse_listing(std::string_view output) {
  const auto sections = sections_of(output);
  const auto lines_of = [&](const std::string& title) -> const std::vector<std::string>& {
    const auto found = sections.find(title);
    if (found == sections.end()) throw_listing(fmt::format("its part \"{}\" is missing", title));
    return found->second;
  };
  std::size_t expected = 0;
  for (const std::string& line : lines_of("count")) expected += number<std::size_t>(line);
  const std::vector<std::string>& lines = lines_of("entries");
  if (lines.size() != expected) {
    throw_listing(fmt::format("it describes {} of {}", lines.size(), plural(expected, "file")));
  }
  const auto links = links_of(lines_of("links"));
  const auto digests = digests_of(lines_of("digests"));
  std::vector<Entry> entries;
  for (const std::string& line : lines) {
    Listed item = listed(line);
    if (item.socket) continue;  // an archive cannot hold it, and a server makes it anew
    Entry& entry = item.entry;
    if (entry.kind == Entry::Kind::symbolic_link) entry.link = required(links, entry.path, "goal");
    if (entry.kind == Entry::Kind::file) entry.sha256 = required(digests, entry.path, "digest");
    entries.push_back(std::move(entry));
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.path < b.path; });
  return entries;
}

}  // namespace pgupgrade::backup
