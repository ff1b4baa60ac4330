#include "upgrade/run/envelope.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/json.hpp"

namespace pgupgrade::upgrade {

std::string enveloped(std::string_view mark, std::int64_t format, std::string_view key,
                      const boost::json::value& document) {
  const std::string body = json::pretty(document);
  return fmt::format("{{\"{}\": {}, \"sha256\": \"{}\", \"{}\":\n{}}}\n", mark, format, sha256_hex(body), key,
                     body);
}

}  // namespace pgupgrade::upgrade
