#include <algorithm>

#include "pgupgrade/base/error_codes.hpp"

namespace pgupgrade {

Code::Code(const CodeRow& row) : text_(row.code) {}

const CodeRow* find_code(std::string_view code) {
  const auto table = code_table();
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const CodeRow& row) { return row.code == code; });
  return found == table.end() ? nullptr : &*found;
}

}  // namespace pgupgrade
