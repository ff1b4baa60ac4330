#include "docker/endpoint.hpp"

#include <cstdlib>
#include <filesystem>
#include <string>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace pgupgrade;
using namespace pgupgrade::docker;

namespace {

// A directory as ~/.docker.
class Configuration {
 public:
  void write(const std::filesystem::path& file, const std::string& text) const {
    directory_.write(file.native(), text);
  }
  void add_context(const std::string& name, const std::string& host) const {
    write("contexts/meta/" + sha256_hex(name) + "/meta.json",
          R"({"Name":")" + name + R"(","Metadata":{},"Endpoints":{"docker":{"Host":")" + host + R"("}}})");
  }
  const std::filesystem::path& path() const { return directory_.path(); }

 private:
  test::TemporaryDirectory directory_;
};

std::string resolved(const ClientSettings& settings) {
  try {
    return resolve_endpoint(settings);
  } catch (const Error& error) {
    return error.code() + ": " + error.what();
  }
}

}  // namespace

TEST_CASE("the host outranks the context and the context the configuration") {
  const Configuration configuration;
  configuration.write("config.json", R"({"currentContext":"rootless"})");
  configuration.add_context("rootless", "unix:///run/user/1000/docker.sock");
  configuration.add_context("other", "unix:///run/other.sock");
  const auto directory = configuration.path();
  REQUIRE(resolved({.docker_host = "unix:///h.sock",
                    .docker_context = "other",
                    .configuration_directory = directory}) == "unix:///h.sock");
  REQUIRE(resolved({.docker_context = "other", .configuration_directory = directory}) ==
          "unix:///run/other.sock");
  REQUIRE(resolved({.configuration_directory = directory}) == "unix:///run/user/1000/docker.sock");
  REQUIRE(resolved({.docker_context = "default", .configuration_directory = directory}) ==
          "unix:///var/run/docker.sock");
}

TEST_CASE("with nothing configured the usual socket is meant") {
  const Configuration configuration;
  REQUIRE(resolved({}) == "unix:///var/run/docker.sock");
  REQUIRE(resolved({.configuration_directory = configuration.path()}) == "unix:///var/run/docker.sock");
  configuration.write("config.json", R"({"auths":{}})");
  REQUIRE(resolved({.configuration_directory = configuration.path()}) == "unix:///var/run/docker.sock");
}

TEST_CASE("an engine that is not behind a local socket is refused") {
  for (const std::string host : {"tcp://10.0.0.1:2375", "ssh://me@host", "npipe:////./pipe/docker",
                                 "10.0.0.1:2375", "unix://relative.sock"}) {
    REQUIRE(resolved({.docker_host = host}) == "E-ENGINE-REMOTE: cannot use the Docker Engine at " + host +
                                                   ": it must be on this machine, behind a unix:///… socket");
  }
  const Configuration configuration;
  configuration.add_context("far", "ssh://me@host");
  REQUIRE(
      resolved({.docker_context = "far", .configuration_directory = configuration.path()}) ==
      "E-ENGINE-REMOTE: cannot use the Docker Engine at ssh://me@host: it must be on this machine, behind a "
      "unix:///… socket");
}

TEST_CASE("a context that does not exist is named") {
  const Configuration configuration;
  REQUIRE(resolved({.docker_context = "gone", .configuration_directory = configuration.path()}) ==
          "E-ENGINE-CONTEXT: could not find the Docker context \"gone\"");
  REQUIRE(resolved({.docker_context = "gone"}) ==
          "E-ENGINE-CONTEXT: could not find the Docker context \"gone\"");
}

TEST_CASE("a configuration that cannot be read is named with its path") {
  const Configuration configuration;
  configuration.write("config.json", "{");
  REQUIRE_THAT(resolved({.configuration_directory = configuration.path()}),
               ContainsSubstring("E-ENGINE-CONTEXT: could not read " +
                                 (configuration.path() / "config.json").string() + ": "));
}
