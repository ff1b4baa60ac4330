#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace pgupgrade::upgrade {

// A document in the envelope in which state and plan are written: {"<mark>": format, "sha256": digest of the
// document's text, "<key>": document}. The digest is over the document as this very function prints it, so
// that one flipped bit anywhere in the file is found: in the document by the digest, in the envelope by its
// exact form.
std::string enveloped(std::string_view mark, std::int64_t format, std::string_view key,
                      const boost::json::value& document);

}  // namespace pgupgrade::upgrade
