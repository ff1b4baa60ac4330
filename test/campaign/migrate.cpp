// A migration that dies at every place is resumed, and comes to the same end.
#include <fmt/format.h>

#include <csignal>
#include <filesystem>

#include "campaign/campaign.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/server_pair.hpp"

namespace pgupgrade::test::campaign {

void migrate(Cases& cases) {
  const ServerPair pair(13, 17);
  pair.source().sql("postgres", "CREATE DATABASE blog OWNER app");
  pair.source().sql("blog", "CREATE TABLE posts (id int PRIMARY KEY); INSERT INTO posts VALUES (1), (2)",
                    "app");
  const Words command = pair.migrate({"--database", "blog"});
  const std::filesystem::path places = pair.directory() / "places";
  pair.must(command, {{"PGUPGRADE_PLACES", places.native()}});
  const std::vector<std::string> names = split_lines(read_file(places));
  require(names.size() >= 8, fmt::format("a migration reaches only {} places", names.size()));
  for (const std::string& place : names) {
    cases.run(place, [&] {
      pair.target().sql("postgres", "DROP DATABASE IF EXISTS blog");
      pair.forget_runs();
      require(pair.run(command, {{"PGUPGRADE_KILL_AT", place}}).signal_number == SIGKILL,
              "it is not killed at " + place);
      pair.must({"resume"});
      require_same("2", pair.target().sql("blog", "SELECT count(*) FROM posts", "app"), "rows");
      require_same("blog", pair.target().databases(), "databases of the target");
      require_same("", pair.containers(), "containers that are left");
    });
  }
}

}  // namespace pgupgrade::test::campaign
