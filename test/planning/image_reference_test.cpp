#include "pgupgrade/planning/image_reference.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace pgupgrade::planning;

namespace {

const std::string kDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

}  // namespace

TEST_CASE("an image reference is split as Docker splits it") {
  struct Row {
    std::string text;
    ImageReference expected;
  };
  const std::vector<Row> rows = {
      {"postgres", {"postgres", "", ""}},
      {"postgres:15", {"postgres", "15", ""}},
      {"pgvector/pgvector:0.7.4-pg15", {"pgvector/pgvector", "0.7.4-pg15", ""}},
      {"registry.example.com:5000/db/postgres:15.4", {"registry.example.com:5000/db/postgres", "15.4", ""}},
      {"registry.example.com:5000/postgres", {"registry.example.com:5000/postgres", "", ""}},
      {"localhost/postgres:16", {"localhost/postgres", "16", ""}},
      {"[::1]:5000/postgres:16", {"[::1]:5000/postgres", "16", ""}},
      {"Example/postgres:16", {"Example/postgres", "16", ""}},
      {"postgres@" + kDigest, {"postgres", "", kDigest}},
      {"postgres:15@" + kDigest, {"postgres", "15", kDigest}},
      {"my__image-a.b--c:T_ag.1-x", {"my__image-a.b--c", "T_ag.1-x", ""}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto image = parse_image_reference(row.text);
    REQUIRE(image.has_value());
    CHECK(*image == row.expected);
    CHECK(image->text() == row.text);
  }
}

TEST_CASE("what is no image reference is not taken for one") {
  for (const std::string text : {"",
                                 ":15",
                                 "Postgres:15",
                                 "postgres:",
                                 "postgres:-15",
                                 "postgres:15 ",
                                 "postgres:${TAG}",
                                 "a//b",
                                 "/a",
                                 "a/",
                                 "postgres@sha256:12",
                                 "postgres@15",
                                 "postgres:15@",
                                 "a___b",
                                 "a..b",
                                 "-a",
                                 "host:port/postgres",
                                 "a:1:2",
                                 "postgres:a/b",
                                 "[::1/postgres"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_image_reference(text).has_value());
  }
  CHECK_FALSE(parse_image_reference("postgres:" + std::string(129, 'a')).has_value());
  CHECK_FALSE(parse_image_reference(std::string(256, 'a')).has_value());
}

TEST_CASE("the major version is found in the tags that publishers use") {
  struct Row {
    std::string tag;
    int major;
  };
  const std::vector<Row> rows = {
      {"15", 15},          {"15-alpine", 15},     {"15.4-bookworm", 15},    {"pg15", 15},
      {"15-3.4", 15},      {"latest-pg15", 15},   {"0.7.4-pg15", 15},       {"0.8.0-pg15-trixie", 15},
      {"2.15.0-pg15", 15}, {"pg15.4-ts2.11", 15}, {"12.1-pg16", 16},        {"15.1.0.147", 15},
      {"9.6-alpine", 9},   {"18beta1", 18},       {"18rc1-alpine3.21", 18}, {"15.4.0-debian-11-r10", 15},
      {"v16", 16},         {"postgres14", 14},    {"3.4_postgresql15", 15}, {"14-vectorchord0.3.0", 14},
  };
  for (const auto& row : rows) {
    CAPTURE(row.tag);
    const auto major = major_in_tag(row.tag);
    REQUIRE(major.has_value());
    CHECK(*major == row.major);
  }
}

TEST_CASE("a tag that names no major version has none") {
  for (const std::string tag :
       {"", "latest", "alpine", "bookworm", "2.15.0", "0.7.4", "20240115", "015", "60", "15x", "15.", "15..4",
        "pg", "v", "stable-15", "trixie-20250101", "pgbouncer15"}) {
    CAPTURE(tag);
    CHECK_FALSE(major_in_tag(tag).has_value());
  }
}

TEST_CASE("a tag is retargeted and keeps its variant") {
  struct Row {
    std::string tag;
    int old_major;
    int new_major;
    std::string expected;
  };
  const std::vector<Row> rows = {
      {"15", 15, 17, "17"},
      {"15-alpine", 15, 17, "17-alpine"},
      {"15.4-bookworm", 15, 17, "17-bookworm"},
      {"pg15", 15, 17, "pg17"},
      {"0.7.4-pg15", 15, 17, "0.7.4-pg17"},
      {"latest-pg15", 15, 18, "latest-pg18"},
      {"15-3.4-alpine", 15, 17, "17-3.4-alpine"},
      {"pg15.4-ts2.11", 15, 16, "pg16-ts2.11"},
      {"9.6.24-alpine", 9, 17, "17-alpine"},
      {"18beta1-trixie", 18, 19, "19-trixie"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.tag);
    CHECK(retarget_tag(row.tag, row.old_major, row.new_major).value_or("nothing") == row.expected);
  }
}

TEST_CASE("a tag without the old major is not retargeted") {
  CHECK_FALSE(retarget_tag("latest", 15, 17).has_value());
  CHECK_FALSE(retarget_tag("16-alpine", 15, 17).has_value());
  // The extension's version, not PostgreSQL's.
  CHECK_FALSE(retarget_tag("12.1", 16, 17).has_value());
  CHECK_FALSE(retarget_tag("", 15, 17).has_value());
}

TEST_CASE("retargeting a reference drops the digest of the old content") {
  CHECK(retarget({"postgres", "15.4", kDigest}, 15, 17) == ImageReference{"postgres", "17", ""});
  CHECK(retarget({"registry.example.com:5000/pg", "pg15", ""}, 15, 17) ==
        ImageReference{"registry.example.com:5000/pg", "pg17", ""});
  CHECK_FALSE(retarget({"postgres", "", kDigest}, 15, 17).has_value());
  CHECK_FALSE(retarget({"postgres", "", ""}, 15, 17).has_value());
}

TEST_CASE("a tag that would become too long is not retargeted") {
  const std::string variant = "-" + std::string(126, 'x');
  CHECK(parse_image_reference("postgres:8" + variant).has_value());
  CHECK_FALSE(retarget({"postgres", "8" + variant, ""}, 8, 17).has_value());
}
