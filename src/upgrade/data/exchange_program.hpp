#pragma once

#include <string_view>

namespace pgupgrade::upgrade {

// An executable for the engine's processor that needs nothing of the image in which it runs:
//   exchange FIRST SECOND
// Both directories change places by renameat2(RENAME_EXCHANGE); exit code 0 says that it is done and durable,
// any other is errno. (exchange_program.c)
std::string_view exchange_program();

}  // namespace pgupgrade::upgrade
