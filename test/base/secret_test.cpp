#include "pgupgrade/base/secret.hpp"

#include <csignal>

#include "pgupgrade/base/cancel.hpp"
#include "pgupgrade/base/clock.hpp"
#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"

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

TEST_CASE("all known secrets are blotted out with the longest first") {
  Redactor redactor;
  redactor.learn(Secret("hunter"));
  redactor.learn(Secret("hunter2"));
  redactor.learn(Secret("hunter2"));
  redactor.learn(Secret("abc"));
  CHECK(redactor.apply("postgres://u:hunter2@db, hunter, abc") == "postgres://u:***@db, ***, abc");
  CHECK(redactor.apply("").empty());
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

TEST_CASE("the system clock knows the century and never goes back") {
  SystemClock clock;
  CHECK(clock.unix_ms() > 1'700'000'000'000);
  const auto before = clock.monotonic();
  clock.pause(std::chrono::milliseconds(1));
  CHECK(clock.monotonic() > before);
}
