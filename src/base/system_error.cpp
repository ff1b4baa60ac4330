#include "base/system_error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade {

namespace {

std::string hint_for(int errno_value) {
  switch (errno_value) {
    case ENOSPC:
      return "free some space on that file system, then run `pgupgrade resume`";
    case EDQUOT:
      return "the user's disk quota is used up: free some space, then run `pgupgrade resume`";
    case EROFS:
      return "the file system is mounted read-only";
    default:
      return {};
  }
}

}  // namespace

void throw_file_error(std::string_view action, const std::filesystem::path& path, int errno_value) {
  throw Error(ErrorKind::failed, "E-FILE",
              fmt::format("could not {} {}: {}", action, printable(path.native(), 4096),
                          std::generic_category().message(errno_value)),
              hint_for(errno_value));
}

}  // namespace pgupgrade
