#include "docker/endpoint.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <string_view>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/docker/connect.hpp"

namespace pgupgrade::docker {
namespace {

constexpr std::string_view kUnix = "unix://";
constexpr std::string_view kDefaultEndpoint = "unix:///var/run/docker.sock";
constexpr std::string_view kDefaultContext = "default";

Error context_error(const std::string& message, const std::string& hint) {
  return {ErrorKind::usage, "E-ENGINE-CONTEXT", message, hint};
}

// A file of the docker command's configuration, and what `read` finds in it.
template <class Read>
std::string read_configuration(const std::filesystem::path& file, std::string_view text, Read read) {
  try {
    const boost::json::value value = json::parse(text, "it");
    return read(json::as_object(value, "the file"));
  } catch (const Error& error) {
    throw context_error(fmt::format("could not read {}: {}", printable(file.string()), error.what()),
                        "repair the file, or specify the engine's socket in DOCKER_HOST");
  }
}

std::string current_context(const std::filesystem::path& directory) {
  if (directory.empty()) return {};
  const auto file = directory / "config.json";
  const auto text = read_file_if_present(file);
  if (!text) return {};
  return read_configuration(file, *text, [](const boost::json::object& config) {
    return json::get_string_or(config, "currentContext", "");
  });
}

std::string endpoint_of_context(const std::filesystem::path& directory, const std::string& context) {
  const auto file = directory / "contexts" / "meta" / sha256_hex(context) / "meta.json";
  const auto text = directory.empty() ? std::nullopt : read_file_if_present(file);
  if (!text) {
    throw context_error(fmt::format("could not find the Docker context \"{}\"", printable(context)),
                        "`docker context ls` lists those there are; DOCKER_CONTEXT chooses one");
  }
  return read_configuration(file, *text, [](const boost::json::object& meta) {
    const boost::json::object* endpoints = json::find_object(meta, "Endpoints");
    const boost::json::object* docker =
        endpoints == nullptr ? nullptr : json::find_object(*endpoints, "docker");
    const std::string host = docker == nullptr ? std::string() : json::get_string_or(*docker, "Host", "");
    return host.empty() ? std::string(kDefaultEndpoint) : host;
  });
}

}  // namespace

ClientSettings client_settings(const Environment& environment) {
  std::filesystem::path directory = variable(environment, "DOCKER_CONFIG");
  const std::string home = variable(environment, "HOME");
  if (directory.empty() && !home.empty()) directory = std::filesystem::path(home) / ".docker";
  return {.docker_host = variable(environment, "DOCKER_HOST"),
          .docker_context = variable(environment, "DOCKER_CONTEXT"),
          .configuration_directory = directory};
}

std::string resolve_endpoint(const ClientSettings& settings) {
  std::string endpoint = settings.docker_host;
  if (endpoint.empty()) {
    std::string context = settings.docker_context;
    if (context.empty()) context = current_context(settings.configuration_directory);
    const bool is_default = context.empty() || context == kDefaultContext;
    endpoint = is_default ? std::string(kDefaultEndpoint)
                          : endpoint_of_context(settings.configuration_directory, context);
  }
  if (endpoint == kUnix) endpoint = kDefaultEndpoint;
  socket_of(endpoint);  // refuses what is no local socket
  return endpoint;
}

std::filesystem::path socket_of(const std::string& endpoint) {
  if (endpoint.rfind(kUnix, 0) == 0 && endpoint.size() > kUnix.size() && endpoint[kUnix.size()] == '/') {
    return endpoint.substr(kUnix.size());
  }
  throw Error(
      ErrorKind::usage, "E-ENGINE-REMOTE",
      fmt::format("cannot use the Docker Engine at {}: it must be on this machine, behind a unix:///… socket",
                  printable(endpoint)),
      "run pgupgrade on the machine where the engine runs");
}

std::string find_endpoint(const Environment& environment) {
  return resolve_endpoint(client_settings(environment));
}

}  // namespace pgupgrade::docker
