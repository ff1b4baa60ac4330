#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace pgupgrade::compose {

// One KEY=value of a .env file, and where the value stands in it.
struct Assignment {
  std::string file;
  std::string name;
  std::string value;         // as written, without quotes
  std::size_t offset = 0;    // of the value, bytes from the file's start
  int line = 0;              // from 1
  bool interpolated = true;  // not within single quotes
  bool verbatim = true;      // no backslash: the bytes are the value
};

// The assignments in order. Lines that assign nothing are passed over: Compose itself refuses bad ones.
std::vector<Assignment> parse_dotenv(const std::string& path, const std::string& text);

}  // namespace pgupgrade::compose
