#include "pgupgrade/postgres/scram.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

#include "pgupgrade/base/error.hpp"

namespace pgupgrade::postgres {
namespace {

constexpr std::size_t kSha256Bytes = 32;
constexpr int kMostIterations = 10'000'000;  // more is no verifier but an attempt to keep us busy

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
                "cannot compute a digest: OpenSSL does not offer the algorithm");
  }
  out.resize(size);
  return out;
}

Bytes hmac_sha256(const Bytes& key, std::string_view text) {
  Bytes out(kSha256Bytes);
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &size) == nullptr) {
    throw Error(ErrorKind::failed, "E-CRYPTO", "cannot compute an HMAC with OpenSSL");
  }
  return out;
}

std::optional<Bytes> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  Bytes out(text.size() / 4 * 3);
  const int size = EVP_DecodeBlock(out.data(), reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  out.resize(static_cast<std::size_t>(size));
  for (std::size_t i = text.size(); i > 0 && text[i - 1] == '=' && !out.empty(); --i) out.pop_back();
  return out;
}

struct ScramVerifier {
  int iterations = 0;
  Bytes salt;
  Bytes stored_key;
  Bytes server_key;
};

std::optional<ScramVerifier> parse_scram(std::string_view text) {
  constexpr std::string_view kPrefix = "SCRAM-SHA-256$";
  if (text.substr(0, kPrefix.size()) != kPrefix) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  const std::size_t salt_at = text.find(':');
  const std::size_t keys_at = text.find('$');
  if (salt_at == std::string_view::npos || keys_at == std::string_view::npos || salt_at > keys_at)
    return std::nullopt;
  const std::size_t server_at = text.find(':', keys_at);
  if (server_at == std::string_view::npos) return std::nullopt;
  ScramVerifier verifier;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + salt_at, verifier.iterations);
  if (problem != std::errc{} || end != text.data() + salt_at) return std::nullopt;
  if (verifier.iterations < 1 || verifier.iterations > kMostIterations) return std::nullopt;
  const auto salt = from_base64(text.substr(salt_at + 1, keys_at - salt_at - 1));
  const auto stored = from_base64(text.substr(keys_at + 1, server_at - keys_at - 1));
  const auto server = from_base64(text.substr(server_at + 1));
  if (!salt || !stored || !server) return std::nullopt;
  if (stored->size() != kSha256Bytes || server->size() != kSha256Bytes) return std::nullopt;
  verifier.salt = *salt;
  verifier.stored_key = *stored;
  verifier.server_key = *server;
  return verifier;
}

bool equal(const Bytes& a, const Bytes& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

bool md5_verifier_matches(const std::string& verifier, const std::string& role, const Secret& password) {
  const Secret text{password.reveal() + role};
  const std::string expected =
      "md5" + to_hex(digest(EVP_md5(), as_bytes(text.reveal()), text.reveal().size()));
  return verifier.size() == expected.size() &&
         CRYPTO_memcmp(verifier.data(), expected.data(), expected.size()) == 0;
}

bool scram_verifier_matches(const std::string& verifier, const Secret& password) {
  const std::optional<ScramVerifier> parsed = parse_scram(verifier);
  if (!parsed) return false;
  Bytes salted(kSha256Bytes);
  if (PKCS5_PBKDF2_HMAC(password.reveal().data(), static_cast<int>(password.reveal().size()),
                        parsed->salt.data(), static_cast<int>(parsed->salt.size()), parsed->iterations,
                        EVP_sha256(), static_cast<int>(salted.size()), salted.data()) != 1) {
    throw Error(ErrorKind::failed, "E-CRYPTO", "cannot derive a SCRAM key with OpenSSL");
  }
  const Bytes client_key = hmac_sha256(salted, "Client Key");
  const Bytes stored_key = digest(EVP_sha256(), client_key.data(), client_key.size());
  return equal(stored_key, parsed->stored_key) &&
         equal(hmac_sha256(salted, "Server Key"), parsed->server_key);
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
