#include "backup/byte_pipe.hpp"

#include <string>
#include <thread>

#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::backup;

TEST_CASE("bytes pass a pipe in order and more than it holds") {
  BytePipe pipe;
  std::string received;
  std::thread reader([&] {
    std::string buffer(7001, '\0');
    while (const std::size_t count = pipe.pull(buffer.data(), buffer.size()))
      received.append(buffer, 0, count);
  });
  std::string sent;
  for (int i = 0; i < 200; ++i) {
    const std::string piece(static_cast<std::size_t>(i * 997), static_cast<char>('a' + i % 26));
    sent += piece;
    CHECK(pipe.push(piece));
  }
  pipe.end();
  reader.join();
  CHECK(sent.size() > (16U << 20U));
  CHECK(received == sent);
}

TEST_CASE("a writer that gave up is an error to the reader and not an end") {
  BytePipe pipe;
  CHECK(pipe.push("half"));
  pipe.abort();
  char buffer[8];
  CHECK_THROWS_AS(pipe.pull(buffer, sizeof buffer), Error);
}

TEST_CASE("a writer does not wait for a reader that has gone") {
  BytePipe pipe;
  std::thread reader([&] { pipe.reader_has_gone(); });
  const std::string piece(1U << 20U, 'x');
  while (pipe.push(piece)) {
  }
  reader.join();
  CHECK_FALSE(pipe.push(piece));
}
