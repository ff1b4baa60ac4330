#include <algorithm>

#include "fuzz/targets.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/scram.hpp"

namespace pgupgrade::test::fuzz {

namespace {

std::string escaped(const std::string& role) {
  std::string text;
  for (const char c : role) {
    if (c == ':' || c == '\\' || (c == '#' && text.empty())) text += '\\';
    text += c;
  }
  return text;
}

void check_written(const std::string& role, const std::string& password) {
  if ((role + password).find_first_of("\r\n") != std::string::npos) return;
  if (role.empty() || password.empty() || trim(role) != role || trim(password) != password) return;
  refusal({"E-PASSWORD-FILE"}, [&] {
    const auto found = postgres::parse_password_file(escaped(role) + ":" + password + "\n", "passwords");
    hold(found.size() == 1 && found[0].role == role && found[0].password.reveal() == password,
         "a line of a password file says what was written");
  });
}

}  // namespace

// A verifier, a role and a password, with zero bytes between them.
void try_passwords(std::string_view input) {
  const auto parts = parts_of(input, 3);
  const Secret password(parts[2]);
  postgres::md5_verifier_matches(parts[0], parts[1], password);
  refusal({"E-PASSWORD-FILE"}, [&] { postgres::parse_password_file(input, "passwords"); });
  check_written(parts[1], parts[2]);
  for (const char* name : {"POSTGRES_PASSWORD", "DATABASE_URL", "DSN"})
    for (const auto& found : postgres::candidates_in_environment("app", {{name, parts[0]}}))
      hold(!found.password.empty() && !found.origin.empty(),
           "a candidate has a password, and where it is from");
}

}  // namespace pgupgrade::test::fuzz
