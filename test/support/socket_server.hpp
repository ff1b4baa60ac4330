#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pgupgrade::test {

// What a client sent.
struct ReceivedRequest {
  std::string method;
  std::string target;
  std::string head;       // request line and headers, as sent
  std::string body;       // chunks put together
  bool complete = false;  // false: the client left before the end of the body
};

// What the server does next on that connection.
struct Reply {
  enum class Then {
    close,  // orderly
    reset,  // the request is not read to its end, so the client's next read fails with ECONNRESET
    hang,   // the connection stays open, and silent, for the server's life
    leave,  // orderly; from before the bytes are sent on nobody listens
  };
  std::string bytes;  // sent as they are
  Then then = Then::close;
  std::function<void()> afterwards = {};  // called once the bytes are sent
};

Reply answer(int status, const std::string& body, const std::string& headers = {});  // with Content-Length
Reply chunked(const std::vector<std::string>& chunks);
Reply chunked_without_end(const std::vector<std::string>& chunks);
Reply reset();
Reply hang();

// An HTTP server on a Unix socket in a temporary directory: one thread, one request a connection, answered
// by the handler, which runs in that thread once the request is read but for its last byte. `early` sees the
// request before its body; a reply of it is given at once, and the body is never read.
class SocketServer {
 public:
  using Handler = std::function<Reply(const ReceivedRequest&)>;
  using EarlyHandler = std::function<std::optional<Reply>(const ReceivedRequest&)>;

  explicit SocketServer(Handler handler, EarlyHandler early = {});
  ~SocketServer();
  SocketServer(const SocketServer&) = delete;
  SocketServer& operator=(const SocketServer&) = delete;

  std::filesystem::path socket() const;
  std::vector<ReceivedRequest> requests() const;  // in order

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pgupgrade::test
