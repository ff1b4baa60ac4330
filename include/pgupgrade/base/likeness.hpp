#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgupgrade {

// How many bytes to change, add, leave out or exchange with their neighbour, to make one text of the other.
std::size_t edit_distance(std::string_view a, std::string_view b);
// The candidates that a mistyped word may mean, in their order: those that contain it (from three bytes on),
// else the nearest ones. None when all are too far from it.
std::vector<std::string> meant_by(std::string_view word, const std::vector<std::string>& candidates);
// "did you mean a, b?", empty for none.
std::string did_you_mean(const std::vector<std::string>& meant);

}  // namespace pgupgrade
