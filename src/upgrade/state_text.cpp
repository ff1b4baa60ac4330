#include <fmt/format.h>

#include <boost/json.hpp>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/model/json.hpp"
#include "pgupgrade/upgrade/journal.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr std::int64_t kFormat = 1;

[[noreturn]] void damaged(const std::filesystem::path& path, const std::string& why) {
  throw Error(ErrorKind::usage, "E-STATE-DAMAGED",
              fmt::format("cannot use the state file {}: {}", path.string(), why));
}

}  // namespace

// The digest is over the state as this very function prints it, so that one flipped bit anywhere in the file
// is found: in the state by the digest, in the envelope by its exact form.
std::string state_text(const RunState& state) {
  const std::string body = json::pretty(to_json(state));
  return fmt::format("{{\"pgupgrade_state\": {}, \"sha256\": \"{}\", \"state\":\n{}}}\n", kFormat,
                     sha256_hex(body), body);
}

RunState parse_state(const std::string& text, const std::filesystem::path& path) {
  boost::json::error_code failure;
  const auto value = boost::json::parse(text, failure);
  if (failure || !value.is_object()) damaged(path, "it is cut short or is no JSON");
  const auto& envelope = value.get_object();
  const auto* format = json::find(envelope, "pgupgrade_state");
  if (format == nullptr || !format->is_int64()) damaged(path, "it is no state file of this program");
  if (format->get_int64() != kFormat) {
    throw Error(ErrorKind::usage, "E-STATE-FORMAT",
                fmt::format("cannot use the state file {}: its format is {}, this program knows {}",
                            path.string(), format->get_int64(), kFormat),
                "go on with the version of pgupgrade that began the run");
  }
  const auto* digest = json::find(envelope, "sha256");
  const auto* body = json::find(envelope, "state");
  if (digest == nullptr || !digest->is_string() || body == nullptr) damaged(path, "a part of it is missing");
  try {
    RunState state = run_state_from_json(*body);
    if (state_text(state) != text) damaged(path, "its digest does not fit its content");
    return state;
  } catch (const Error& error) {
    if (error.code() == "E-STATE-DAMAGED") throw;
    damaged(path, error.what());
  }
}

}  // namespace pgupgrade::upgrade
