// Scripts tried and applied within one server, in a process that dies at every place: the same command again
// comes to the same end.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "campaign/campaign.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/registry.hpp"

namespace pgupgrade::test::campaign {

namespace {

constexpr const char* kAfter = "1.0,2.0 id,name,size,price,owner 3000";

class Tried {
 public:
  Tried() : registry_(15) {
    const Words scripts = {
        registry_.script(
            "migrate.sql",
            "ALTER TABLE production.dataset ADD COLUMN owner text;\nUPDATE production.dataset SET "
            "owner = 'nobody';\nCREATE TABLE working.later (a int);\n"),
        registry_.script("provenance.sql", "INSERT INTO production.provenance VALUES ('2.0');\n")};
    rehearse = registry_.command(scripts);
    apply = registry_.command(scripts, {"--apply"});
  }

  Words places(const Words& words) const {
    const auto list = registry_.directory() / "places";
    std::filesystem::remove(list);
    must(words, {{"PGUPGRADE_PLACES", list.native()}});
    Words result;
    for (const std::string& place : split_lines(read_file(list)))
      if (std::find(result.begin(), result.end(), place) == result.end()) result.push_back(place);
    return result;
  }

  void must(const Words& words, const Variables& variables = {}) const {
    const ProcessResult result = registry_.run(words, variables);
    require(result.succeeded(), join(words, " ") + " succeeds: " + output_of(result));
  }
  void kill(const Words& words, const std::string& place) const {
    const ProcessResult result = registry_.run(words, {{"PGUPGRADE_KILL_AT", place}});
    require(result.signal_number == SIGKILL, "it is killed at " + place + ": " + output_of(result));
  }
  std::string registry() const { return registry_.registry(); }

  void begin_anew() const {
    const NetworkServer& server = registry_.server();
    server.sql("postgres", "DROP DATABASE IF EXISTS alt_db WITH (FORCE)");
    server.sql(
        "registry",
        "DELETE FROM production.provenance WHERE version <> '1.0'; ALTER TABLE production.dataset DROP "
        "COLUMN IF EXISTS owner; DROP TABLE IF EXISTS working.later");
    std::filesystem::remove_all(registry_.directory() / ".pgupgrade");
    require_same(kRegistryBefore, registry(), "the database before a case");
  }

  // The copy bears its mark still, so it is dropped by it.
  void drop() const {
    must({"rehearse", "--from", registry_.uri("registry"), "--into", "alt_db", "--drop", "--yes"});
    require_same("registry", registry_.databases(), "databases");
  }

  Words rehearse, apply;

 private:
  Registry registry_;
};

}  // namespace

void kill_alternate(Cases& cases) {
  const Tried tried;
  const Words to_try = tried.places(tried.rehearse);
  const Words to_apply = tried.places(tried.apply);
  require(to_try.size() >= 8 && to_apply.size() > 3,
          fmt::format("it tells {} and {} places", to_try.size(), to_apply.size()));
  tried.begin_anew();
  for (const std::string& place : to_try)
    cases.run("rehearse, " + place, [&] {
      tried.kill(tried.rehearse, place);
      require_same(kRegistryBefore, tried.registry(), "the database itself");
      tried.must(tried.rehearse);
      require_same(kRegistryBefore, tried.registry(), "the database itself");
      tried.must(tried.apply);
      require_same(kAfter, tried.registry(), "what was applied");
      tried.drop();
      tried.begin_anew();
    });
  for (const std::string& place : to_apply)
    cases.run("apply, " + place, [&] {
      tried.must(tried.rehearse);
      tried.kill(tried.apply, place);
      tried.must(tried.apply);
      require_same(kAfter, tried.registry(), "what was applied, once");
      tried.must(tried.apply);
      require_same(kAfter, tried.registry(), "what was applied, once");
      tried.drop();
      tried.begin_anew();
    });
}

}  // namespace pgupgrade::test::campaign
