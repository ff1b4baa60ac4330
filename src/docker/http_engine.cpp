#include "docker/http_engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <compare>
#include <utility>

#include "docker/decode.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::docker {
namespace {

struct ApiVersion {
  int major = 0;
  int minor = 0;
  auto operator<=>(const ApiVersion&) const = default;  // NOLINT(modernize-use-nullptr): no pointer here
  std::string text() const { return fmt::format("{}.{}", major, minor); }
};

constexpr ApiVersion kNewest{1, 47};
constexpr ApiVersion kOldest{1, 40};

std::optional<ApiVersion> parse_version(std::string_view text) {
  ApiVersion version;
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, version.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
  if (minor.ec != std::errc() || minor.ptr != end) return std::nullopt;
  return version;
}

std::string negotiate(const Transport& transport, std::chrono::milliseconds patience) {
  const HttpRequest ping{.what = "reach the Docker Engine", .target = "/_ping", .patience = patience};
  const HttpResponse answer = transport.send(ping);
  if (answer.status / 100 != 2) throw refusal(ping.what, answer);
  const auto header = answer.headers.find("api-version");
  const auto version = header == answer.headers.end() ? std::nullopt : parse_version(header->second);
  const std::string socket = printable(transport.socket().string());
  if (!version) {
    throw Error(
        ErrorKind::failed, "E-ENGINE",
        fmt::format("could not {}: what answers at {} names no version of its API", ping.what, socket));
  }
  if (*version < kOldest) {
    throw Error(ErrorKind::usage, "E-ENGINE-OLD",
                fmt::format("cannot use the Docker Engine at {}: its API is {}, and {} is needed", socket,
                            version->text(), kOldest.text()),
                "update Docker to 19.03 or newer");
  }
  return std::min(*version, kNewest).text();
}

}  // namespace

HttpEngine::HttpEngine(Transport transport, HttpEngineOptions options)
    : transport_(std::move(transport)),
      options_(std::move(options)),
      api_version_(negotiate(transport_, options_.patience.answer)) {}

EngineInfo HttpEngine::info() {
  const HttpRequest request{.what = "ask the Docker Engine about itself", .target = "/info"};
  const HttpResponse answer = call(request);
  EngineInfo info = understood(request.what, [&] { return decode_info(answer.body); });
  info.api_version = api_version_;
  return info;
}

HttpRequest HttpEngine::versioned(HttpRequest request) const {
  request.target = "/v" + api_version_ + request.target;
  if (request.patience == std::chrono::milliseconds::zero()) request.patience = options_.patience.answer;
  return request;
}

HttpResponse HttpEngine::call(HttpRequest request, std::initializer_list<int> accepted) {
  request = versioned(std::move(request));
  HttpResponse answer = transport_.send(request);
  const bool wanted = std::find(accepted.begin(), accepted.end(), answer.status) != accepted.end();
  if (answer.status / 100 != 2 && !wanted) throw refusal(request.what, answer);
  return answer;
}

HttpResponse HttpEngine::command(const HttpRequest& request, std::initializer_list<int> accepted) {
  HttpResponse answer = call(request, accepted);
  if (answer.status / 100 == 2 && !trim(answer.body).empty()) {
    throw Error(ErrorKind::failed, "E-ENGINE",
                fmt::format("could not {}: the engine's answer is not understood: {}", request.what,
                            engine_message(answer)));
  }
  return answer;
}

void HttpEngine::stream(HttpRequest request, const Sink& sink) {
  request = versioned(std::move(request));
  const HttpResponse answer = transport_.stream(request, sink);
  if (answer.status / 100 != 2) throw refusal(request.what, answer);
}

std::string named(std::string_view kind, std::string_view name) {
  return fmt::format("{} \"{}\"", kind, printable(name));
}

std::string engine_message(const HttpResponse& response) {
  std::string message = response.body;
  boost::json::error_code error;
  const boost::json::value value = boost::json::parse(response.body, error);
  if (!error && value.is_object()) {
    const boost::json::value* found = value.get_object().if_contains("message");
    if (found != nullptr && found->is_string()) message = std::string(found->get_string());
  }
  message = std::string(trim(message));
  std::replace(message.begin(), message.end(), '\n', ' ');
  return message.empty() ? "the engine gave no reason" : printable(message, 600);
}

Error refusal(const std::string& what, const HttpResponse& response) {
  return {ErrorKind::failed, response.status == 409 ? Code("E-ENGINE-CONFLICT") : Code("E-ENGINE"),
          fmt::format("could not {}: {} (status {})", what, engine_message(response), response.status)};
}

}  // namespace pgupgrade::docker
