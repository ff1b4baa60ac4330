#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgupgrade/base/secret.hpp"

namespace pgupgrade::postgres {

// Whether "md5" + md5(password || role) is the verifier (PostgreSQL's own rule for md5).
bool md5_verifier_matches(const std::string& verifier, const std::string& role, const Secret& password);

struct PasswordCandidate {
  std::string role;  // empty: may be anyone's
  Secret password;
  std::string origin;  // "POSTGRES_PASSWORD of service db"
};

// The first candidate that fits the role's md5 verifier (those that name the role first).
std::optional<PasswordCandidate> find_password(const std::string& role, const std::string& verifier,
                                               const std::vector<PasswordCandidate>& candidates);

// Candidates in a service's environment: POSTGRES_PASSWORD, PGPASSWORD, *_PASSWORD, *_PASS, *_PW and the
// password (with user) of connection URLs (postgres://, postgresql://, also with +driver; percent-decoded)
// and of key=value connection strings.
std::vector<PasswordCandidate> candidates_in_environment(
    const std::string& service, const std::map<std::string, std::string>& environment);

// Lines "role:password" (the first colon splits; "\:", "\\" and a "\#" at its beginning are escapes in the
// role; # and blank lines are skipped) of a password file. Error(usage, "E-PASSWORD-FILE") names the line.
std::vector<PasswordCandidate> parse_password_file(std::string_view text, const std::string& path);

}  // namespace pgupgrade::postgres
