#pragma once

#include <functional>
#include <string_view>

namespace pgupgrade {

// Receives the next bytes of a stream; may throw, which ends the transfer and reaches the caller.
using Sink = std::function<void(std::string_view)>;
// Yields up to `limit` next bytes into the buffer and returns their number; 0 is the end. May throw.
using Source = std::function<std::size_t(char* buffer, std::size_t limit)>;

}  // namespace pgupgrade
