#include "upgrade/run/process_name.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

namespace pgupgrade::upgrade {
namespace {

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown-host";
}

std::string user_name() {
  const passwd* entry = ::getpwuid(::geteuid());
  return entry != nullptr ? entry->pw_name : std::to_string(::geteuid());
}

}  // namespace

std::string this_process() {
  return fmt::format("{}@{}, process {}", user_name(), host_name(), ::getpid());
}

bool is_of_this_host(const std::string& process) {
  return process.find("@" + host_name() + ", ") != std::string::npos;
}

Life life_of(const std::string& process) {
  const std::string marker = "@" + host_name() + ", process ";
  const std::size_t at = process.find(marker);
  if (at == std::string::npos) return Life::unknown;
  pid_t number = 0;
  std::from_chars(process.data() + at + marker.size(), process.data() + process.size(), number);
  if (number <= 0) return Life::unknown;
  // Ours is another's that had the same number before. One of another user may not be signalled: it lives.
  const bool lives = number != ::getpid() && (::kill(number, 0) == 0 || errno == EPERM);
  return lives ? Life::lives : Life::gone;
}

}  // namespace pgupgrade::upgrade
