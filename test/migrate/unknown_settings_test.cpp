#include "migrate/unknown_settings.hpp"

#include "support/catch.hpp"

using namespace pgupgrade::migrate;

namespace {

constexpr const char* kTimeout =
    "pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter "
    "\"transaction_timeout\"\n"
    "Command was: SET transaction_timeout = 0;\n";
constexpr const char* kCounted = "pg_restore: warning: errors ignored on restore: 1\n";

}  // namespace

TEST_CASE("a setting that an older server does not know is no failure of a restore") {
  const Said said = without_unknown_settings(std::string(kTimeout) + kCounted);
  CHECK(said.unknown_settings);
  CHECK_FALSE(said.errors);
  CHECK(said.rest.empty());
}

TEST_CASE("any other complaint is one, and is what is left to tell") {
  const std::string real =
      "pg_restore: error: could not execute query: ERROR:  must be owner of schema public\n"
      "Command was: COMMENT ON SCHEMA public IS 'x';\n";
  const Said said = without_unknown_settings(kTimeout + real + kCounted);
  CHECK(said.unknown_settings);
  CHECK(said.errors);
  CHECK(said.rest == real);
  CHECK(without_unknown_settings("pg_restore: error: could not read from input file: end of file\n").errors);
  // A function of the user's may name a setting as well.
  CHECK(without_unknown_settings(
            "pg_restore: error: could not execute query: ERROR:  unrecognized configuration "
            "parameter \"app.user\"\nCommand was: CREATE VIEW v AS SELECT 1;\n")
            .errors);
}
