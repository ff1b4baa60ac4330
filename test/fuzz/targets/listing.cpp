#include <algorithm>

#include "fuzz/targets.hpp"
#include "pgupgrade/backup/archive.hpp"

namespace pgupgrade::test::fuzz {

void try_listing(std::string_view input) {
  std::vector<backup::Entry> entries;
  if (!refusal({"E-LISTING-CUT"}, [&] { entries = backup::parse_listing(input); }).empty()) return;
  const auto same_path = [](const backup::Entry& a, const backup::Entry& b) { return a.path == b.path; };
  const bool unique = std::adjacent_find(entries.begin(), entries.end(), same_path) == entries.end();
  const backup::Manifest manifest{.entries = entries};
  hold(!unique || backup::compare(entries, manifest).empty(), "a listing does not differ from itself");
  hold(!refusal([&] { backup::parse_listing(input.substr(0, input.rfind("== end"))); }).empty(),
       "a listing without its last line is refused");
  for (backup::Entry& entry : entries) ++entry.uid;
  hold(entries.empty() || !backup::compare(entries, manifest).empty(), "another owner shows");
}

}  // namespace pgupgrade::test::fuzz
