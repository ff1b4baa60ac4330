#include "docker/engine_calls.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "pgupgrade/base/error.hpp"

namespace pgupgrade::docker {
namespace {

using std::chrono::seconds;

std::string container_in(const std::string& state) {
  return R"({"Id":"4f","Name":"/db","Config":{"Tty":false},"HostConfig":{},"State":)" + state + "}";
}

std::string frame(char type, const std::string& payload) {
  return std::string{type, 0, 0, 0, 0, 0, 0, static_cast<char>(payload.size())} + payload;
}

// A member of one block, and the mark that ends a tar.
std::string tar() {
  return std::string(512, 'h') + std::string(512, 'x') + std::string(1024, '\0');
}

Source one_block() {
  return [sent = false](char* buffer, std::size_t limit) mutable {
    const std::size_t length = sent ? 0 : std::min<std::size_t>(limit, 1024);
    std::memset(buffer, 0, length);
    sent = true;
    return length;
  };
}

void no_sink(std::string_view /*bytes*/) {}

Exchange inspection(const std::set<int>& fine = {}) {
  return {.method = "GET",
          .target = "/containers/db/json",
          .kind = Answer::json,
          .body = running_container(),
          .fine = fine};
}

Exchange command(const std::string& target, const std::set<int>& fine = {}) {
  return {.method = "POST", .target = target, .kind = Answer::nothing, .status = 204, .fine = fine};
}

Exchange removal(const std::string& target, const std::set<int>& fine) {
  return {.method = "DELETE", .target = target, .kind = Answer::nothing, .status = 204, .fine = fine};
}

const std::string kVolume = R"({"Name":"v","Driver":"local"})";
const std::string kOutput = frame(1, "1\n") + frame(2, "not so\n");

std::vector<EngineCall> container_calls() {
  return {
      {"inspect container \"db\"",
       "container \"db\"",
       [](Engine& engine) { engine.inspect_container("db"); },
       {inspection({404})}},
      {"list containers",
       "containers",
       [](Engine& engine) { engine.list_containers({}); },
       {{.method = "GET",
         .target = "/containers/json?all=1&filters=%7B%7D",
         .kind = Answer::json,
         .body = "[]"}}},
      {"create container \"db\"",
       "container \"db\"",
       [](Engine& engine) { engine.create_container({.name = "db", .image = "i"}); },
       {{.method = "POST",
         .target = "/containers/create?name=db",
         .kind = Answer::json,
         .status = 201,
         .body = R"({"Id":"4f","Warnings":[]})"}}},
      {"create container \"new\" like container \"db\"",
       "container \"db\"",
       [](Engine& engine) { engine.create_like("db", "new", {.image = "i"}); },
       {{.method = "GET",
         .target = "/containers/db/json",
         .kind = Answer::json,
         .body = R"({"Id":"4f","Image":"sha256:i","Config":{},"HostConfig":{"NetworkMode":"a"},)"
                 R"("NetworkSettings":{"Networks":{"a":{},"b":{}}}})"},
        {.method = "GET",
         .target = "/images/sha256%3Ai/json",
         .kind = Answer::json,
         .body = R"({"Config":{}})"},
        {.method = "POST",
         .target = "/containers/create?name=new",
         .kind = Answer::json,
         .status = 201,
         .body = R"({"Id":"5e","Warnings":[]})"},
        {.method = "POST", .target = "/networks/b/connect", .kind = Answer::nothing, .status = 200}}},
      {"describe container \"db\"",
       "container \"db\"",
       [](Engine& engine) { engine.run_line("db", "db", {.image = "i"}); },
       {{.method = "GET",
         .target = "/containers/db/json",
         .kind = Answer::json,
         .body = R"({"Id":"4f","Image":"sha256:i","Config":{},"HostConfig":{}})"},
        {.method = "GET",
         .target = "/images/sha256%3Ai/json",
         .kind = Answer::json,
         .body = R"({"Config":{}})"}}},
      {"rename container \"db\" to new",
       "container \"db\"",
       [](Engine& engine) { engine.rename_container("db", "new"); },
       {command("/containers/db/rename?name=new")}},
      {"start container \"db\"",
       "container \"db\"",
       [](Engine& engine) { engine.start_container("db"); },
       {command("/containers/db/start", {304})}},
      {"send SIGINT to container \"db\"",
       "container \"db\"",
       [](Engine& engine) { engine.signal_container("db", "SIGINT"); },
       {command("/containers/db/kill?signal=SIGINT", {409})}},
      {"stop container \"db\"",
       "container \"db\"",
       [](Engine& engine) { engine.stop_container("db", seconds(0)); },
       {command("/containers/db/stop?t=0", {304})}},
      {"wait for container \"db\"",
       "container \"db\"",
       [](Engine& engine) {
         if (engine.wait_container("db", std::chrono::milliseconds(1))) return;
         throw Error(ErrorKind::failed, "E-ENGINE-TIMEOUT",
                     "could not wait for container \"db\": not any longer");
       },
       {inspection(),
        {.method = "POST",
         .target = "/containers/db/wait?condition=not-running",
         .kind = Answer::json,
         .body = R"({"StatusCode":0})",
         .error_inside = R"({"StatusCode":0,"Error":{"Message":"disk full"}})"}}},
      {"set the restart policy of container \"db\"",
       "container \"db\"",
       [](Engine& engine) { engine.set_restart_policy("db", {}); },
       {{.method = "POST",
         .target = "/containers/db/update",
         .kind = Answer::json,
         .body = R"({"Warnings":null})"}}},
      {"remove container \"db\"",
       "container \"db\"",
       [](Engine& engine) { engine.remove_container("db"); },
       {removal("/containers/db?force=1&v=1", {404})}},
  };
}

std::vector<EngineCall> data_calls() {
  return {
      {"read the logs of container \"db\"",
       "container \"db\"",
       [](Engine& engine) { engine.container_logs("db", no_sink, no_sink); },
       {inspection(),
        {.method = "GET",
         .target = "/containers/db/logs?stdout=1&stderr=1&follow=0&tail=all",
         .kind = Answer::frames,
         .body = kOutput}}},
      {"read /data of container \"db\"",
       "container \"db\"",
       [](Engine& engine) { engine.get_archive("db", "/data", no_sink); },
       {{.method = "GET",
         .target = "/containers/db/archive?path=%2Fdata",
         .kind = Answer::archive,
         .body = tar()}}},
      {"write to /data of container \"db\"",
       "container \"db\"",
       [](Engine& engine) { engine.put_archive("db", "/data", one_block()); },
       {{.method = "HEAD", .target = "/containers/db/archive?path=%2Fdata", .kind = Answer::headers},
        {.method = "PUT", .target = "/containers/db/archive?path=%2Fdata", .kind = Answer::nothing}}},
      {"run true in container \"db\"",
       "container \"db\"",
       [](Engine& engine) { engine.exec("db", {"true"}, ""); },
       {{.method = "POST",
         .target = "/containers/db/exec",
         .kind = Answer::json,
         .status = 201,
         .body = R"({"Id":"e1"})"},
        {.method = "POST", .target = "/exec/e1/start", .kind = Answer::frames, .body = kOutput},
        {.method = "GET",
         .target = "/exec/e1/json",
         .kind = Answer::json,
         .body = R"({"Running":false,"ExitCode":0})"}}},
  };
}

std::vector<EngineCall> other_calls() {
  return {
      {"ask the Docker Engine about itself",
       "the Docker Engine",
       [](Engine& engine) { engine.info(); },
       {{.method = "GET", .target = "/info", .kind = Answer::json, .body = R"({"ID":"AB:CD"})"}}},
      {"inspect volume \"v\"",
       "volume \"v\"",
       [](Engine& engine) { engine.inspect_volume("v"); },
       {{.method = "GET", .target = "/volumes/v", .kind = Answer::json, .body = kVolume, .fine = {404}}}},
      {"create volume \"v\"",
       "volume \"v\"",
       [](Engine& engine) { engine.create_volume({.name = "v"}); },
       {{.method = "POST",
         .target = "/volumes/create",
         .kind = Answer::json,
         .status = 201,
         .body = kVolume}}},
      {"remove volume \"v\"",
       "volume \"v\"",
       [](Engine& engine) { engine.remove_volume("v"); },
       {removal("/volumes/v", {404})}},
      {"list volumes",
       "volumes",
       [](Engine& engine) { engine.list_volumes({}); },
       {{.method = "GET",
         .target = "/volumes?filters=%7B%7D",
         .kind = Answer::json,
         .body = R"({"Volumes":null,"Warnings":null})"}}},
      {"inspect image \"pg:17\"",
       "image \"pg:17\"",
       [](Engine& engine) { engine.inspect_image("pg:17"); },
       {{.method = "GET",
         .target = "/images/pg:17/json",
         .kind = Answer::json,
         .body = R"({"Id":"sha256:aa"})",
         .fine = {404}}}},
      {"pull image \"pg:17\"",
       "image \"pg:17\"",
       [](Engine& engine) { engine.pull_image("pg:17", {}); },
       {{.method = "POST",
         .target = "/images/create?fromImage=pg&tag=17",
         .kind = Answer::documents,
         .body = "{\"status\":\"Pulling from library/pg\"}\r\n{\"status\":\"Status: Downloaded\"}"}}},
  };
}

}  // namespace

test::Reply Exchange::with_body(const std::string& other) const {
  if (kind == Answer::headers) return test::answer(status, "", "Api-Version: 1.44\r\n");
  if (kind == Answer::json) return test::answer(status, other);
  if (kind == Answer::nothing) return test::answer(other.empty() ? status : 200, other);
  if (other.empty()) return test::chunked({});
  if (ends_with_connection()) return {"HTTP/1.1 200 OK\r\n\r\n" + other};
  const std::size_t middle = other.size() / 2;
  return test::chunked({other.substr(0, middle), other.substr(middle)});
}

Exchange ping() {
  return {.method = "GET", .target = "/_ping", .kind = Answer::headers, .body = "OK"};
}

std::string running_container() {
  return container_in(R"({"Status":"running","StartedAt":"2024-01-01T00:00:00Z"})");
}

const std::vector<EngineCall>& engine_calls() {
  static const std::vector<EngineCall> all = [] {
    std::vector<EngineCall> calls = container_calls();
    for (const auto& more : {data_calls(), other_calls()})
      calls.insert(calls.end(), more.begin(), more.end());
    return calls;
  }();
  return all;
}

}  // namespace pgupgrade::docker
