#include <fmt/format.h>

#include <boost/json.hpp>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/model/json.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "upgrade/run/envelope.hpp"
#include "upgrade/run/older_state.hpp"

namespace pgupgrade::upgrade {
namespace {

// 2 has fields that 1 lacks, and they matter: a program that knows only 1 would drop them with its next
// write. 3 has strategy and steps: a program that knows only 2 would go on with steps of its own.
constexpr std::int64_t kFormat = 3;
constexpr std::int64_t kFirstWithSteps = 3;
constexpr std::int64_t kOldestFormat = 1;

[[noreturn]] void damaged(const std::filesystem::path& path, const std::string& why) {
  throw Error(ErrorKind::usage, "E-STATE-DAMAGED",
              fmt::format("cannot use the state file {}: {}", path.string(), why));
}

std::string text_of(std::int64_t format, const boost::json::value& state) {
  return enveloped("pgupgrade_state", format, "state", state);
}

}  // namespace

std::string state_text(const RunState& state) {
  return text_of(kFormat, to_json(state));
}

RunState parse_state(const std::string& text, const std::filesystem::path& path) {
  boost::json::error_code failure;
  const auto value = boost::json::parse(text, failure);
  if (failure || !value.is_object()) damaged(path, "it is truncated or not valid JSON");
  const auto& envelope = value.get_object();
  const auto* format = json::find(envelope, "pgupgrade_state");
  if (format == nullptr || !format->is_int64()) damaged(path, "it is not a state file of this program");
  if (format->get_int64() < kOldestFormat || format->get_int64() > kFormat) {
    throw Error(ErrorKind::usage, "E-STATE-FORMAT",
                fmt::format("cannot use the state file {}: its format is {}, this program knows {} to {}",
                            path.string(), format->get_int64(), kOldestFormat, kFormat),
                "continue with the version of pgupgrade that started the run");
  }
  const auto* digest = json::find(envelope, "sha256");
  const auto* body = json::find(envelope, "state");
  if (digest == nullptr || !digest->is_string() || body == nullptr) damaged(path, "a part of it is missing");
  try {
    // An older program wrote fewer fields, so the digest is that of the document, not of what is read from
    // it.
    if (text_of(format->get_int64(), *body) != text) damaged(path, "checksum mismatch");
    RunState state = run_state_from_json(*body);
    if (format->get_int64() < kFirstWithSteps) complete_older(state);
    return state;
  } catch (const Error& error) {
    if (error.is("E-STATE-DAMAGED")) throw;
    damaged(path, error.what());
  }
}

}  // namespace pgupgrade::upgrade
