#include "support/paths.hpp"

namespace pgupgrade::test {

std::filesystem::path source_directory() {
  return PGUPGRADE_SOURCE_DIR;
}
std::filesystem::path test_data() {
  return source_directory() / "test";
}
std::filesystem::path program() {
  return PGUPGRADE_BINARY;
}

}  // namespace pgupgrade::test
