#include "pgupgrade/planning/image_check.hpp"

#include <functional>

#include "planning/facts_builder.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::planning;

namespace {

struct World {
  TargetPlan target = planned(request_to(17), facts_of_shop()).plan.targets.at(0);
  ImageFacts image = image_of(17);
  Inventory& inventory() { return target.inventory; }
  DatabaseFacts& shop() { return target.inventory.databases[1]; }
};

struct Case {
  std::string name;
  std::function<void(World&)> change;
  std::string expected;
};

void require_diagnostics(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    INFO(c.name);
    World world;
    c.change(world);
    REQUIRE(shown(check_image(world.target, world.image, request_to(17))) == c.expected);
  }
}

}  // namespace

TEST_CASE("an image that has all that is needed gives no diagnostic") {
  const World world;
  REQUIRE(check_image(world.target, world.image, request_to(17)).empty());
  REQUIRE(check_image(world.target, world.image, std::vector<std::string>{}).empty());
}

TEST_CASE("an image of another version is refused for that alone") {
  require_diagnostics(
      {{"16 for 17",
        [](World& w) {
          w.image = image_of(16);
          w.image.extensions.clear();
        },
        "error E-IMAGE-MAJOR: image postgres:16 for service db holds PostgreSQL 16.1, not 17 | "
        "specify an image of PostgreSQL 17 with --image"}});
}

TEST_CASE("an image whose server refuses the value of a setting is refused, a locale by its own code") {
  require_diagnostics(
      {{"a time zone and a locale",
        [](World& w) {
          w.inventory().settings = {{.name = "TimeZone", .value = "US/Eastern"},
                                    {.name = "lc_monetary", .value = "xx_XX"},
                                    {.name = "work_mem", .value = "8MB"}};
          w.image.settings = {"TimeZone", "lc_monetary", "work_mem"};
          w.image.refused_settings = {
              {"TimeZone", "invalid value for parameter \"TimeZone\": \"US/Eastern\""},
              {"lc_monetary", "invalid value for parameter \"lc_monetary\": \"xx_XX\""}};
        },
        "error E-SETTING-VALUE: PostgreSQL 17 of image postgres:17 refuses the TimeZone of service db: "
        "invalid "
        "value for parameter \"TimeZone\": \"US/Eastern\" | set TimeZone to a value that both versions "
        "accept, "
        "then run pgupgrade again\n"
        "error E-LOCALE-MISSING: image postgres:17 has no locale \"xx_XX\", the lc_monetary of service db | "
        "choose an image that has it with --image, or set lc_monetary to a locale that both have"}});
}

TEST_CASE("an image whose release is older than the old server's is warned of") {
  require_diagnostics(
      {{"17.0 for 15.10",
        [](World& w) {
          w.target.old_version = "15.10";
          w.image.version = "17.0";
        },
        "warning W-MINOR-OLDER: image postgres:17 holds PostgreSQL 17.0, which came out before the "
        "15.10 of service db | get the newest one: docker pull postgres:17"}});
}

TEST_CASE("an image that keeps its data elsewhere than planned is refused") {
  require_diagnostics({
      {"another directory", [](World& w) { w.image.default_pgdata = "/srv/pg"; },
       "error E-PGDATA: image postgres:17 keeps its data in /srv/pg, but service db is planned to have it in "
       "/var/lib/postgresql/data | fetch it with \"docker pull postgres:17\" and plan again: then its own "
       "directory is known"},
      {"a PGDATA of the service outranks it",
       [](World& w) {
         w.image.default_pgdata = "/srv/pg";
         w.target.custom_pgdata = true;
       },
       ""},
  });
}

TEST_CASE("extensions and libraries that the image lacks are refused") {
  require_diagnostics({
      {"extension in two databases",
       [](World& w) {
         w.inventory().databases[0].extensions = {{.name = "postgis", .version = "3.3.2"}};
         w.shop().extensions = {{.name = "postgis", .version = "3.3.2"},
                                {.name = "hstore", .version = "1.8"}};
       },
       "error E-EXTENSION-MISSING: image postgres:17 has no extension \"postgis\", needed by databases "
       "\"postgres\", \"shop\" of service db | choose an image that has it with --image, or drop the "
       "extension"},
      {"preload library",
       [](World& w) {
         w.inventory().preload_libraries = {"pg_stat_statements", "$libdir/hstore.so", "timescaledb"};
       },
       "error E-LIBRARY-MISSING: image postgres:17 has no library \"timescaledb\", which service db preloads "
       "| choose an image that has it with --image, or take it out of the preload settings"},
      {"library of functions", [](World& w) { w.shop().procedural_libraries = {"$libdir/mine"}; },
       "error E-LIBRARY-MISSING: image postgres:17 has no library \"$libdir/mine\", which functions in "
       "database \"shop\" of service db call | choose an image that has it with --image, or drop the "
       "functions"},
      {"library by an absolute path of the old image",
       [](World& w) { w.shop().procedural_libraries = {"/usr/lib/postgresql/15/lib/hstore.so"}; },
       "error E-LIBRARY-MISSING: image postgres:17 has no library "
       "\"/usr/lib/postgresql/15/lib/hstore.so\", which functions in database \"shop\" of service db call | "
       "choose an image that has it with --image, or drop the functions"},
      {"library on a mount", [](World& w) { w.shop().procedural_libraries = {"/certs/mine.so"}; }, ""},
  });
}

TEST_CASE("locales that the image lacks are refused") {
  require_diagnostics({
      {"missing",
       [](World& w) {
         w.shop().collate = "fr_FR.UTF-8";
         w.image.libc = "";
       },
       "error E-LOCALE-MISSING: image postgres:17 has no locale \"fr_FR.UTF-8\", needed by database \"shop\" "
       "of "
       "service db | choose an image that has it with --image"},
      {"missing for an ICU database as well",
       [](World& w) {
         w.shop().locale_provider = 'i';
         w.shop().collate = w.shop().ctype = "fr_FR.utf8";
       },
       "error E-LOCALE-MISSING: image postgres:17 has no locale \"fr_FR.utf8\", needed by database \"shop\" "
       "of "
       "service db | choose an image that has it with --image"},
      {"in another spelling and built in",
       [](World& w) {
         w.shop().collate = "C.UTF-8";
         w.shop().ctype = "POSIX";
         w.inventory().databases[0].ctype = "de_DE.UTF-8";
         w.inventory().databases.push_back({.name = "euro", .locale_provider = 'i', .icu_locale = "de"});
         w.inventory().databases.back().collate = "de_DE.ISO-8859-15@euro";
       },
       ""},
      {"sorted by another library from then on",
       [](World& w) { w.shop().collate = w.shop().ctype = "de_DE.utf8"; },
       "note N-LIBC: text in database \"shop\" of service db is sorted by glibc 2.36 from then on; the "
       "restore builds all indexes in its order | "},
      {"what is dumped from a copy, and restored",
       [](World& w) {
         w.shop().collate = w.shop().ctype = "de_DE.utf8";
         w.target.aside = {
             .directory = "/srv/aside", .copied = true, .copied_because = "it has unlogged tables"};
       },
       "note N-LIBC: text in database \"shop\" of service db is sorted by glibc 2.36 from then on; the "
       "restore builds all indexes in its order | "},
      {"a copy whose indexes are rebuilt",
       [](World& w) {
         w.shop().collate = w.shop().ctype = "de_DE.utf8";
         w.target.aside = {.directory = "/srv/aside", .copied = true};
         w.target.old_libc = "glibc 2.31";
       },
       "note N-LIBC: text in database \"shop\" of service db is sorted by glibc 2.36 from then on; indexes "
       "of "
       "text are built anew | "},
      {"musl",
       [](World& w) {
         w.shop().collate = w.shop().ctype = "fr_FR.utf8";
         w.image.libc = "musl";
       },
       "note N-LIBC: text in database \"shop\" of service db is sorted by musl from then on; the restore "
       "builds all indexes in its order | musl sorts by code point in every locale"},
      {"image whose locales are not known",
       [](World& w) {
         w.shop().ctype = "fr_FR.utf8";
         w.image.locales.clear();
       },
       "warning W-LOCALE-UNKNOWN: could not determine the locales of image postgres:17 for service db | see "
       "\"locale -a\" in a container of it"},
  });
}

TEST_CASE("settings that the new version removed are left out or refused") {
  using Origin = SettingFacts::Origin;
  require_diagnostics({
      {"in the data directory",
       [](World& w) {
         w.inventory().settings = {
             {.name = "stats_temp_directory",
              .origin = Origin::configuration_file,
              .file = "/var/lib/postgresql/data/postgresql.conf"},
             {.name = "old_snapshot_threshold",
              .origin = Origin::auto_conf,
              .file = "/var/lib/postgresql/data/postgresql.auto.conf"},
             {.name = "stats_temp_directory", .origin = Origin::auto_conf},
             {.name = "datestyle", .origin = Origin::auto_conf},
             {.name = "timescaledb.max_background_workers", .origin = Origin::auto_conf},
             {.name = "config_file", .origin = Origin::command_line},
         };
       },
       "warning W-SETTING-REMOVED: PostgreSQL 17 does not know these settings of service db, which are left "
       "out: old_snapshot_threshold, stats_temp_directory | "},
      {"on the command line",
       [](World& w) {
         w.inventory().settings = {{.name = "stats_temp_directory", .origin = Origin::command_line}};
       },
       "error E-SETTING-REMOVED: service db sets stats_temp_directory on its command line, which PostgreSQL "
       "17 does not know | take it out there, restart the service and run pgupgrade again"},
      {"in a mounted file",
       [](World& w) {
         w.inventory().settings = {{.name = "stats_temp_directory", .file = "/etc/postgresql.conf"}};
       },
       "error E-SETTING-REMOVED: service db sets stats_temp_directory in the mounted file "
       "/etc/postgresql.conf, which PostgreSQL 17 does not know | take it out there, restart the service and "
       "run pgupgrade again"},
      {"image whose settings are not known",
       [](World& w) {
         w.inventory().settings = {{.name = "stats_temp_directory", .origin = Origin::command_line}};
         w.image.settings.clear();
       },
       ""},
  });
}

TEST_CASE("locales are compared in one spelling") {
  REQUIRE(normal_locale("de_DE.UTF-8") == "de_DE.utf8");
  REQUIRE(normal_locale("de_DE.utf8") == "de_DE.utf8");
  REQUIRE(normal_locale("de_DE.ISO-8859-15@euro") == "de_DE.iso885915@euro");
  REQUIRE(normal_locale("de_DE@euro") == "de_DE@euro");
  REQUIRE(normal_locale("C") == "C");
}

TEST_CASE("a pulled image is checked while planning") {
  Facts facts = facts_of_shop();
  facts.services[0].new_image_facts = image_of(16);
  const Planned result = planned(request_to(17), facts);
  REQUIRE_FALSE(result.ok);
  REQUIRE(shown(result.diagnostics) ==
          "error E-IMAGE-MAJOR: image postgres:16 for service db holds PostgreSQL 16.1, not 17 | specify an "
          "image of PostgreSQL 17 with --image");
}
