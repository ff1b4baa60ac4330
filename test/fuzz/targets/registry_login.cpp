#include <algorithm>

#include "docker/base64.hpp"
#include "docker/registry_auth.hpp"
#include "docker/url.hpp"
#include "fuzz/targets.hpp"

namespace pgupgrade::test::fuzz {

void try_registry_login(std::string_view input) {
  refusal({"E-DOCKER-CONFIG"},
          [&] { docker::find_registry_auth(input, "registry.example.com/team/postgres"); });
  refusal({"E-DOCKER-CONFIG"}, [&] { docker::find_registry_auth(input, "postgres"); });
  docker::base64_decode(input);

  std::string encoded = docker::base64url_encode(input);
  std::replace(encoded.begin(), encoded.end(), '-', '+');
  std::replace(encoded.begin(), encoded.end(), '_', '/');
  hold(docker::base64_decode(encoded) == input, "what was encoded is decoded to the same");
  hold(docker::url_encode(input).find_first_of(" /?#&\r\n") == std::string::npos,
       "one segment of a path stays one");
}

}  // namespace pgupgrade::test::fuzz
