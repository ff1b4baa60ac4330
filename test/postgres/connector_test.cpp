#include <stdlib.h>

#include <filesystem>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/postgres/server.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace pgupgrade;
using namespace pgupgrade::postgres;

namespace {}  // namespace

TEST_CASE("a server that is not there is told with the reason for the first database") {
  const test::TemporaryDirectory directory;
  const Cancellation cancellation;
  const auto connector = make_connector(cancellation);
  try {
    connector->connect({.directory = directory.path(), .superuser = "boss"}, std::chrono::milliseconds{0},
                       {});
    FAIL("there is no server to connect to");
  } catch (const Error& error) {
    REQUIRE(error.code() == "E-SERVER-NOT-READY");
    REQUIRE_THAT(error.what(),
                 ContainsSubstring("could not connect to database \"postgres\" through the socket in " +
                                   directory.path().native() + ": "));
    REQUIRE_THAT(error.what(), ContainsSubstring("No such file or directory"));
  }
}

TEST_CASE("connecting ends when the server is no longer alive") {
  const test::TemporaryDirectory directory;
  const Cancellation cancellation;
  const auto connector = make_connector(cancellation);
  int asked = 0;
  const auto dead = [&] {
    ++asked;
    return false;
  };
  REQUIRE_THROWS_AS(
      connector->connect({.directory = directory.path(), .superuser = "boss"}, std::chrono::hours{1}, dead),
      Error);
  REQUIRE(asked == 1);
}

TEST_CASE("connecting ends when it is cancelled") {
  const test::TemporaryDirectory directory;
  Cancellation cancellation;
  const auto connector = make_connector(cancellation);
  cancellation.request(2);
  try {
    connector->connect({.directory = directory.path(), .superuser = "boss"}, std::chrono::hours{1}, {});
    FAIL("the cancellation was ignored");
  } catch (const Error& error) {
    REQUIRE(error.kind() == ErrorKind::interrupted);
  }
}

TEST_CASE("a login where nothing listens is unreachable") {
  const Cancellation cancellation;
  const auto connector = make_connector(cancellation);
  // Port 1 of the loopback network: refused at once.
  const LoginResult result = connector->login(
      {.host = "127.0.0.1", .port = 1, .role = "app", .database = "shop", .password = Secret{"secret"}});
  REQUIRE(result.outcome == LoginOutcome::unreachable);
  REQUIRE_THAT(result.reason, ContainsSubstring("Connection refused"));
}
