#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "docker/scripted_engine.hpp"
#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"
#include "support/socket_server.hpp"

using namespace pgupgrade;
using namespace pgupgrade::docker;
using test::ReceivedRequest;
using namespace std::string_literals;

namespace {

std::string frame(char type, const std::string& payload) {
  return std::string{type, 0, 0, 0, 0, 0, 0, static_cast<char>(payload.size())} + payload;
}

std::string container_with_tty(bool tty) {
  return std::string(
             R"({"Id":"4f","Name":"/db","HostConfig":{},"State":{"Status":"created"},"Config":{"Tty":)") +
         (tty ? "true" : "false") + "}}";
}

struct Failure {
  std::string message;
  std::vector<std::string> context;
};

Failure failure_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return {error.code() + ": " + error.what(), error.context()};
  }
  return {"no error", {}};
}

Source source_of(const std::string& bytes) {
  return [bytes, at = std::size_t{0}](char* buffer, std::size_t limit) mutable {
    const std::size_t length = std::min(limit, bytes.size() - at);
    std::memcpy(buffer, bytes.data() + at, length);
    at += length;
    return length;
  };
}

// A scripted exec: `started` is what the start answers, `ended` what the last look answers.
test::SocketServer::Handler exec_script(test::Reply started, std::vector<std::string> looks) {
  return [started = std::move(started), looks = std::move(looks),
          look = std::size_t{0}](const ReceivedRequest& request) mutable {
    if (request.target == "/v1.44/containers/db/exec") return test::answer(201, R"({"Id":"e1"})");
    if (request.target == "/v1.44/exec/e1/start") return started;
    return test::answer(200, looks.at(std::min(look++, looks.size() - 1)));
  };
}

}  // namespace

TEST_CASE("logs of a container without a terminal come apart") {
  const std::string bytes = frame(1, "out\n") + frame(2, "err\n") + frame(1, "more\n");
  ScriptedEngine engine({.handler = [&](const ReceivedRequest& request) {
    if (request.target == "/v1.44/containers/db/json") return test::answer(200, container_with_tty(false));
    return test::chunked({bytes.substr(0, 5), bytes.substr(5)});
  }});
  std::string out;
  std::string err;
  engine->container_logs(
      "db", [&](std::string_view text) { out += text; }, [&](std::string_view text) { err += text; });
  REQUIRE(out == "out\nmore\n");
  REQUIRE(err == "err\n");
  REQUIRE(engine.requests().at(1).target == "/v1.44/containers/db/logs?stdout=1&stderr=1&follow=0&tail=all");
}

TEST_CASE("logs of a container with a terminal are passed as they are") {
  ScriptedEngine engine({.handler = [&](const ReceivedRequest& request) {
    if (request.target == "/v1.44/containers/db/json") return test::answer(200, container_with_tty(true));
    return test::chunked({"all ", "one"});
  }});
  std::string out;
  engine->container_logs("db", [&](std::string_view text) { out += text; }, {});
  REQUIRE(out == "all one");
}

TEST_CASE("logs that end inside a frame are an error that names the container") {
  ScriptedEngine engine({.handler = [&](const ReceivedRequest& request) {
    if (request.target == "/v1.44/containers/db/json") return test::answer(200, container_with_tty(false));
    return test::chunked({frame(1, "whole").substr(0, 10)});
  }});
  const Failure failure = failure_of([&] { engine->container_logs("db", {}, {}); });
  REQUIRE(failure.message ==
          "E-ENGINE-STREAM: could not read the engine's output stream: it ends 3 bytes before the end of a "
          "frame");
  REQUIRE(failure.context == std::vector<std::string>{"read the logs of container \"db\""});
}

TEST_CASE("an archive is passed on as it comes") {
  const std::string end_mark(1024, '\0');
  ScriptedEngine engine({.handler = [&](const ReceivedRequest&) {
    return test::chunked({"ab", "cd", "e" + end_mark.substr(1), "\0"s});
  }});
  std::string tar;
  engine->get_archive("db", "/var/lib/postgresql/data", [&](std::string_view bytes) { tar += bytes; });
  REQUIRE(tar == "abcde" + end_mark);
  REQUIRE(engine.requests().at(0).target ==
          "/v1.44/containers/db/archive?path=%2Fvar%2Flib%2Fpostgresql%2Fdata");
}

TEST_CASE("an archive that ends without its mark is an error although the engine ends it well") {
  const std::string end_mark(1024, '\0');
  for (const std::string& end :
       {std::string(), end_mark.substr(1), end_mark + "{\"message\":\"disk full\"}"}) {
    ScriptedEngine engine({.handler = [&](const ReceivedRequest&) {
      return test::chunked({"ab", "c" + end});
    }});
    REQUIRE(failure_of([&] { engine->get_archive("db", "/data", [](std::string_view) {}); }).message ==
            "E-ENGINE-STREAM: could not read /data of container \"db\": the engine's archive ends early");
  }
}

TEST_CASE("an archive is written in chunks to its last byte") {
  std::string tar(3'000'000, '\0');
  for (std::size_t i = 0; i < tar.size(); ++i) tar[i] = static_cast<char>(i * 7 + i / 251);
  ScriptedEngine engine({.handler = [](const ReceivedRequest&) { return test::answer(200, ""); }});
  engine->put_archive("db", "/data", source_of(tar));
  const auto requests = engine.requests();
  REQUIRE(requests.size() == 2);
  REQUIRE(requests[0].method == "HEAD");
  REQUIRE(requests[1].method == "PUT");
  REQUIRE(requests[1].target == "/v1.44/containers/db/archive?path=%2Fdata");
  REQUIRE_THAT(requests[1].head, ContainsSubstring("\r\nContent-Type: application/x-tar\r\n"));
  REQUIRE(requests[1].head.find("Expect:") == std::string::npos);
  REQUIRE(requests[1].complete);
  REQUIRE(requests[1].body == tar);
}

TEST_CASE("an archive for a directory that is not there is never sent") {
  bool asked = false;
  ScriptedEngine engine({.handler = [](const ReceivedRequest&) { return test::answer(404, ""); }});
  const Failure failure = failure_of([&] {
    engine->put_archive("db", "/none", [&](char*, std::size_t) -> std::size_t {
      asked = true;
      return 0;
    });
  });
  REQUIRE(
      failure.message ==
      "E-ENGINE: could not write to /none of container \"db\": no such container or directory (status 404)");
  REQUIRE_FALSE(asked);
}

TEST_CASE("an engine that refuses while an archive is sent is heard") {
  ScriptedEngine engine({
      .handler = [](const ReceivedRequest&) { return test::answer(200, ""); },
      .early = [](const ReceivedRequest& request) -> std::optional<test::Reply> {
        if (request.method != "PUT") return std::nullopt;
        test::Reply reply = test::answer(500, R"({"message":"no space left on device"})");
        reply.then = test::Reply::Then::hang;
        return reply;
      },
  });
  const Source endless = [](char* buffer, std::size_t limit) {
    std::memset(buffer, 0, limit);
    return limit;
  };
  REQUIRE(failure_of([&] { engine->put_archive("db", "/data", endless); }).message ==
          "E-ENGINE: could not write to /data of container \"db\": no space left on device (status 500)");
}

TEST_CASE("what a source throws reaches the caller and the archive is not completed") {
  ScriptedEngine engine({.handler = [](const ReceivedRequest&) { return test::answer(200, ""); }});
  bool first = true;
  const Failure failure = failure_of([&] {
    engine->put_archive("db", "/data", [&](char* buffer, std::size_t) -> std::size_t {
      if (!first) throw Error(ErrorKind::failed, "E-BACKUP-DAMAGED", "could not read the backup");
      first = false;
      buffer[0] = 'x';
      return 1;
    });
  });
  REQUIRE(failure.message == "E-BACKUP-DAMAGED: could not read the backup");
  engine->put_archive("db", "/data", source_of(""));  // the server has noticed the first one's end
  REQUIRE(engine.requests().at(1).method == "PUT");
  REQUIRE_FALSE(engine.requests().at(1).complete);
}

TEST_CASE("a command returns its output and its exit code once the engine has it") {
  ScriptedEngine engine(
      {.handler = exec_script(test::Reply{"HTTP/1.1 200 OK\r\n\r\n" + frame(1, "1\n") + frame(2, "!")},
                              {R"({"Running":true,"ExitCode":null})", R"({"Running":true,"ExitCode":null})",
                               R"({"Running":false,"ExitCode":3})"})});
  const ExecResult result = engine->exec("db", {"psql", "-c", "select 1"}, "postgres");
  REQUIRE(result.exit_code == 3);
  REQUIRE(result.standard_output == "1\n");
  REQUIRE(result.standard_error == "!");
  const auto requests = engine.requests();
  REQUIRE(requests.size() == 5);
  REQUIRE(
      requests[0].body ==
      R"({"AttachStdout":true,"AttachStderr":true,"Tty":false,"Cmd":["psql","-c","select 1"],"User":"postgres"})");
  REQUIRE(requests[1].body == R"({"Detach":false,"Tty":false})");
  REQUIRE(requests[1].head.find("Upgrade") == std::string::npos);
  REQUIRE(requests[4].target == "/v1.44/exec/e1/json");
}

TEST_CASE("a command that still runs after its output has ended is an error") {
  ScriptedEngine engine(
      {.handler = exec_script(test::chunked({frame(1, "x")}), {R"({"Running":true,"ExitCode":null})"})});
  REQUIRE(
      failure_of([&] { engine->exec("db", {"psql"}, ""); }).message ==
      "E-ENGINE-STREAM: could not run psql in container \"db\": its output ended, but the engine says that "
      "it still "
      "runs");
}

TEST_CASE("a command without an exit code is an error") {
  ScriptedEngine engine(
      {.handler = exec_script(test::chunked({frame(1, "x")}), {R"({"Running":false,"ExitCode":null})"})});
  REQUIRE(failure_of([&] { engine->exec("db", {"psql"}, ""); }).message ==
          "E-ENGINE: could not run psql in container \"db\": the engine's answer is not understood: "
          "\"ExitCode\": missing");
}

TEST_CASE("the output of a command that ends inside a frame is an error") {
  ScriptedEngine engine(
      {.handler = exec_script(test::Reply{"HTTP/1.1 200 OK\r\n\r\n" + frame(1, "1234").substr(0, 9)},
                              {R"({"Running":false,"ExitCode":0})"})});
  const Failure failure = failure_of([&] { engine->exec("db", {"psql"}, ""); });
  REQUIRE(failure.message ==
          "E-ENGINE-STREAM: could not read the engine's output stream: it ends 3 bytes before the end of a "
          "frame");
  REQUIRE(failure.context == std::vector<std::string>{"run psql in container \"db\""});
}
