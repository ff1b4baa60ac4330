#include "migrate/facts_builder.hpp"

namespace pgupgrade::test {

using namespace migrate;

MigrationCase good_case() {
  MigrationCase made;
  made.request.jobs = 2;
  made.request.state_root = "/srv/.pgupgrade";
  ServerFacts& source = made.facts.source;
  source.address = "old.example:5432";
  source.version_num = 130016;
  source.version = "13.16";
  source.role = "app";
  source.encrypted = true;
  source.started = "2026-11-01 13";
  source.free_connections = 90;
  source.databases = {
      {.name = "shop", .owner = "app", .bytes = 1000, .encoding = "UTF8", .collate = "C", .ctype = "C"}};
  source.roles = {"app", "postgres", "reader"};
  ServerFacts& target = made.facts.target;
  target = source;
  target.address = "new.example:5432";
  target.version_num = 170006;
  target.version = "17.6";
  target.started = "2026-11-02 17";
  target.creates_databases = true;
  target.assumable_roles = {"app"};
  target.databases = {};
  target.extensions = {{"plpgsql", true}, {"pg_trgm", true}};
  DatabaseContents shop;
  shop.name = "shop";
  shop.tables = 3;
  shop.owners = {"app"};
  made.facts.contents = {shop};
  made.facts.destinations = {{.name = "shop"}};
  made.facts.free_bytes = 1 << 30;
  made.programs = {{.major = 15, .version = "15.8", .directory = "/usr/lib/postgresql/15/bin", .image = {}},
                   {.major = 17, .version = "17.6", .directory = "/usr/lib/postgresql/17/bin", .image = {}},
                   {.major = 18, .version = "18.1", .directory = "/usr/lib/postgresql/18/bin", .image = {}}};
  return made;
}

Planned MigrationCase::planned() const {
  return make_plan(request, facts, programs, "7f3a1b2c", "0.1.0");
}

std::vector<std::string> MigrationCase::told() const {
  std::vector<std::string> lines;
  for (const Diagnostic& diagnostic : planned().diagnostics)
    lines.push_back(diagnostic.code + ": " + diagnostic.message);
  return lines;
}

}  // namespace pgupgrade::test
