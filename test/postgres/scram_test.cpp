#include "pgupgrade/postgres/scram.hpp"

#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::postgres;

namespace {

// "role=password (origin)" of each candidate, so that whole lists can be compared.
std::vector<std::string> shown(const std::vector<PasswordCandidate>& candidates) {
  std::vector<std::string> texts;
  for (const PasswordCandidate& candidate : candidates) {
    texts.push_back(candidate.role + "=" + candidate.password.reveal() + " (" + candidate.origin + ")");
  }
  return texts;
}

std::string password_file_problem(std::string_view text) {
  try {
    parse_password_file(text, "/srv/app/passwords");
  } catch (const Error& error) {
    REQUIRE(error.kind() == ErrorKind::usage);
    REQUIRE(error.code() == "E-PASSWORD-FILE");
    return error.what();
  }
  return "no problem";
}

// md5("secret" "app")
constexpr const char* kMd5OfApp = "md56a422f785c9e20873908ce25d1736ae2";

}  // namespace

TEST_CASE("an md5 verifier fits its role and password only") {
  REQUIRE(md5_verifier_matches(kMd5OfApp, "app", Secret{"secret"}));
  REQUIRE_FALSE(md5_verifier_matches(kMd5OfApp, "app", Secret{"Secret"}));
  REQUIRE_FALSE(md5_verifier_matches(kMd5OfApp, "api", Secret{"secret"}));
  REQUIRE_FALSE(md5_verifier_matches("md5", "app", Secret{"secret"}));
  REQUIRE_FALSE(md5_verifier_matches("", "app", Secret{"secret"}));
}

TEST_CASE("the candidate that names the role is tried first") {
  const std::vector<PasswordCandidate> candidates = {
      {.role = "", .password = Secret{"secret"}, .origin = "any"},
      {.role = "other", .password = Secret{"secret"}, .origin = "other"},
      {.role = "app", .password = Secret{"secret"}, .origin = "named"},
  };
  const auto found = find_password("app", kMd5OfApp, candidates);
  REQUIRE(found.has_value());
  REQUIRE(found->origin == "named");
}

TEST_CASE("a candidate of another role fits when the passwords are equal") {
  const std::vector<PasswordCandidate> candidates = {
      {.role = "app", .password = Secret{"wrong"}, .origin = "wrong"},
      {.role = "other", .password = Secret{"secret"}, .origin = "other"},
  };
  const auto found = find_password("app", kMd5OfApp, candidates);
  REQUIRE(found.has_value());
  REQUIRE(found->origin == "other");
  REQUIRE_FALSE(find_password("api", kMd5OfApp, candidates).has_value());
}

TEST_CASE("passwords in variables come with the role beside them") {
  REQUIRE(shown(candidates_in_environment("db", {{"POSTGRES_PASSWORD", "a"},
                                                 {"POSTGRES_USER", "boss"},
                                                 {"PGPASSWORD", "b"},
                                                 {"PGUSER", "pg"},
                                                 {"DB_PASS", "c"},
                                                 {"DB_USERNAME", "api"},
                                                 {"CACHE_PW", "d"},
                                                 {"EMPTY_PASSWORD", ""},
                                                 {"PASSWORDS", "no"}})) ==
          std::vector<std::string>{"=d (CACHE_PW of service db)", "api=c (DB_PASS of service db)",
                                   "pg=b (PGPASSWORD of service db)",
                                   "boss=a (POSTGRES_PASSWORD of service db)"});
  REQUIRE(shown(candidates_in_environment("db", {{"POSTGRES_PASSWORD", "a"}})) ==
          std::vector<std::string>{"postgres=a (POSTGRES_PASSWORD of service db)"});
}

TEST_CASE("passwords in connection URLs are percent-decoded") {
  const auto one = [](const std::string& value) {
    return shown(candidates_in_environment("web", {{"URL", value}}));
  };
  REQUIRE(one("postgres://app:p%40s%2Fs@db:5432/shop") ==
          std::vector<std::string>{"app=p@s/s (URL of service web)"});
  REQUIRE(one("postgresql+asyncpg://app:x@db/shop?ssl=off") ==
          std::vector<std::string>{"app=x (URL of service web)"});
  REQUIRE(one("jdbc:postgresql://db/shop?user=app&password=a%26b") ==
          std::vector<std::string>{"app=a&b (URL of service web)"});
  REQUIRE(one("postgres://app:a/b?c@db/shop") == std::vector<std::string>{"app=a/b?c (URL of service web)"});
  REQUIRE(one("postgres://:x@db") == std::vector<std::string>{"=x (URL of service web)"});
  REQUIRE(one("postgres://app@db/shop").empty());
  REQUIRE(one("mysql://app:x@db/shop").empty());
  REQUIRE(one("postgres://").empty());
}

TEST_CASE("passwords in connection strings are unquoted") {
  const auto one = [](const std::string& value) {
    return shown(candidates_in_environment("web", {{"DSN", value}}));
  };
  REQUIRE(one("host=db user=app password='it\\'s me' dbname=shop") ==
          std::vector<std::string>{"app=it's me (DSN of service web)"});
  REQUIRE(one("Host=db;Username=app;Password=x;Database=shop") ==
          std::vector<std::string>{"app=x (DSN of service web)"});
  REQUIRE(one("password=y") == std::vector<std::string>{"=y (DSN of service web)"});
  REQUIRE(one("host=db user=app").empty());
  REQUIRE(one("just some words").empty());
}

TEST_CASE("a password file is split at the first colon that is not escaped") {
  REQUIRE(shown(parse_password_file("# comment\n\napp:secret\na\\:b\\\\c:p:q \n\"x\":y\n"
                                    "\\#d\\#e:z\n",
                                    "/p")) ==
          std::vector<std::string>{"app=secret (--password-file /p)", "a:b\\c=p:q  (--password-file /p)",
                                   "\"x\"=y (--password-file /p)", "#d\\#e=z (--password-file /p)"});
  REQUIRE(parse_password_file("", "/p").empty());
}

TEST_CASE("a line of a password file that cannot be used is named") {
  REQUIRE(password_file_problem("app:x\nnonsense\n") ==
          "cannot use the password file /srv/app/passwords: line 2 has no colon");
  REQUIRE(password_file_problem(":x\n") ==
          "cannot use the password file /srv/app/passwords: line 1 names no role");
  REQUIRE(password_file_problem("# c\n\napp:\n") ==
          "cannot use the password file /srv/app/passwords: line 3 has no password");
}
