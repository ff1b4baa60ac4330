#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "docker/base64.hpp"
#include "docker/json_sequence.hpp"
#include "docker/registry_auth.hpp"
#include "docker/scripted_engine.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "support/catch.hpp"
#include "support/socket_server.hpp"
#include "support/temporary_directory.hpp"

#include <boost/json.hpp>

using namespace pgupgrade;
using namespace pgupgrade::docker;
using test::ReceivedRequest;

namespace {

struct Failure {
  std::string message;
  std::string hint;
};

Failure failure_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return {error.code() + ": " + error.what(), error.hint()};
  }
  return {"no error", ""};
}

test::SocketServer::Handler always(test::Reply reply) {
  return [reply = std::move(reply)](const ReceivedRequest&) { return reply; };
}

}  // namespace

TEST_CASE("an image is read with its configuration") {
  ScriptedEngine engine({.handler = always(test::answer(200, R"({
    "Id": "sha256:aa", "RepoTags": ["postgres:17"], "RepoDigests": null, "Size": 430000000,
    "Config": {"Env": ["PG_MAJOR=17"], "Entrypoint": ["docker-entrypoint.sh"], "Cmd": ["postgres"], "User": "",
               "Volumes": {"/var/lib/postgresql/data": {}, "/extra": {}}}})"))});
  const ImageInfo image = engine->inspect_image("registry.example.com:5000/team/postgres:17").value();
  REQUIRE(engine.requests().at(0).target == "/v1.44/images/registry.example.com:5000/team/postgres:17/json");
  REQUIRE(image.id == "sha256:aa");
  REQUIRE(image.tags == std::vector<std::string>{"postgres:17"});
  REQUIRE(image.digests.empty());
  REQUIRE(image.environment == std::vector<std::string>{"PG_MAJOR=17"});
  REQUIRE(image.entrypoint == std::vector<std::string>{"docker-entrypoint.sh"});
  REQUIRE(image.command == std::vector<std::string>{"postgres"});
  REQUIRE(image.volumes == std::vector<std::string>{"/extra", "/var/lib/postgresql/data"});
  REQUIRE(image.user.empty());
  REQUIRE(image.size_bytes == 430000000);
}

TEST_CASE("an image that is not on the engine is nothing") {
  ScriptedEngine engine({.handler = always(test::answer(404, R"({"message":"No such image"})"))});
  REQUIRE_FALSE(engine->inspect_image("postgres:17").has_value());
}

TEST_CASE("a pull reports its progress") {
  const std::string stream =
      "{\"status\":\"Pulling from library/postgres\",\"id\":\"17\"}\r\n"
      "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":10,\"total\":20},\"id\":\"ab\"}\r\n"
      "{\"status\":\"Status: Downloaded newer image\"}\r\n";
  ScriptedEngine engine({.handler = always(test::chunked({stream.substr(0, 70), stream.substr(70)}))});
  std::vector<std::string> seen;
  engine->pull_image("postgres:17", [&](const PullProgress& progress) {
    seen.push_back(progress.status + "|" + progress.layer + "|" + std::to_string(progress.current_bytes) +
                   "/" + std::to_string(progress.total_bytes));
  });
  REQUIRE(seen == std::vector<std::string>{"Pulling from library/postgres|17|0/0", "Downloading|ab|10/20",
                                           "Status: Downloaded newer image||0/0"});
  const ReceivedRequest request = engine.requests().at(0);
  REQUIRE(request.target == "/v1.44/images/create?fromImage=postgres&tag=17");
  REQUIRE_THAT(request.head, ContainsSubstring("\r\nContent-Type: application/json\r\n"));
  REQUIRE(request.head.find("X-Registry-Auth") == std::string::npos);
}

TEST_CASE("a pull asks for one tag or digest and never for all") {
  ScriptedEngine engine({.handler = always(test::chunked({"{\"status\":\"ok\"}"}))});
  const std::string digest = "sha256:" + std::string(64, 'a');
  engine->pull_image("postgres", {});
  engine->pull_image("postgres:17@" + digest, {});
  REQUIRE(engine.requests().at(0).target == "/v1.44/images/create?fromImage=postgres&tag=latest");
  REQUIRE(engine.requests().at(1).target ==
          "/v1.44/images/create?fromImage=postgres&tag=sha256%3A" + std::string(64, 'a'));
}

TEST_CASE("an error inside a pull that began well is an error") {
  ScriptedEngine engine(
      {.handler = always(test::chunked(
           {"{\"status\":\"Pulling\"}\r\n{\"errorDetail\":{\"message\":\"manifest for postgres:99 not "
            "found\"},\"error\":\"manifest for postgres:99 not found\"}\r\n"}))});
  const Failure failure = failure_of([&] { engine->pull_image("postgres:99", {}); });
  REQUIRE(failure.message ==
          "E-PULL: could not pull image \"postgres:99\": manifest for postgres:99 not found");
  REQUIRE(failure.hint == "`docker pull postgres:99` shows whether the registry has it and lets you in");
}

TEST_CASE("a pull that the engine refuses or cuts short is an error") {
  ScriptedEngine refused({.handler = always(test::answer(404, R"({"message":"pull access denied"})"))});
  REQUIRE(failure_of([&] { refused->pull_image("a/b:1", {}); }).message ==
          "E-PULL: could not pull image \"a/b:1\": pull access denied");
  ScriptedEngine cut({.handler = always(test::chunked({"{\"status\":\"Pull"}))});
  REQUIRE(failure_of([&] { cut->pull_image("a/b:1", {}); }).message ==
          "E-ENGINE-STREAM: could not read the engine's progress stream: it ends inside an object");
  ScriptedEngine garbage({.handler = always(test::chunked({"<html>"}))});
  REQUIRE(failure_of([&] { garbage->pull_image("a/b:1", {}); }).message ==
          "E-ENGINE-STREAM: could not read the engine's progress stream: expected an object");
  ScriptedEngine lost({.handler = always(test::chunked_without_end({"{\"status\":\"Pulling\"}"}))});
  REQUIRE(failure_of([&] { lost->pull_image("a/b:1", {}); }).message ==
          "E-ENGINE-STREAM: could not pull image \"a/b:1\": the engine at " + lost.socket() +
              " ended its answer early");
}

TEST_CASE("what is no image reference is not sent to the engine") {
  ScriptedEngine engine({.handler = always(test::answer(200, ""))});
  REQUIRE(failure_of([&] { engine->pull_image("Not An Image", {}); }).message ==
          "E-PULL: could not pull image \"Not An Image\": it is not an image reference");
  REQUIRE(engine.requests().empty());
}

TEST_CASE("a pull logs in with what the docker command has stored") {
  const test::TemporaryDirectory directory;
  // user:pa:ss
  write_file_durably(directory.path() / "config.json",
                     R"({"auths":{"registry.example.com":{"auth":"dXNlcjpwYTpzcw=="}}})");
  ScriptedEngine engine(
      {.handler = always(test::chunked({"{\"status\":\"ok\"}"})), .client_configuration = directory.path()});
  engine->pull_image("registry.example.com/pg:17", {});
  const std::string expected =
      base64url_encode(R"({"username":"user","password":"pa:ss","serveraddress":"registry.example.com"})");
  REQUIRE_THAT(engine.requests().at(0).head, ContainsSubstring("\r\nX-Registry-Auth: " + expected + "\r\n"));
}

TEST_CASE("a pull that fails for want of a credential helper says so") {
  const test::TemporaryDirectory directory;
  write_file_durably(directory.path() / "config.json",
                     R"({"credHelpers":{"registry.example.com":"ecr-login"}})");
  ScriptedEngine engine({.handler = always(test::answer(500, R"({"message":"no basic auth credentials"})")),
                         .client_configuration = directory.path()});
  const Failure failure = failure_of([&] { engine->pull_image("registry.example.com/pg:17", {}); });
  REQUIRE(failure.message ==
          "E-PULL: could not pull image \"registry.example.com/pg:17\": no basic auth credentials");
  REQUIRE(
      failure.hint ==
      "the registry's password is kept by the credential helper \"ecr-login\", which is not asked here; run "
      "`docker pull registry.example.com/pg:17`, then try again");
}

TEST_CASE("credentials go to their own registry only") {
  const std::string config = R"({
    "auths": {"https://index.docker.io/v1/": {"auth": "aHViOmg="},
              "https://other.example.com/v2/": {"auth": "b3RoZXI6bw=="},
              "token.example.com": {"identitytoken": "tok"},
              "stored.example.com": {}},
    "credsStore": "desktop", "credHelpers": {"special.example.com": "ecr"}})";
  const auto sent = [&](std::string_view repository) {
    return find_registry_auth(config, repository).header.reveal();
  };
  const auto helper = [&](std::string_view repository) {
    return find_registry_auth(config, repository).helper;
  };
  const std::string hub =
      base64url_encode(R"({"username":"hub","password":"h","serveraddress":"https://index.docker.io/v1/"})");
  REQUIRE(sent("postgres") == hub);
  REQUIRE(sent("pgvector/pgvector") == hub);
  REQUIRE(sent("docker.io/library/postgres") == hub);
  REQUIRE(sent("other.example.com/pg") ==
          base64url_encode(R"({"username":"other","password":"o","serveraddress":"other.example.com"})"));
  REQUIRE(sent("token.example.com/pg") ==
          base64url_encode(R"({"identitytoken":"tok","serveraddress":"token.example.com"})"));
  REQUIRE(sent("localhost/pg").empty());
  REQUIRE(sent("stored.example.com/pg").empty());
  REQUIRE(helper("postgres").empty());
  REQUIRE(helper("stored.example.com/pg") == "desktop");
  REQUIRE(helper("special.example.com/pg") == "ecr");
}

TEST_CASE("a configuration that is no JSON is an error of its own") {
  REQUIRE_THAT(failure_of([] { find_registry_auth("{", "postgres"); }).message,
               ContainsSubstring("E-DOCKER-CONFIG: could not read the docker command's config.json: "));
}

TEST_CASE("base64 is read and written as the RFC gives it") {
  const std::vector<std::pair<std::string, std::string>> vectors{{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    REQUIRE(base64url_encode(plain) == encoded);
    REQUIRE(base64_decode(encoded) == plain);
  }
  REQUIRE(base64url_encode("\xfb\xff\xfe") == "-__-");
  REQUIRE(base64_decode("+//+") == "\xfb\xff\xfe");
  REQUIRE_FALSE(base64_decode("Zm9v!").has_value());
  REQUIRE_FALSE(base64_decode("Z").has_value());
}

TEST_CASE("objects one after another come out the same wherever they are cut") {
  const std::string stream = "{\"a\":\"}{\\\"\"}\r\n{\"b\":{\"c\":[1,2]}}{\"d\":\"\xc3\xa9\"} \n";
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    std::vector<std::string> objects;
    JsonSequence sequence(
        [&](const boost::json::object& object) { objects.push_back(boost::json::serialize(object)); });
    sequence.feed(stream.substr(0, cut));
    sequence.feed(stream.substr(cut));
    sequence.finish();
    REQUIRE(objects ==
            std::vector<std::string>{"{\"a\":\"}{\\\"\"}", "{\"b\":{\"c\":[1,2]}}", "{\"d\":\"\xc3\xa9\"}"});
  }
}
