#include "upgrade/data/exchange_program.hpp"

#include <cstddef>

// The build makes the program first, and names its file here.
__asm__(
    ".section .rodata\n"
    ".global pgupgrade_exchange_begin\n"
    ".global pgupgrade_exchange_end\n"
    "pgupgrade_exchange_begin:\n"
    ".incbin \"" PGUPGRADE_EXCHANGE_PROGRAM
    "\"\n"
    "pgupgrade_exchange_end:\n"
    ".previous\n");

extern "C" {
extern const char pgupgrade_exchange_begin[];
extern const char pgupgrade_exchange_end[];
}

namespace pgupgrade::upgrade {

std::string_view exchange_program() {
  return {pgupgrade_exchange_begin,
          static_cast<std::size_t>(pgupgrade_exchange_end - pgupgrade_exchange_begin)};
}

}  // namespace pgupgrade::upgrade
