#include "docker/registry_auth.hpp"

#include <boost/json.hpp>

#include "docker/base64.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/json.hpp"

namespace pgupgrade::docker {
namespace {

namespace bj = boost::json;

// Docker Hub's key in config.json is this address, for history's sake.
constexpr std::string_view kHubAddress = "https://index.docker.io/v1/";
constexpr std::string_view kHub = "docker.io";

// "pgvector/pgvector" → "docker.io"; "registry.example.com:5000/pg" → "registry.example.com:5000".
std::string registry_of(std::string_view repository) {
  const std::size_t slash = repository.find('/');
  if (slash == std::string_view::npos) return std::string(kHub);
  const std::string_view first = repository.substr(0, slash);
  const bool is_host = first.find_first_of(".:") != std::string_view::npos || first == "localhost";
  return std::string(is_host ? first : kHub);
}

// Keys may be addresses: "https://registry.example.com/v2/" → "registry.example.com".
std::string host_of(std::string_view key) {
  const std::size_t scheme = key.find("://");
  if (scheme != std::string_view::npos) key.remove_prefix(scheme + 3);
  key = key.substr(0, key.find('/'));
  return key == "index.docker.io" ? std::string(kHub) : std::string(key);
}

Secret header_of(const bj::object& entry, const std::string& registry) {
  const std::string address(registry == kHub ? kHubAddress : std::string_view(registry));
  const std::string token = json::get_string_or(entry, "identitytoken", "");
  if (!token.empty()) {
    return Secret(
        base64url_encode(bj::serialize(bj::object{{"identitytoken", token}, {"serveraddress", address}})));
  }
  const auto login = base64_decode(json::get_string_or(entry, "auth", ""));
  const std::size_t colon = login ? login->find(':') : std::string::npos;
  if (colon == std::string::npos) return {};
  return Secret(base64url_encode(bj::serialize(bj::object{{"username", login->substr(0, colon)},
                                                          {"password", login->substr(colon + 1)},
                                                          {"serveraddress", address}})));
}

RegistryAuth find(const bj::object& config, const std::string& registry) {
  RegistryAuth auth;
  if (const bj::object* entries = json::find_object(config, "auths")) {
    for (const auto& [key, value] : *entries) {
      if (host_of(key) == registry && value.is_object())
        auth.header = header_of(value.get_object(), registry);
      if (!auth.header.empty()) return auth;
    }
  }
  auth.helper = json::get_string_or(config, "credsStore", "");
  for (const auto& [key, helper] : json::get_string_map(config, "credHelpers")) {
    if (host_of(key) == registry) auth.helper = helper;
  }
  return auth;
}

}  // namespace

RegistryAuth find_registry_auth(std::string_view config, std::string_view repository) {
  try {
    const bj::value value = json::parse(config, "config.json");
    return find(json::as_object(value, "config.json"), registry_of(repository));
  } catch (const Error& error) {
    throw Error(ErrorKind::usage, "E-DOCKER-CONFIG",
                std::string("could not read the docker command's config.json: ") + error.what());
  }
}

}  // namespace pgupgrade::docker
