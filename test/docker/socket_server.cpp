#include "support/socket_server.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include "pgupgrade/base/unique_fd.hpp"
#include "support/temporary_directory.hpp"

namespace pgupgrade::test {
namespace {

struct Stopped {};     // the server is being destroyed
struct ClientLeft {};  // the connection ended

// A connection, read with the server's stop in view.
class Connection {
 public:
  Connection(int fd, int stop) : fd_(fd), stop_(stop) {}

  void read_exactly(std::string& into, std::size_t length, int flags = 0) {
    while (length > 0) {
      wait(POLLIN);
      char buffer[4096];
      const ssize_t count = ::recv(fd_, buffer, std::min(length, sizeof buffer), flags);
      if (count <= 0) throw ClientLeft();
      into.append(buffer, static_cast<std::size_t>(count));
      length -= static_cast<std::size_t>(count);
    }
  }

  std::string read_line() {
    std::string line;
    while (line.size() < 2 || line.substr(line.size() - 2) != "\r\n") read_exactly(line, 1);
    return line;
  }

  void write(const std::string& bytes) {
    for (std::size_t sent = 0; sent < bytes.size();) {
      wait(POLLOUT);
      const ssize_t count =
          ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count <= 0) throw ClientLeft();
      sent += static_cast<std::size_t>(count);
    }
  }

 private:
  void wait(short events) {
    pollfd polled[2] = {{fd_, events, 0}, {stop_, POLLIN, 0}};
    ::poll(polled, 2, -1);
    if (polled[1].revents != 0) throw Stopped();
  }

  int fd_;
  int stop_;
};

// All of the head but its last byte, which stays in the socket for `reset`.
void read_head(Connection& connection, ReceivedRequest& request) {
  std::string& head = request.head;
  while (head.size() < 3 || head.substr(head.size() - 3) != "\r\n\r") connection.read_exactly(head, 1);
  connection.read_exactly(head, 1, MSG_PEEK);
  const std::size_t space = head.find(' ');
  request.method = head.substr(0, space);
  request.target = head.substr(space + 1, head.find(' ', space + 1) - space - 1);
}

// All of the body but the last byte of what stands for it, which is only peeked at.
void read_body(Connection& connection, ReceivedRequest& request) {
  std::string last;
  const std::size_t length_header = request.head.find("Content-Length: ");
  if (length_header != std::string::npos) {
    const std::size_t length = std::stoul(request.head.substr(length_header + 16));
    if (length == 0) return;
    connection.read_exactly(last, 1);  // of the head
    connection.read_exactly(request.body, length - 1);
    connection.read_exactly(request.body, 1, MSG_PEEK);
  } else if (request.head.find("Transfer-Encoding: chunked") != std::string::npos) {
    connection.read_exactly(last, 1);
    while (const std::size_t size = std::stoul(connection.read_line(), nullptr, 16)) {
      connection.read_exactly(request.body, size);
      connection.read_line();
    }
    connection.read_exactly(last, 1);  // the CR of the last, empty line
  }
}

}  // namespace

struct SocketServer::State {
  Handler handler;
  EarlyHandler early;
  std::filesystem::path directory = new_directory("pgupgrade-socket");
  UniqueFd listener;
  UniqueFd stop_reader;
  UniqueFd stop_writer;
  mutable std::mutex mutex;
  std::vector<ReceivedRequest> requests;
  std::vector<UniqueFd> hanging;
  std::thread thread;

  void listen() {
    int pipe[2];
    if (::pipe2(pipe, O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
    stop_reader = UniqueFd(pipe[0]);
    stop_writer = UniqueFd(pipe[1]);
    listener = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, (directory / "s").c_str(), sizeof address.sun_path - 1);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (::bind(listener.get(), generic, sizeof address) != 0 || ::listen(listener.get(), 16) != 0) {
      throw std::runtime_error("cannot listen on a socket");
    }
  }

  void serve() {
    for (;;) {
      pollfd polled[2] = {{listener.get(), POLLIN, 0}, {stop_reader.get(), POLLIN, 0}};
      ::poll(polled, 2, -1);
      if (polled[1].revents != 0) return;
      UniqueFd fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
      try {
        converse(fd);
      } catch (const ClientLeft&) {
        continue;
      } catch (const Stopped&) {
        return;
      }
    }
  }

  void record(const ReceivedRequest& request) {
    const std::lock_guard<std::mutex> lock(mutex);
    requests.push_back(request);
  }

  void converse(UniqueFd& fd) {
    Connection connection(fd.get(), stop_reader.get());
    ReceivedRequest request;
    std::optional<Reply> reply;
    try {
      read_head(connection, request);
      if (early) reply = early(request);
      if (!reply) {
        read_body(connection, request);
        request.complete = true;
      }
    } catch (const ClientLeft&) {
      record(request);
      throw;
    }
    record(request);
    if (!reply) reply = handler(request);
    if (reply->then != Reply::Then::reset) {
      std::string last;
      connection.read_exactly(last, 1);
    }
    if (reply->then == Reply::Then::leave) listener.reset();
    connection.write(reply->bytes);
    if (reply->afterwards) reply->afterwards();
    if (reply->then == Reply::Then::hang) hanging.push_back(std::move(fd));
  }
};

SocketServer::SocketServer(Handler handler, EarlyHandler early) : state_(std::make_unique<State>()) {
  state_->handler = std::move(handler);
  state_->early = std::move(early);
  state_->listen();
  state_->thread = std::thread([this] { state_->serve(); });
}

SocketServer::~SocketServer() {
  state_->stop_writer.reset();  // its reader becomes readable
  state_->thread.join();
  std::error_code ignored;
  std::filesystem::remove_all(state_->directory, ignored);
}

std::filesystem::path SocketServer::socket() const {
  return state_->directory / "s";
}

std::vector<ReceivedRequest> SocketServer::requests() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->requests;
}

namespace {

std::string chunks_of(const std::vector<std::string>& chunks) {
  std::string bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string& chunk : chunks) bytes += fmt::format("{:x}\r\n{}\r\n", chunk.size(), chunk);
  return bytes;
}

}  // namespace

Reply answer(int status, const std::string& body, const std::string& headers) {
  if (status == 204 || status == 304) return {fmt::format("HTTP/1.1 {} -\r\n{}\r\n", status, headers)};
  return {fmt::format("HTTP/1.1 {} -\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(), headers, body)};
}

Reply chunked(const std::vector<std::string>& chunks) {
  return {chunks_of(chunks) + "0\r\n\r\n"};
}

Reply chunked_without_end(const std::vector<std::string>& chunks) {
  return {chunks_of(chunks)};
}

Reply reset() {
  return {.bytes = {}, .then = Reply::Then::reset};
}

Reply hang() {
  return {.bytes = {}, .then = Reply::Then::hang};
}

}  // namespace pgupgrade::test
