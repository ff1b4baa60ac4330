#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "docker/scripted_engine.hpp"
#include "docker/transport.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/unique_fd.hpp"
#include "support/catch.hpp"
#include "support/socket_server.hpp"

// How it is told that an answer went wrong. That it is told for every call, fault_matrix_test.cpp tries.
using namespace pgupgrade;
using namespace pgupgrade::docker;
using test::ReceivedRequest;
using test::Reply;

namespace {

struct Call {
  std::string what;  // as it stands in messages, after "cannot"
  std::function<void(Engine&)> make;
};

// One of each kind of answer.
const std::vector<Call>& calls() {
  static const std::vector<Call> all{
      {"ask the Docker Engine about itself", [](Engine& e) { e.info(); }},
      {"inspect container \"db\"", [](Engine& e) { e.inspect_container("db"); }},
      {"create container \"db\"", [](Engine& e) { e.create_container({.name = "db", .image = "i"}); }},
      {"start container \"db\"", [](Engine& e) { e.start_container("db"); }},
      {"read /data of container \"db\"",
       [](Engine& e) { e.get_archive("db", "/data", [](std::string_view) {}); }},
      {"write to /data of container \"db\"",
       [](Engine& e) { e.put_archive("db", "/data", [](char*, std::size_t) -> std::size_t { return 0; }); }},
  };
  return all;
}

const std::string kRunning =
    R"({"Id":"1","Name":"/db","Config":{},"HostConfig":{},"State":{"Status":"running","StartedAt":"2024-01-01T00:00:00Z"}})";

struct Outcome {
  ErrorKind kind;
  std::string code;
  std::string message;
  bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return out << static_cast<int>(outcome.kind) << " " << outcome.code << ": " << outcome.message;
}

Outcome outcome_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return {error.kind(), error.code(), error.what()};
  }
  return {ErrorKind::internal, "", "no error"};
}

// Runs the call with the given answer to its own request.
struct Run {
  Outcome outcome;
  std::string socket;
};

Run run(const Call& call, const std::function<Reply()>& reply,
        const std::shared_ptr<PausedClock>& clock = std::make_shared<PausedClock>()) {
  ScriptedEngine engine({.handler =
                             [&](const ReceivedRequest& request) {
                               return request.method == "HEAD" ? test::answer(200, "") : reply();
                             },
                         .clock = clock});
  return {outcome_of([&] { call.make(*engine); }), engine.socket()};
}

}  // namespace

TEST_CASE("a refusal is told in the words of the engine with its status") {
  for (const Call& call : calls()) {
    const auto refused = run(call, [] { return test::answer(500, R"({"message":"disk\n\u001b[1mfull"})"); });
    REQUIRE(refused.outcome == Outcome{ErrorKind::failed, "E-ENGINE",
                                       "could not " + call.what + ": disk ?[1mfull (status 500)"});
    const auto plain = run(call, [] { return test::answer(502, "Bad Gateway\n"); });
    REQUIRE(plain.outcome ==
            Outcome{ErrorKind::failed, "E-ENGINE", "could not " + call.what + ": Bad Gateway (status 502)"});
  }
}

TEST_CASE("a conflict has a code of its own") {
  for (const Call& call : calls()) {
    const auto conflict = run(call, [] { return test::answer(409, R"({"message":"in use"})"); });
    REQUIRE(conflict.outcome == Outcome{ErrorKind::failed, "E-ENGINE-CONFLICT",
                                        "could not " + call.what + ": in use (status 409)"});
  }
}

TEST_CASE("a connection that is closed or reset before the answer is no answer") {
  for (const Call& call : calls()) {
    for (const auto& reply : {test::reset(), Reply{}}) {
      const auto lost = run(call, [&] { return reply; });
      REQUIRE(lost.outcome == Outcome{ErrorKind::engine_unreachable, "E-ENGINE-UNREACHABLE",
                                      "could not " + call.what + ": the engine at " + lost.socket +
                                          " closed the connection without an answer"});
    }
  }
}

TEST_CASE("a body that is cut short is an error") {
  for (const Call& call : calls()) {
    const std::vector<Reply> cut{{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"},
                                 test::chunked_without_end({std::string("\1\0\0\0\0\0\0\1x", 9)}),
                                 {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n{"}};
    for (const Reply& reply : cut) {
      const auto failed = run(call, [&] { return reply; });
      REQUIRE(failed.outcome == Outcome{ErrorKind::failed, "E-ENGINE-STREAM",
                                        "could not " + call.what + ": the engine at " + failed.socket +
                                            " ended its answer early"});
    }
  }
}

TEST_CASE("an answer that is no JSON is not understood") {
  const Call& call = calls().front();
  for (const std::string body : {"<html>", "42"}) {
    const auto garbage = run(call, [&] { return test::answer(200, body); });
    REQUIRE(garbage.outcome.code == "E-ENGINE");
    REQUIRE_THAT(garbage.outcome.message,
                 ContainsSubstring("could not " + call.what + ": the engine's answer is not understood: "));
  }
}

TEST_CASE("a command that is answered with words is not carried out") {
  const auto words =
      run({"stop container \"db\"", [](Engine& e) { e.stop_container("db", std::chrono::seconds(0)); }},
          [] { return test::answer(200, R"({"message":"disk full"})"); });
  REQUIRE(words.outcome ==
          Outcome{ErrorKind::failed, "E-ENGINE",
                  "could not stop container \"db\": the engine's answer is not understood: disk full"});
}

TEST_CASE("what does not speak HTTP is named") {
  const Call& call = calls().front();
  const auto other = run(call, [] { return Reply{"SSH-2.0-OpenSSH_9.2\r\n\r\n"}; });
  REQUIRE(other.outcome ==
          Outcome{ErrorKind::failed, "E-ENGINE-STREAM",
                  "could not " + call.what + ": what answers at " + other.socket + " does not speak HTTP"});
}

TEST_CASE("a silent engine is given up after the patience of the call") {
  for (const std::string what : {"inspect container \"db\"", "write to /data of container \"db\""}) {
    const auto call =
        std::find_if(calls().begin(), calls().end(), [&](const Call& one) { return one.what == what; });
    const auto clock = std::make_shared<PausedClock>();
    const auto silent = run(
        *call, [&] { return silence(clock); }, clock);
    REQUIRE(silent.outcome ==
            Outcome{ErrorKind::failed, "E-ENGINE-TIMEOUT",
                    "could not " + what + ": the engine at " + silent.socket + " was silent for 1:00"});
  }
}

TEST_CASE("a stream that falls silent is given up too") {
  const auto clock = std::make_shared<PausedClock>();
  const test::Reply half{.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
                         .then = Reply::Then::hang};
  ScriptedEngine engine({.handler = [&](const ReceivedRequest&) { return half; }, .clock = clock});
  std::string received;
  const Outcome outcome = outcome_of([&] {
    engine->get_archive("db", "/data", [&](std::string_view bytes) {
      received += bytes;
      clock->run_away();
    });
  });
  REQUIRE(received == "x");
  REQUIRE(outcome == Outcome{ErrorKind::failed, "E-ENGINE-TIMEOUT",
                             "could not read /data of container \"db\": the engine at " + engine.socket() +
                                 " was silent for 1:00"});
}

TEST_CASE("cancellation ends a call that hangs") {
  for (const bool with_headers : {false, true}) {
    Cancellation* cancellation = nullptr;
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    ScriptedEngine engine({.handler = [&](const ReceivedRequest&) {
      return Reply{.bytes = with_headers ? head : "", .then = Reply::Then::hang, .afterwards = [&] {
                     cancellation->request(2);
                   }};
    }});
    cancellation = &engine.cancellation();
    const Outcome outcome = outcome_of([&] { engine->info(); });
    REQUIRE(outcome.kind == ErrorKind::interrupted);
    REQUIRE(outcome.code == "E-INTERRUPTED");
  }
}

TEST_CASE("a cancelled run sends nothing more") {
  ScriptedEngine engine({.handler = [](const ReceivedRequest&) { return test::answer(204, ""); }});
  engine.cancellation().request(15);
  REQUIRE(outcome_of([&] { engine->start_container("db"); }).code == "E-INTERRUPTED");
  REQUIRE(engine.requests().empty());
}

TEST_CASE("a question that was reset is asked again but a command never") {
  int resets = 2;
  ScriptedEngine engine({.handler = [&](const ReceivedRequest&) {
    return resets-- > 0 ? test::reset() : test::answer(200, kRunning);
  }});
  REQUIRE(engine->inspect_container("db")->id == "1");
  REQUIRE(engine.requests().size() == 3);
  resets = 1;
  REQUIRE(outcome_of([&] { engine->start_container("db"); }).code == "E-ENGINE-UNREACHABLE");
  REQUIRE(engine.requests().size() == 4);
}

TEST_CASE("a stream that has begun is not asked for again") {
  ScriptedEngine engine(
      {.handler = [](const ReceivedRequest&) { return test::chunked_without_end({"abc"}); }});
  std::string received;
  const Outcome outcome = outcome_of(
      [&] { engine->get_archive("db", "/data", [&](std::string_view bytes) { received += bytes; }); });
  REQUIRE(outcome.code == "E-ENGINE-STREAM");
  REQUIRE(received == "abc");
  REQUIRE(engine.requests().size() == 1);
}

TEST_CASE("what a sink throws reaches the caller") {
  ScriptedEngine engine({.handler = [](const ReceivedRequest&) { return test::chunked({"a", "b", "c"}); }});
  const Outcome outcome = outcome_of([&] {
    engine->get_archive("db", "/data", [](std::string_view) -> void {
      throw Error(ErrorKind::failed, "E-FILE", "could not write /backup: no space left on device");
    });
  });
  REQUIRE(outcome ==
          Outcome{ErrorKind::failed, "E-FILE", "could not write /backup: no space left on device"});
}

TEST_CASE("a socket that is absent or that nobody listens on is unreachable") {
  Cancellation cancellation;
  const test::SocketServer server([](const ReceivedRequest&) { return test::reset(); });
  const auto absent = server.socket().parent_path() / "none";
  const HttpRequest request{
      .what = "list volumes", .target = "/volumes", .patience = std::chrono::seconds(20)};
  const auto clock = std::make_shared<PausedClock>();
  REQUIRE(outcome_of([&] { Transport(absent, cancellation, clock).send(request); }) ==
          Outcome{ErrorKind::engine_unreachable, "E-ENGINE-UNREACHABLE",
                  "could not list volumes: no engine answers at " + absent.string() +
                      ": No such file or directory"});

  const auto deaf = server.socket().parent_path() / "deaf";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, deaf.c_str(), sizeof address.sun_path - 1);
  const UniqueFd bound(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(bound.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(outcome_of([&] { Transport(deaf, cancellation, clock).send(request); }) ==
          Outcome{ErrorKind::engine_unreachable, "E-ENGINE-UNREACHABLE",
                  "could not list volumes: no engine answers at " + deaf.string() + ": Connection refused"});
}

TEST_CASE("a socket that may not be used is told apart with what to do") {
  const Error error = connection_error("list volumes", "/run/docker.sock", EACCES);
  REQUIRE(error.kind() == ErrorKind::engine_unreachable);
  REQUIRE(error.code() == "E-ENGINE-PERMISSION");
  REQUIRE(error.what() ==
          std::string("could not list volumes: no permission to use the engine's socket /run/docker.sock"));
  REQUIRE(error.hint() ==
          "join the group that owns the socket (`sudo usermod -aG docker $USER`, then log in again), or use "
          "sudo");
}

TEST_CASE("a path too long for a socket is refused before anything is sent") {
  Cancellation cancellation;
  const std::string path = "/" + std::string(107, 'x');
  REQUIRE(
      outcome_of([&] { Transport(path, cancellation, std::make_shared<PausedClock>()); }) ==
      Outcome{ErrorKind::engine_unreachable, "E-ENGINE-UNREACHABLE",
              "could not reach the Docker Engine: no engine answers at " + path + ": File name too long"});
}

TEST_CASE("no connection reaches a child process") {
  bool close_on_exec = false;
  ScriptedEngine engine(
      {.handler = [&](const ReceivedRequest&) { return test::chunked({"x" + std::string(1024, '\0')}); }});
  engine->get_archive("db", "/data", [&](std::string_view) {
    // The client's end is the one that has a peer address and is not the server's.
    close_on_exec = true;
    for (int fd = 3; fd < 64; ++fd) {
      sockaddr_un peer{};
      socklen_t length = sizeof peer;
      if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) != 0) continue;
      if (std::string(peer.sun_path) != engine.socket()) continue;
      close_on_exec = close_on_exec && (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
    }
  });
  REQUIRE(close_on_exec);
}
