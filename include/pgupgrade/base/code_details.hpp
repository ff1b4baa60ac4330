#pragma once

#include <span>
#include <string_view>

namespace pgupgrade {

// What `pgupgrade explain` and the manual page say of a code beyond its row in the table of codes: for those
// that people meet most. Whole sentences; what is typed stands between backquotes.
struct CodeDetail {
  std::string_view code;
  std::string_view cause;  // how it comes about
  std::string_view cure;   // what to do, at length
};

// In the order of their codes.
std::span<const CodeDetail> code_details();

// Nothing for a code whose row says all.
const CodeDetail* find_detail(std::string_view code);

}  // namespace pgupgrade
