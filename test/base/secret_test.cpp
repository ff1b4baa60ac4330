#include "pgupgrade/base/secret.hpp"

#include <csignal>

#include "pgupgrade/base/cancel.hpp"
#include "pgupgrade/base/clock.hpp"
#include "pgupgrade/base/environment.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/wait.hpp"
#include "support/catch.hpp"
#include "support/environment_variable.hpp"

using namespace pgupgrade;

TEST_CASE("a secret survives copies and moves") {
  const std::string text = "a rather long password, on the heap";
  Secret secret(text);
  Secret copy("short");
  copy = secret;
  const Secret moved = std::move(secret);
  CHECK(copy.reveal() == text);
  CHECK(moved.reveal() == text);
  copy = *&copy;
  CHECK(copy.reveal() == text);
  CHECK(Secret().empty());
}

TEST_CASE("a secret that was assigned over is gone from its buffer") {
  Secret secret("0123456789");
  const char* buffer = secret.reveal().data();  // inside the object, since it is short
  const std::string_view bytes(buffer, 10);
  secret = Secret("ab");
  CHECK(bytes.substr(2).find_first_of("23456789") == std::string_view::npos);
}

TEST_CASE("a cancellation is thrown once it is requested") {
  Cancellation cancellation;
  cancellation.throw_if_requested();
  CHECK_FALSE(cancellation.requested());
  cancellation.request(SIGTERM);
  CHECK(cancellation.signal_number() == SIGTERM);
  try {
    cancellation.throw_if_requested();
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::interrupted);
    CHECK(std::string(error.what()) == "interrupted by SIGTERM");
  }
}

TEST_CASE("what is waited for is looked for at once, then again until the patience has ended") {
  class Still final : public Clock {
   public:
    std::int64_t unix_ms() const override { return now.count(); }
    std::chrono::milliseconds monotonic() const override { return now; }
    void pause(std::chrono::milliseconds length) override { now += length; }
    std::chrono::milliseconds now{0};
  } clock;
  Cancellation cancellation;
  const Patience patience{.most = std::chrono::seconds(2), .between_looks = std::chrono::milliseconds(500)};
  int looks = 0;
  CHECK(wait_until(clock, cancellation, patience, [&] { return ++looks == 3; }));
  CHECK(clock.now == std::chrono::seconds(1));
  looks = 0;
  CHECK_FALSE(wait_until(clock, cancellation, patience, [&] { return ++looks < 0; }));
  CHECK(looks == 5);
  cancellation.request(SIGINT);
  CHECK(wait_until(clock, cancellation, patience, [] { return true; }));
  CHECK_THROWS_AS(wait_until(clock, cancellation, patience, [] { return false; }), Error);
}

TEST_CASE("the environment is taken as it is") {
  const test::Variable variable_of_ours("PGUPGRADE_TEST_VARIABLE", "a=b");
  const Environment environment = current_environment();
  CHECK(variable(environment, "PGUPGRADE_TEST_VARIABLE") == "a=b");
  CHECK(variable(environment, "PGUPGRADE_TEST_NOTHING").empty());
}

TEST_CASE("the system clock knows the century and never goes back") {
  SystemClock clock;
  CHECK(clock.unix_ms() > 1'700'000'000'000);
  const auto before = clock.monotonic();
  clock.pause(std::chrono::milliseconds(1));
  CHECK(clock.monotonic() > before);
}
