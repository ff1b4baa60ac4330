#include "pgupgrade/base/cancel.hpp"

#include <fmt/format.h>

#include <csignal>
#include <string>

#include "pgupgrade/base/error.hpp"

namespace pgupgrade {

namespace {

std::string signal_name(int number) {
  switch (number) {
    case SIGINT:
      return "SIGINT";
    case SIGTERM:
      return "SIGTERM";
    case SIGHUP:
      return "SIGHUP";
    default:
      return fmt::format("signal {}", number);
  }
}

}  // namespace

void Cancellation::throw_if_requested() const {
  if (const int number = signal_number(); number != 0) {
    throw Error(ErrorKind::interrupted, "E-INTERRUPTED", "interrupted by " + signal_name(number));
  }
}

}  // namespace pgupgrade
