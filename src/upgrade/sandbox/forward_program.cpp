#include "upgrade/sandbox/forward_program.hpp"

#include <cstddef>

// The build makes the program first, and names its file here.
__asm__(
    ".section .rodata\n"
    ".global pgupgrade_forward_begin\n"
    ".global pgupgrade_forward_end\n"
    "pgupgrade_forward_begin:\n"
    ".incbin \"" PGUPGRADE_FORWARD_PROGRAM
    "\"\n"
    "pgupgrade_forward_end:\n"
    ".previous\n");

extern "C" {
extern const char pgupgrade_forward_begin[];
extern const char pgupgrade_forward_end[];
}

namespace pgupgrade::upgrade {

std::string_view forward_program() {
  return {pgupgrade_forward_begin, static_cast<std::size_t>(pgupgrade_forward_end - pgupgrade_forward_begin)};
}

}  // namespace pgupgrade::upgrade
