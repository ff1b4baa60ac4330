#include "pgupgrade/base/likeness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "pgupgrade/base/text.hpp"

namespace pgupgrade {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Rows of the table of distances between the beginnings of both: the one before the last, the last, this
  // one.
  std::vector<std::size_t> older(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::vector<std::size_t> row(b.size() + 1, i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({changed, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], older[j - 2] + 1);
    }
    older = std::exchange(last, std::move(row));
  }
  return last.back();
}

std::vector<std::string> meant_by(std::string_view word, const std::vector<std::string>& candidates) {
  std::vector<std::string> result;
  if (word.size() >= 3)
    std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(result),
                 [&](const std::string& candidate) { return candidate.find(word) != std::string::npos; });
  if (!result.empty()) return result;
  std::size_t nearest = word.size() < 4 ? 1 : std::max<std::size_t>(2, word.size() / 3);
  for (const std::string& candidate : candidates) {
    const std::size_t here = edit_distance(word, candidate);
    if (here > nearest) continue;
    if (here < nearest) result.clear();
    nearest = here;
    result.push_back(candidate);
  }
  return result;
}

std::string did_you_mean(const std::vector<std::string>& meant) {
  return meant.empty() ? std::string() : fmt::format("did you mean {}?", join(meant, ", "));
}

}  // namespace pgupgrade
