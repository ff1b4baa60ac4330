#include "pgupgrade/postgres/scram.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <vector>

#include "pgupgrade/base/error.hpp"

namespace pgupgrade::postgres {
namespace {

using Bytes = std::vector<unsigned char>;

const unsigned char* as_bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string to_hex(const Bytes& bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : bytes) {
    hex += digits[byte >> 4U];
    hex += digits[byte & 15U];
  }
  return hex;
}

Bytes digest(const EVP_MD* algorithm, const unsigned char* data, std::size_t length) {
  Bytes out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  if (EVP_Digest(data, length, out.data(), &size, algorithm, nullptr) != 1) {
    throw Error(ErrorKind::failed, "E-CRYPTO",
                "could not compute a digest: OpenSSL does not offer the algorithm");
  }
  out.resize(size);
  return out;
}

}  // namespace

bool md5_verifier_matches(const std::string& verifier, const std::string& role, const Secret& password) {
  const Secret text{password.reveal() + role};
  const std::string expected =
      "md5" + to_hex(digest(EVP_md5(), as_bytes(text.reveal()), text.reveal().size()));
  return verifier.size() == expected.size() &&
         CRYPTO_memcmp(verifier.data(), expected.data(), expected.size()) == 0;
}

std::optional<PasswordCandidate> find_password(const std::string& role, const std::string& verifier,
                                               const std::vector<PasswordCandidate>& candidates) {
  for (const bool names_role : {true, false}) {
    for (const PasswordCandidate& candidate : candidates) {
      if ((candidate.role == role) != names_role) continue;
      if (md5_verifier_matches(verifier, role, candidate.password)) return candidate;
    }
  }
  return std::nullopt;
}

}  // namespace pgupgrade::postgres
