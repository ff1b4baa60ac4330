#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgupgrade/base/cancel.hpp"
#include "pgupgrade/base/clock.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/streams.hpp"

namespace pgupgrade::docker {

struct HttpRequest {
  std::string what;                      // what it is for, as it follows "cannot": `start container "db"`
  std::string method = "GET";            // GET, HEAD, POST, PUT, DELETE
  std::string target;                    // absolute path with its query
  std::string body;                      // JSON, only for POST; may be empty
  const Source* upload = nullptr;        // a tar, sent in chunks; only for PUT
  std::vector<std::string> headers;      // "Name: value", besides those every request has
  std::chrono::milliseconds patience{};  // how long not a single byte may move, either way
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// HTTP/1.1 over a Unix socket, a connection for each request: any number of threads may use one transport,
// and a sink may send another request. Cancellation is looked at at least every 100 ms.
// Throws, with "cannot <what>: …" as the message:
//   engine_unreachable "E-ENGINE-PERMISSION", "E-ENGINE-UNREACHABLE"  not connected, or closed with no answer
//   failed "E-ENGINE-STREAM"   the answer is cut short, or is no HTTP
//   failed "E-ENGINE-TIMEOUT"  nothing moved for `patience`
//   interrupted                cancelled
//   whatever the sink or the source threw
// A GET or HEAD that was reset before the first byte of its answer is sent again, twice at most.
class Transport {
 public:
  // The cancellation must outlive the transport. Throws engine_unreachable for a path too long for a socket.
  Transport(std::filesystem::path socket, const Cancellation& cancellation, std::shared_ptr<Clock> clock);

  // Answers of every status are values; a body of more than 64 MiB is Error(failed, "E-ENGINE-STREAM").
  HttpResponse send(const HttpRequest& request) const;
  // The body of a 2xx answer goes to the sink as it comes; of any other answer up to 64 KiB are kept.
  HttpResponse stream(const HttpRequest& request, const Sink& sink) const;

  const std::filesystem::path& socket() const { return socket_; }
  Clock& clock() const { return *clock_; }

 private:
  std::filesystem::path socket_;
  const Cancellation* cancellation_;
  std::shared_ptr<Clock> clock_;
};

// Why the socket could not be connected to, from the system's error number (0: unknown).
Error connection_error(const std::string& what, const std::filesystem::path& socket, int system_error);

}  // namespace pgupgrade::docker
