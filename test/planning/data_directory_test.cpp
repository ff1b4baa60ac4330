#include "pgupgrade/planning/data_directory.hpp"

#include "planning/facts_builder.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::planning;

namespace {

// A service of the official image's layout with one volume, mounted at `target`.
ServiceFacts service_at(const std::string& image_pgdata, const std::string& pgdata,
                        const std::string& target) {
  ServiceFacts service = service_db();
  service.image_pgdata = image_pgdata;
  service.pgdata = pgdata;
  service.inventory->data_directory = pgdata;
  service.mounts = {{.source = "pgdata", .target = target}};
  return service;
}

constexpr const char* kData = "/var/lib/postgresql/data";
constexpr const char* kHome = "/var/lib/postgresql";
constexpr const char* k18 = "/var/lib/postgresql/18/docker";
constexpr const char* k19 = "/var/lib/postgresql/19/docker";

struct Case {
  std::string name;
  ServiceFacts service;
  int target_major;
  DataPlacement expected;
};

Mount volume_at(const std::string& target) {
  return {.source = "pgdata", .target = target};
}

}  // namespace

TEST_CASE("paths are compared by whole components") {
  REQUIRE(clean_path("/a//b/./c/") == "/a/b/c");
  REQUIRE(clean_path("/") == "/");
  REQUIRE(is_within("/data/18", "/data/"));
  REQUIRE(is_within("/data/", "/data"));
  REQUIRE(is_within("/data", "/"));
  REQUIRE_FALSE(is_within("/data2", "/data"));
  REQUIRE_FALSE(is_within("/data", "/data/18"));
}

TEST_CASE("the mount of a path is the one with the longest target that holds it") {
  const std::vector<Mount> mounts = {volume_at("/var/lib/postgresql"), volume_at("/var/lib/postgresql/data/"),
                                     volume_at("/var/lib/postgresql/data2")};
  REQUIRE(mount_of(mounts, "/var/lib/postgresql/data/base") == mounts[1]);
  REQUIRE(mount_of(mounts, "/var/lib/postgresql/data3") == mounts[0]);
  REQUIRE(mount_of(mounts, "/srv") == std::nullopt);
  REQUIRE(mount_of({}, "/srv") == std::nullopt);
}

TEST_CASE("the new data directory follows from the old image and the new version") {
  const Case cases[] = {
      {"13 to 17 changes nothing",
       service_at(kData, kData, kData),
       17,
       {.data_mount = volume_at(kData), .old_pgdata = kData, .new_pgdata = kData, .new_target = kData}},
      {"15 to 18 moves the mount",
       service_at(kData, kData, kData),
       18,
       {.data_mount = volume_at(kData), .old_pgdata = kData, .new_pgdata = k18, .new_target = kHome}},
      {"15 to 18 with a PGDATA of its own stays",
       service_at(kData, "/var/lib/postgresql/data/pgdata", kData),
       18,
       {.data_mount = volume_at(kData),
        .old_pgdata = "/var/lib/postgresql/data/pgdata",
        .new_pgdata = "/var/lib/postgresql/data/pgdata",
        .new_target = kData,
        .custom_pgdata = true}},
      {"15 to 18 with a mount that holds both stays there",
       service_at(kData, kData, kHome),
       18,
       {.data_mount = volume_at(kHome), .old_pgdata = kData, .new_pgdata = k18, .new_target = kHome}},
      {"17 to 18 from the layout of 18",
       service_at(k18, k18, kHome),
       18,
       {.data_mount = volume_at(kHome), .old_pgdata = k18, .new_pgdata = k18, .new_target = kHome}},
      {"18 to 19 keeps the mount",
       service_at(k18, k18, kHome),
       19,
       {.data_mount = volume_at(kHome), .old_pgdata = k18, .new_pgdata = k19, .new_target = kHome}},
      {"18 to 19 with the mount at the versioned directory moves it",
       service_at(k18, k18, k18),
       19,
       {.data_mount = volume_at(k18), .old_pgdata = k18, .new_pgdata = k19, .new_target = kHome}},
      {"another layout is not taken for the official one",
       service_at("/home/pg/data", "/home/pg/data", "/home/pg"),
       18,
       {.data_mount = volume_at("/home/pg"),
        .old_pgdata = "/home/pg/data",
        .new_pgdata = "/home/pg/data",
        .new_target = "/home/pg"}},
      {"no mount holds the data",
       service_at(kData, kData, "/backup"),
       17,
       {.data_mount = std::nullopt, .old_pgdata = kData, .new_pgdata = kData, .new_target = ""}},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    REQUIRE(place_data(c.service, c.target_major) == c.expected);
  }
}

TEST_CASE("a data directory that the Compose file names stays though it is the old image's default") {
  ServiceFacts service = service_at(kData, kData, kData);
  CHECK(place_data(service, 18).new_pgdata == k18);
  service.declares_pgdata = true;
  const DataPlacement place = place_data(service, 18);
  CHECK(place.new_pgdata == kData);
  CHECK(place.new_target == kData);
  CHECK(place.custom_pgdata);
}

TEST_CASE("a known new image decides where the data goes") {
  ServiceFacts service = service_at(kData, kData, kData);
  service.new_image_facts = image_of(18);
  service.new_image_facts->default_pgdata = "/srv/pg/18/data";
  service.new_image_facts->volumes = {"/srv/other", "/srv/pg"};
  REQUIRE(place_data(service, 18) == DataPlacement{.data_mount = volume_at(kData),
                                                   .old_pgdata = kData,
                                                   .new_pgdata = "/srv/pg/18/data",
                                                   .new_target = "/srv/pg"});
  REQUIRE(place_data(service, 18).mount_moves());
  service.new_image_facts->volumes.clear();
  REQUIRE(place_data(service, 18).new_target == "/srv/pg/18/data");
  service.new_image_facts = image_of(17);
  REQUIRE_FALSE(place_data(service, 17).mount_moves());
}

TEST_CASE("without an inventory the placement goes by PGDATA") {
  ServiceFacts service = service_at(kData, kData, kData);
  service.inventory.reset();
  REQUIRE(place_data(service, 18) ==
          DataPlacement{
              .data_mount = volume_at(kData), .old_pgdata = kData, .new_pgdata = k18, .new_target = kHome});
}

TEST_CASE("a directory that is named by the old version has a successor, any other has none") {
  CHECK(next_versioned_pgdata("/data/15/", 15, 17) == "/data/17");
  CHECK(next_versioned_pgdata("/var/lib/postgresql/9/15", 15, 18) == "/var/lib/postgresql/9/18");
  for (const char* other : {"/data", "/data/pg15", "/data/15/main", "/data/13", "15", "/data/115"})
    CHECK(next_versioned_pgdata(other, 15, 17) == std::nullopt);
}

TEST_CASE("a mount into the old version's own files has a place in the new version's, any other has none") {
  CHECK(next_versioned_target("/usr/share/postgresql/15/tsearch_data/a.stop", 15, 17) ==
        "/usr/share/postgresql/17/tsearch_data/a.stop");
  CHECK(next_versioned_target("/usr/local/share/postgresql/15/extension/", 15, 17) ==
        "/usr/local/share/postgresql/17/extension");
  for (const char* other :
       {"/usr/share/postgresql/13/tsearch_data/a.stop", "/usr/share/postgresql/tsearch_data/a.stop",
        "/usr/share/postgresql/15", "/usr/lib/postgresql/15/lib/a.so", "/var/lib/postgresql/15/main"})
    CHECK(next_versioned_target(other, 15, 17) == std::nullopt);
  const Mount own{.kind = MountKind::bind, .source = "/a", .target = "/usr/share/postgresql/15/a"};
  const Mount next{.kind = MountKind::bind, .source = "/a", .target = "/usr/share/postgresql/17/a"};
  CHECK(versioned_mounts({volume_at("/data"), own}, 15, 17) == std::vector<Mount>{own});
  CHECK(versioned_mounts({own, next}, 15, 17).empty());
}

TEST_CASE("a PGDATA that is edited with the image puts the new cluster beside the old one") {
  ServiceFacts service = service_at(kData, "/data/15", "/data");
  service.new_pgdata = "/data/17";
  CHECK(place_data(service, 17) == DataPlacement{.data_mount = volume_at("/data"),
                                                 .old_pgdata = "/data/15",
                                                 .new_pgdata = "/data/17",
                                                 .new_target = "/data",
                                                 .custom_pgdata = true,
                                                 .beside = true});
}
