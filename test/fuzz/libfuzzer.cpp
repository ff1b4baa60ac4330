// One program a target: TARGET is the function that it tries. What that throws ends the program, and
// libFuzzer keeps the input.
#include <cstddef>
#include <cstdint>

#include "fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pgupgrade::test::fuzz::TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
