#include "pgupgrade/postgres/endpoint.hpp"

#include "pgupgrade/base/error.hpp"
#include "postgres/connect_problem.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::postgres;

namespace {

Error error_of(const std::string& text) {
  try {
    parse_endpoint(text, "--from");
  } catch (const Error& error) {
    return error;
  }
  return {ErrorKind::internal, "E-INTERNAL", "no error"};
}

Error problem(const std::string& message, bool password_missing = false) {
  Connected failed;
  failed.problem = message;
  failed.password_missing = password_missing;
  return connect_problem(parse_endpoint("postgres://app@db.example:5433/shop", "the source"), "shop", failed);
}

}  // namespace

TEST_CASE("a connection string is taken apart, its password kept by itself") {
  const Endpoint endpoint =
      parse_endpoint("postgresql://app:p%40ss@db.example:5433/shop?sslmode=verify-full", "--from");
  CHECK(endpoint.parameters == std::map<std::string, std::string>{{"user", "app"},
                                                                  {"host", "db.example"},
                                                                  {"port", "5433"},
                                                                  {"dbname", "shop"},
                                                                  {"sslmode", "verify-full"}});
  CHECK(endpoint.password.reveal() == "p@ss");
  CHECK(address_of(endpoint) == "db.example:5433");
  CHECK(parse_endpoint("host=/run/pg dbname='my db'", "--from").value("dbname") == "my db");
}

TEST_CASE("a mistake is told without the text, which may have a password in it") {
  for (const char* text : {"postgres://app:s3cret@[::1/shop", "host=db s3cret",
                           "postgres://app:s3cret%zz@db/shop", "password='s3cret"}) {
    INFO(text);
    const Error error = error_of(text);
    CHECK(error.code() == "E-CONNECTION");
    CHECK(std::string(error.what()).find("s3cret") == std::string::npos);
  }
}

TEST_CASE("other secrets than a password are refused") {
  CHECK(error_of("host=db sslpassword=s3cret").code() == "E-CONNECTION");
}

TEST_CASE("a connection string for programs means the same and has no password") {
  const Endpoint endpoint = parse_endpoint("host=db password=s3cret options='-c a=b\\\\c'", "--from");
  const std::string text = connection_string(endpoint, "it's");
  CHECK(text == "host='db' options='-c a=b\\\\c' dbname='it\\'s'");
  const Endpoint again = parse_endpoint(text, "again");
  CHECK(again.value("options") == "-c a=b\\c");
  CHECK(again.value("dbname") == "it's");
}

TEST_CASE("why there is no connection is told apart by the server's own code, in any language") {
  const std::string at = "connection to server at \"db.example\" (10.0.0.1), port 5433 failed: ";
  CHECK(problem(at + "FATAL:  28P01: password authentication failed for user \"app\"\nLOCATION:  auth.c")
            .code() == "E-AUTH");
  CHECK(problem(at + "FATAL:  28000: kein pg_hba.conf-Eintrag\nLOCATION:  auth.c").code() == "E-AUTH");
  CHECK(problem(at + "FATAL:  3D000: Datenbank »shop« existiert nicht\nLOCATION:  x").code() ==
        "E-UNKNOWN-DATABASE");
  CHECK(problem(at + "FATAL:  53300: sorry, too many clients already\nLOCATION:  x").code() ==
        "E-CONNECTIONS");
  CHECK(problem(at + "Connection refused\n\tIs the server running on that host?").code() == "E-UNREACHABLE");
  CHECK(problem(at + "SSL error: certificate verify failed").code() == "E-TLS");
  CHECK(problem("server certificate for \"x\" does not match host name \"db.example\"").code() == "E-TLS");
  CHECK(problem(at + "server does not support SSL, but SSL was required").code() == "E-TLS");
  CHECK(problem(at + "fe_sendauth: no password supplied", true).code() == "E-PASSWORD-MISSING");
  CHECK(std::string(problem(at + "FATAL:  28P01: no\nLOCATION:  auth.c").what()) ==
        "could not connect to database \"shop\" of the source (db.example:5433): no");
}
