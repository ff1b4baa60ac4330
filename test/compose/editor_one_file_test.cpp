#include "compose/editor_support.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::compose;
using namespace pgupgrade::compose::testing;

namespace {

struct Row {
  std::string before;
  std::string after;  // of the file
  std::string old_image = "postgres:15";
  std::string new_image = "postgres:17";
};

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.before);
    const Sources sources = sources_of({{"/p/compose.yml", row.before}});
    CHECK(image_after(sources, {"db", row.old_image, row.new_image, {}}) == "/p/compose.yml\n" + row.after);
  }
}

std::string service(const std::string& image) {
  return "services:\n  db:\n    image: " + image + "\n";
}

}  // namespace

TEST_CASE("the tag changes and the variant stays") {
  check({
      {service("postgres:15"), service("postgres:17")},
      {service("postgres:15-alpine"), service("postgres:17-alpine"), "postgres:15-alpine",
       "postgres:17-alpine"},
      {service("postgres:15.4-bookworm"), service("postgres:17-bookworm"), "postgres:15.4-bookworm",
       "postgres:17-bookworm"},
      {service("pgvector/pgvector:0.7.4-pg15"), service("pgvector/pgvector:0.7.4-pg17"),
       "pgvector/pgvector:0.7.4-pg15", "pgvector/pgvector:0.7.4-pg17"},
      {service("localhost:5000/pg:15"), service("localhost:5000/pg:17"), "localhost:5000/pg:15",
       "localhost:5000/pg:17"},
  });
}

TEST_CASE("another image than the derived one is written as it is given") {
  check({
      {service("postgres:15"), service("pgvector/pgvector:pg17"), "postgres:15", "pgvector/pgvector:pg17"},
      {service("postgres"), service("postgres:17"), "postgres", "postgres:17"},
      {service("postgres:latest"), service("postgres:17"), "postgres:latest", "postgres:17"},
      {service("postgres:15@sha256:aa"), service("postgres:17"), "postgres:15@sha256:aa", "postgres:17"},
      {service("postgres:15"), service("postgres:17@sha256:bb"), "postgres:15", "postgres:17@sha256:bb"},
      {service("'postgres:15'"), service("'registry:5000/a/b:1@sha256:cc'"), "postgres:15",
       "registry:5000/a/b:1@sha256:cc"},
  });
}

TEST_CASE("quotes comments blanks and line ends stay to the byte") {
  check({
      {service("\"postgres:15\""), service("\"postgres:17\"")},
      {service("'postgres:15'"), service("'postgres:17'")},
      {service("postgres:15   # was 14, then 15"), service("postgres:17   # was 14, then 15")},
      {"services:\r\n  db:\r\n    image: postgres:15\r\n    restart: always\r\n",
       "services:\r\n  db:\r\n    image: postgres:17\r\n    restart: always\r\n"},
      {"services:\n  db:\n    image : \"postgres:15\" # c\n",
       "services:\n  db:\n    image : \"postgres:17\" # c\n"},
      {"services:\n  db:\n    image:\tpostgres:15\t\n", "services:\n  db:\n    image:\tpostgres:17\t\n"},
      {"services:\n  db:\n    image:\n      postgres:15\n",
       "services:\n  db:\n    image:\n      postgres:17\n"},
      {"services:\n        db:\n          image: postgres:15",
       "services:\n        db:\n          image: postgres:17"},
      {"services:\n  db:\n    # image: postgres:15\n    image: postgres:15\n",
       "services:\n  db:\n    # image: postgres:15\n    image: postgres:17\n"},
      {"services:\n  db:\n    labels: {a: postgres:15}\n    image: postgres:15\n",
       "services:\n  db:\n    labels: {a: postgres:15}\n    image: postgres:17\n"},
  });
}

TEST_CASE("flow style document markers and quoted keys are read as YAML reads them") {
  check({
      {"services: {db: {image: postgres:15}}\n", "services: {db: {image: postgres:17}}\n"},
      {"services: {db: {image: postgres:15, restart: always}}",
       "services: {db: {image: postgres:17, restart: always}}"},
      {"{\"services\": {\"db\": {\"image\": \"postgres:15\"}}}",
       "{\"services\": {\"db\": {\"image\": \"postgres:17\"}}}"},
      {"%YAML 1.1\n---\nservices:\n  db:\n    image: postgres:15\n...\n",
       "%YAML 1.1\n---\nservices:\n  db:\n    image: postgres:17\n...\n"},
      {"services:\n  db:\n    ? image\n    : postgres:15\n",
       "services:\n  db:\n    ? image\n    : postgres:17\n"},
      {"'services':\n  \"db\":\n    \"image\": postgres:15\n",
       "'services':\n  \"db\":\n    \"image\": postgres:17\n"},
      {service("!!str postgres:15"), service("!!str postgres:17")},
      {service("!!str &i 'postgres:15'"), service("!!str &i 'postgres:17'")},
      {service("!!str # why\n      \"postgres:15\""), service("!!str # why\n      \"postgres:17\"")},
  });
}

TEST_CASE("offsets are bytes although the parser counts characters") {
  const std::string wide =
      "# größe 数据 \xF0\x9F\x90\x98\nservices:\n  db:\n    labels: {a: žluť}\n    image: ";
  check({
      {wide + "postgres:15\n", wide + "postgres:17\n"},
      {"\xEF\xBB\xBF" + service("postgres:15"), "\xEF\xBB\xBF" + service("postgres:17")},
      {"\xEF\xBB\xBF" + wide + "postgres:15 # é\r\n", "\xEF\xBB\xBF" + wide + "postgres:17 # é\r\n"},
  });
}

TEST_CASE("an edit says its file line offset and bytes") {
  const Sources sources =
      sources_of({{"/p/compose.yml", "# é\nservices:\n  db:\n    image: postgres:15.4-bookworm\n"}});
  const std::vector<FileEdit> expected = {
      {"/p/compose.yml", 41, 4, "15.4", "17", {}, "image: postgres:", "-bookworm"}};
  CHECK(propose_image_edit(sources, {"db", "postgres:15.4-bookworm", "postgres:17-bookworm", {}}) ==
        expected);
}

TEST_CASE("an edit shows no other key of its line, which may hold a secret") {
  const std::string text =
      "services:\n  db: {environment: {POSTGRES_PASSWORD: hidden}, image: postgres:15, labels: {token: x}}\n";
  const auto edits =
      propose_image_edit(sources_of({{"/p/c.yml", text}}), {"db", "postgres:15", "postgres:17", {}});
  REQUIRE(edits.size() == 1);
  CHECK(edits[0].before + edits[0].old_text + edits[0].after == "image: postgres:15");
}

TEST_CASE("an image that is right already needs no edit") {
  const Sources sources = sources_of({{"/p/compose.yml", service("postgres:17")}});
  CHECK(propose_image_edit(sources, {"db", "postgres:17", "postgres:17", {}}).empty());
}

TEST_CASE("escapes are replaced as they are written") {
  check({
      {service("\"postgres:\\x315\""), service("\"postgres:17\"")},
      {service("\"postgres\\u003a15\" # c"), service("\"postgres:17\" # c")},
  });
}

TEST_CASE("the default of an unset variable is what changes") {
  check({
      {service("postgres:${PG:-15}"), service("postgres:${PG:-17}")},
      {service("postgres:${PG-15}"), service("postgres:${PG-17}")},
      {service("\"postgres:${PG:-15}-alpine\""), service("\"postgres:${PG:-17}-alpine\""),
       "postgres:15-alpine", "postgres:17-alpine"},
      {service("${POSTGRES_IMAGE:-postgres:15}"), service("${POSTGRES_IMAGE:-postgres:17}")},
      {service("${A:-${B:-postgres:15}}"), service("${A:-${B:-postgres:17}}")},
      {service("${REPO:-postgres}:${TAG:-15}"), service("${REPO:-pgvector/pgvector}:${TAG:-pg17}"),
       "postgres:15", "pgvector/pgvector:pg17"},
      {service("${REPO:-postgres}:${TAG:-15}"), service("${REPO:-postgres}:${TAG:-17}")},
      {service("postgres:${MAJOR:-15}.4"), service("postgres:${MAJOR:-17}"), "postgres:15.4", "postgres:17"},
      {service("postgres:${PG:-15}"), service("postgres:${PG:-17-alpine}"), "postgres:15",
       "postgres:17-alpine"},
      {service("${NO:+x}postgres:15${EMPTY}"), service("${NO:+x}postgres:17${EMPTY}")},
      {"services: {db: {image: \"postgres:${PG:-15}\"}}\n",
       "services: {db: {image: \"postgres:${PG:-17}\"}}\n"},
  });
}

TEST_CASE("anchors and merge keys are followed to the scalar that names the image") {
  check({
      {"x-i: &img postgres:15\nservices:\n  db:\n    image: *img\n",
       "x-i: &img postgres:17\nservices:\n  db:\n    image: *img\n"},
      {service("&img postgres:15"), service("&img postgres:17")},
      {service("&img \"postgres:15\" # c"), service("&img \"postgres:17\" # c")},
      {"x-db: &defaults\n  image: postgres:15\n  restart: always\nservices:\n  db:\n    <<: *defaults\n",
       "x-db: &defaults\n  image: postgres:17\n  restart: always\nservices:\n  db:\n    <<: *defaults\n"},
      {"x-db: &d\n  image: postgres:14\nservices:\n  db:\n    <<: *d\n    image: postgres:15\n",
       "x-db: &d\n  image: postgres:14\nservices:\n  db:\n    <<: *d\n    image: postgres:17\n"},
      {"x-a: &a {restart: always}\nx-b: &b {image: postgres:15}\nservices:\n  db:\n    <<: [*a, *b]\n",
       "x-a: &a {restart: always}\nx-b: &b {image: postgres:17}\nservices:\n  db:\n    <<: [*a, *b]\n"},
      {"x-a: &a {image: postgres:15}\nx-b: &b {image: postgres:13}\nservices:\n  db:\n    <<: [*a, *b]\n",
       "x-a: &a {image: postgres:17}\nx-b: &b {image: postgres:13}\nservices:\n  db:\n    <<: [*a, *b]\n"},
      {"x-a: &a {image: postgres:15}\nx-b: &b {<<: *a}\nservices:\n  db: *b\n",
       "x-a: &a {image: postgres:17}\nx-b: &b {<<: *a}\nservices:\n  db: *b\n"},
      {"x-s: &s\n  db: {image: postgres:15}\nservices:\n  <<: *s\n  web: {image: nginx}\n",
       "x-s: &s\n  db: {image: postgres:17}\nservices:\n  <<: *s\n  web: {image: nginx}\n"},
  });
}

TEST_CASE("a base within the file is followed") {
  check({
      {"services:\n  db: {extends: {service: base}}\n  base: {image: postgres:13}\n"
       "---\nservices:\n  db: {image: postgres:15}\n",
       "services:\n  db: {extends: {service: base}}\n  base: {image: postgres:13}\n"
       "---\nservices:\n  db: {image: postgres:17}\n"},
  });
  const std::string text = "services:\n  db:\n    extends: base\n  base:\n    image: postgres:15\n";
  const ImageChange change{"db", "postgres:15", "postgres:17", {"base"}};
  CHECK(image_after(sources_of({{"/p/c.yml", text}}), change) ==
        "/p/c.yml\nservices:\n  db:\n    extends: base\n  base:\n    image: postgres:17\n");
}
