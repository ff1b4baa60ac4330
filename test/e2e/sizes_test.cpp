// How far a restore has come is seen by what the databases take up on disk.
#include "pgupgrade/base/cancel.hpp"
#include "support/catch.hpp"
#include "support/fixture_server.hpp"

namespace pgupgrade::test {

TEST_CASE(
    "the size of databases grows with their rows, whatever their names, and one that is absent is nothing") {
  const FixtureServer server(17);
  server.script("postgres", "CREATE DATABASE \"it's \\ one\";\nCREATE DATABASE other;\n");
  Cancellation cancellation;
  const auto connection =
      postgres::make_connector(cancellation)->connect(server.endpoint(), std::chrono::seconds(10), [] {
        return true;
      });
  const std::vector<std::string> both = {"it's \\ one", "other"};
  const std::int64_t before = connection->size_of(both);
  CHECK(before > 0);
  CHECK(connection->size_of({"absent"}) == 0);
  CHECK(connection->size_of({}) == 0);
  CHECK(connection->size_of({"other", "absent"}) < before);
  server.script("it's \\ one",
                "CREATE TABLE t AS SELECT repeat('x', 1000) FROM generate_series(1, 10000);\n");
  CHECK(connection->size_of(both) > before + 10'000'000);
}

}  // namespace pgupgrade::test
