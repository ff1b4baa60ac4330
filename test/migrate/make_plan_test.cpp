#include "pgupgrade/migrate/make_plan.hpp"

#include "migrate/facts_builder.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::migrate;
using pgupgrade::test::good_case;
using Lines = std::vector<std::string>;

TEST_CASE("a database that can be copied has a plan and nothing to be said about it") {
  const Planned planned = good_case().planned();
  REQUIRE(planned.ok);
  CHECK(planned.diagnostics.empty());
  CHECK(planned.plan.programs.version == "17.6");
  REQUIRE(planned.plan.databases.size() == 1);
  const DatabasePlan& shop = planned.plan.databases.front();
  CHECK(shop.name == "shop");
  CHECK(shop.into == "shop");
  CHECK(shop.create);
  CHECK(shop.encoding == "UTF8");
  CHECK(planned.plan.tablespaces);
}

TEST_CASE("the programs are of the newer server's version, else of the next newer one") {
  auto down = good_case();
  std::swap(down.facts.source.version_num, down.facts.target.version_num);
  CHECK(down.planned().plan.programs.version == "17.6");
  CHECK(down.told().front().starts_with("W-TARGET-OLDER: "));
  auto newest = good_case();
  newest.programs.erase(newest.programs.begin() + 1);
  CHECK(newest.planned().plan.programs.version == "18.1");
  newest.programs.pop_back();
  CHECK(newest.told() == Lines{"E-CLIENT-PROGRAMS: cannot migrate: pg_dump and pg_restore of PostgreSQL 17 "
                               "are needed, and only older "
                               "ones were found: 15.8 in /usr/lib/postgresql/15/bin"});
  newest.programs.clear();
  CHECK(newest.told() ==
        Lines{"E-CLIENT-PROGRAMS: cannot migrate: pg_dump and pg_restore of PostgreSQL 17 are needed, "
              "and none were found on this machine"});
}

TEST_CASE("a database that holds something is no place for a copy") {
  auto full = good_case();
  full.facts.destinations = {
      {.name = "shop", .exists = true, .contents = {"table public.orders"}, .encoding = "UTF8"}};
  CHECK(full.told() ==
        Lines{"E-TARGET-NOT-EMPTY: cannot copy to database \"shop\" at the target (new.example:5432): it "
              "is not empty (table public.orders)"});
  full.facts.destinations.front().comment = "pgupgrade: being filled by migration 7f3a1b2c; not complete";
  CHECK(full.planned().diagnostics.front().hint ==
        "a migration has been interrupted there: run `pgupgrade resume` or `pgupgrade rollback` for it");
  full.facts.destinations.front().contents.clear();
  REQUIRE(full.planned().ok);
  CHECK_FALSE(full.planned().plan.databases.front().create);
}

TEST_CASE("without a right to create there is no copy") {
  auto no_database = good_case();
  no_database.facts.target.creates_databases = false;
  CHECK(no_database.told() ==
        Lines{"E-NO-CREATE: cannot create database \"shop\" at the target (new.example:5432): role "
              "\"app\" may not create databases"});
  auto no_right = good_case();
  no_right.facts.destinations = {{.name = "shop", .exists = true, .may_create = false, .encoding = "UTF8"}};
  CHECK(no_right.told() ==
        Lines{"E-NO-CREATE: cannot copy to database \"shop\" at the target (new.example:5432): role "
              "\"app\" has no CREATE right on it"});
}

TEST_CASE("what the role may not read is named") {
  auto blind = good_case();
  blind.facts.contents.front().unreadable = {"table public.pay (no SELECT)"};
  CHECK(blind.told() ==
        Lines{"E-NO-READ: cannot read all of database \"shop\" of the source as role \"app\": table "
              "public.pay (no SELECT)"});
}

TEST_CASE("a database is not copied onto itself") {
  auto same = good_case();
  same.facts.target.started = same.facts.source.started;
  CHECK(
      same.told() ==
      Lines{"E-SAME-DATABASE: cannot copy database \"shop\" onto itself: source and target are one server"});
  same.facts.destinations.front().name = "shop2";
  CHECK(same.planned().ok);
}

TEST_CASE("owners must exist at the target, be created there, or be left out") {
  auto roles = good_case();
  roles.facts.contents.front().owners = {"app", "boss"};
  roles.facts.contents.front().grantees = {"reader"};
  roles.facts.source.roles.insert("boss");
  CHECK(roles.told() ==
        Lines{"E-ROLE-MISSING: cannot migrate: objects belong to, or are granted to, a role that the "
              "target (new.example:5432) lacks: boss"});
  roles.request.roles = true;
  CHECK(roles.told().front().starts_with("E-NO-CREATE: cannot create the role boss"));
  roles.facts.target.creates_roles = true;
  CHECK(roles.planned().plan.new_roles == Lines{"boss"});
  CHECK(roles.told().front().starts_with("W-ROLE-PASSWORDS: "));
  roles.request.roles = false;
  roles.request.ownership = Ownership::leave_out;
  REQUIRE(roles.planned().ok);
  CHECK(roles.planned().plan.not_carried == Lines{"owners of database \"shop\": boss (all belongs to app)",
                                                  "grants of database \"shop\": reader (--no-owner)"});
}

TEST_CASE("objects go to nobody whose member the role is not") {
  auto foreign = good_case();
  foreign.facts.contents.front().owners = {"postgres"};
  CHECK(foreign.told() ==
        Lines{"E-ROLE-NOT-MEMBER: cannot give objects to postgres at the target (new.example:5432): "
              "role \"app\" is not a member"});
  foreign.facts.target.superuser = true;
  CHECK(foreign.planned().ok);
}

TEST_CASE("connections must suffice for the jobs") {
  auto few = good_case();
  few.facts.target.free_connections = 5;
  CHECK(few.told() ==
        Lines{"E-CONNECTIONS: cannot migrate: 6 connections are needed at the target (new.example:5432), 5 "
              "are free"});
  few.facts.target.free_connections = -1;
  CHECK(few.planned().ok);
}

TEST_CASE("dump files need room, a stream needs none") {
  auto narrow = good_case();
  narrow.facts.free_bytes = 10;
  CHECK(narrow.planned().ok);
  narrow.request.form = CopyForm::directory;
  CHECK(narrow.told() ==
        Lines{"E-DISK: cannot dump database \"shop\" to /srv/.pgupgrade: up to 1000 B is needed, 10 B is "
              "free"});
}

TEST_CASE("an extension that the target does not offer refuses, one that is not trusted warns") {
  auto extensions = good_case();
  extensions.facts.contents.front().extensions = {{.name = "postgis", .version = "3.4", .schema = {}},
                                                  {.name = "pg_trgm", .version = "1.5", .schema = {}}};
  CHECK(extensions.told() ==
        Lines{"E-EXTENSION-MISSING: cannot copy database \"shop\": the target does not offer "
              "extension \"postgis\" (3.4)"});
  extensions.facts.target.extensions["postgis"] = false;
  REQUIRE(extensions.planned().ok);
  CHECK(extensions.told().front().starts_with("W-EXTENSION-RIGHT: "));
}

TEST_CASE("a locale provider that the target lacks refuses") {
  auto builtin = good_case();
  builtin.facts.source.databases.front().locale_provider = 'b';
  builtin.facts.target.version_num = 160004;
  CHECK(builtin.told().front() ==
        "E-ENCODING: cannot create a database like \"shop\": its locale provider is builtin, "
        "which PostgreSQL 16 does not have");
}

TEST_CASE("a standby is no target") {
  auto standby = good_case();
  standby.facts.target.in_recovery = true;
  CHECK(standby.told().front().starts_with("E-STANDBY: "));
}

TEST_CASE("who may write meanwhile, and whose connection others can read, is told") {
  auto open = good_case();
  open.facts.contents.front().clients = {"app from 10.0.0.7 (web)"};
  open.facts.source.encrypted = false;
  open.facts.target.encrypted = false;
  open.facts.target.address = "localhost:5433";
  REQUIRE(open.planned().ok);
  CHECK(open.told() ==
        Lines{"W-NOT-ENCRYPTED: the connection to the source (old.example:5432) is not encrypted",
              "W-CLIENTS-WRITE: clients are connected to database \"shop\" of the source: app from 10.0.0.7 "
              "(web)"});
}

TEST_CASE("what only a superuser makes is listed where there is none") {
  auto rich = good_case();
  rich.facts.contents.front().event_triggers = {"audit"};
  rich.facts.contents.front().publications = {"all_tables"};
  rich.facts.contents.front().subscriptions = {"from_head_office"};
  rich.facts.contents.front().tablespaces = {"fast"};
  rich.facts.contents.front().user_mappings = 1;
  const Plan plan = rich.planned().plan;
  CHECK_FALSE(plan.tablespaces);
  CHECK(plan.not_carried ==
        Lines{"subscriptions of database \"shop\": from_head_office (a second one would take the changes "
              "away from the "
              "first)",
              "event triggers of database \"shop\": audit (only a superuser creates them)",
              "publications of database \"shop\": all_tables (only a superuser creates all kinds of them)",
              "tablespaces of database \"shop\": fast (the target lacks them; what is in them goes to its "
              "default)",
              "options of user mappings (only a superuser may read them)"});
}

TEST_CASE("large tables travel apart only where several jobs stream") {
  auto large = good_case();
  large.facts.contents.front().largest_tables = {{.schema = "a b", .name = "o\"c", .bytes = 1LL << 30},
                                                 {.schema = "public", .name = "größe", .bytes = 1LL << 29}};
  CHECK(large.planned().plan.databases.front().apart == Lines{"\"a b\".\"o\"\"c\"", "\"public\".\"größe\""});
  large.facts.source.databases.front().encoding = "LATIN1";
  CHECK(large.planned().plan.databases.front().apart == Lines{"\"a b\".\"o\"\"c\""});
  large.request.jobs = 1;
  CHECK(large.planned().plan.databases.front().apart.empty());
}
