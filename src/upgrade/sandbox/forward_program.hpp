#pragma once

#include <string_view>

namespace pgupgrade::upgrade {

// forward SOCKET: takes TCP connections on port 5432 and hands each on to the socket, until it is stopped. An
// executable that needs nothing of the image that it runs in (forward_program.c).
std::string_view forward_program();

}  // namespace pgupgrade::upgrade
