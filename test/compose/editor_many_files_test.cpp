#include "compose/editor_support.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::compose;
using namespace pgupgrade::compose::testing;

namespace {

const ImageChange kChange{"db", "postgres:15", "postgres:17", {}};

std::string service(const std::string& image) {
  return "services:\n  db:\n    image: " + image + "\n";
}

struct Row {
  Texts files;
  std::string after;  // the changed files
};

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.after);
    CHECK(image_after(sources_of(row.files), kChange) == row.after);
  }
}

}  // namespace

TEST_CASE("of several files the last that names the image is changed") {
  check({
      {{{"/p/a.yml", service("postgres:14")}, {"/p/b.yml", service("postgres:15")}},
       "/p/b.yml\n" + service("postgres:17")},
      {{{"/p/a.yml", service("postgres:15")}, {"/p/b.yml", "services:\n  db:\n    restart: always\n"}},
       "/p/a.yml\n" + service("postgres:17")},
      {{{"/p/a.yml", service("postgres:15")}, {"/p/b.yml", service("")}},
       "/p/a.yml\n" + service("postgres:17")},
      {{{"/p/a.yml", service("postgres:14")},
        {"/p/b.yml", "services:\n  db: !override\n    image: postgres:15\n"}},
       "/p/b.yml\nservices:\n  db: !override\n    image: postgres:17\n"},
  });
}

TEST_CASE("a base in another file is followed") {
  const std::string top = "services:\n  db:\n    extends:\n      file: base/pg.yml\n      service: pg\n";
  const std::string base = "services:\n  pg:\n    image: postgres:15\n";
  check({
      {{{"/p/c.yml", top}, {"/p/base/pg.yml", base}},
       "/p/base/pg.yml\nservices:\n  pg:\n    image: postgres:17\n"},
      {{{"/p/c.yml", top + "    image: postgres:15\n"},
        {"/p/base/pg.yml", "services:\n  pg: {image: postgres:9}\n"}},
       "/p/c.yml\n" + top + "    image: postgres:17\n"},
      // From the base's own directory.
      {{{"/p/c.yml", top},
        {"/p/base/pg.yml", "services:\n  pg:\n    extends: {file: ../root.yml, service: r}\n"},
        {"/p/root.yml", "services:\n  r: {image: postgres:15}\n"}},
       "/p/root.yml\nservices:\n  r: {image: postgres:17}\n"},
      // A base's services are not the project's: its db is another one.
      {{{"/p/c.yml", "services:\n  db:\n    extends: {file: o.yml, service: x}\n"},
        {"/p/o.yml", "services:\n  x: {image: postgres:15}\n  db: {image: postgres:15}\n"}},
       "/p/o.yml\nservices:\n  x: {image: postgres:17}\n  db: {image: postgres:15}\n"},
  });
}

TEST_CASE("an included file is followed") {
  const std::string included = service("postgres:15");
  const std::string changed = service("postgres:17");
  check({
      {{{"/p/c.yml", "include:\n  - db/pg.yml\nservices:\n  web: {image: nginx}\n"},
        {"/p/db/pg.yml", included}},
       "/p/db/pg.yml\n" + changed},
      {{{"/p/c.yml", "include:\n  - path: db/pg.yml\n"}, {"/p/db/pg.yml", included}},
       "/p/db/pg.yml\n" + changed},
      {{{"/p/c.yml", "include:\n  - path: [db/pg.yml, db/o.yml]\n"},
        {"/p/db/pg.yml", service("postgres:14")},
        {"/p/db/o.yml", included}},
       "/p/db/o.yml\n" + changed},
  });
}

TEST_CASE("a variable is followed to its line in an env file") {
  const std::string compose = service("postgres:${PG_TAG:-14}");
  check({
      {{{"/p/c.yml", compose}, {"/p/.env", "A=1\nPG_TAG=15\nB=2\n"}}, "/p/.env\nA=1\nPG_TAG=17\nB=2\n"},
      {{{"/p/c.yml", compose}, {"/p/.env", "export PG_TAG=15 # the version\n"}},
       "/p/.env\nexport PG_TAG=17 # the version\n"},
      {{{"/p/c.yml", compose}, {"/p/.env", "PG_TAG=\"15\"\r\nB='x'\r\n"}},
       "/p/.env\nPG_TAG=\"17\"\r\nB='x'\r\n"},
      {{{"/p/c.yml", compose}, {"/p/.env", "PG_TAG='15'"}}, "/p/.env\nPG_TAG='17'"},
      {{{"/p/c.yml", compose}, {"/p/.env", "  PG_TAG = 15  \r\n"}}, "/p/.env\n  PG_TAG = 17  \r\n"},
      {{{"/p/c.yml", compose}, {"/p/.env", "PG_TAG: 15\n"}}, "/p/.env\nPG_TAG: 17\n"},
      {{{"/p/c.yml", compose}, {"/p/.env", "PG_TAG=13\n# PG_TAG=12\nPG_TAG=15\n"}},
       "/p/.env\nPG_TAG=13\n# PG_TAG=12\nPG_TAG=17\n"},
      {{{"/p/c.yml", compose}, {"/p/a.env", "PG_TAG=13\n"}, {"/p/b.env", "PG_TAG=15\n"}},
       "/p/b.env\nPG_TAG=17\n"},
      {{{"/p/c.yml", compose}, {"/p/.env", "NOTE=\"a\nPG_TAG=3\n\"\nPG_TAG=15\n"}},
       "/p/.env\nNOTE=\"a\nPG_TAG=3\n\"\nPG_TAG=17\n"},
      {{{"/p/c.yml", compose}, {"/p/.env", "MAJOR=15\nPG_TAG=${MAJOR}\n"}},
       "/p/.env\nMAJOR=17\nPG_TAG=${MAJOR}\n"},
      {{{"/p/c.yml", compose}, {"/p/.env", "PG_TAG=\n"}, {"/p/x.env", "PG_TAG=${NONE:-15}\n"}},
       "/p/x.env\nPG_TAG=${NONE:-17}\n"},
      {{{"/p/c.yml", service("$IMAGE")}, {"/p/.env", "IMAGE=postgres:15\n"}}, "/p/.env\nIMAGE=postgres:17\n"},
      {{{"/p/c.yml", service("${IMAGE?needed}")}, {"/p/.env", "\xEF\xBB\xBFIMAGE=postgres:15\n"}},
       "/p/.env\n\xEF\xBB\xBFIMAGE=postgres:17\n"},
      {{{"/p/c.yml", service("postgres:${USE:+15}")}, {"/p/.env", "USE=1\n"}},
       "/p/c.yml\n" + service("postgres:${USE:+17}")},
      // An empty value is no value for :- but one for -.
      {{{"/p/c.yml", service("postgres:${V:-15}")}, {"/p/.env", "V=\n"}},
       "/p/c.yml\n" + service("postgres:${V:-17}")},
  });
}

TEST_CASE("repository and tag from two variables change in both lines") {
  const Sources sources =
      sources_of({{"/p/c.yml", service("${REPO}:${TAG}")}, {"/p/.env", "REPO=postgres\nTAG=15-alpine\n"}});
  CHECK(image_after(sources, {"db", "postgres:15-alpine", "pgvector/pgvector:pg17", {}}) ==
        "/p/.env\nREPO=pgvector/pgvector\nTAG=pg17\n");
}

TEST_CASE("labels and plain environment values of the same service may follow the variable") {
  const std::string text =
      "services:\n  db:\n    image: postgres:${V}\n    labels: [\"v=${V}\"]\n    environment: {PG_VERSION: "
      "\"${V}\"}\n";
  CHECK(image_after(sources_of({{"/p/c.yml", text}, {"/p/.env", "V=15\n"}}), kChange) == "/p/.env\nV=17\n");
}

TEST_CASE("a default that other services write for themselves stays theirs") {
  const std::string text =
      "services:\n  db: {image: \"postgres:${V:-15}\"}\n  b: {image: \"backup:${V:-15}\"}\n";
  CHECK(image_after(sources_of({{"/p/c.yml", text}}), kChange) ==
        "/p/c.yml\nservices:\n  db: {image: \"postgres:${V:-17}\"}\n  b: {image: \"backup:${V:-15}\"}\n");
}

TEST_CASE("an anchor whose image another service replaces is not shared") {
  const std::string text =
      "x-d: &d {image: postgres:15}\nservices:\n  db: {<<: *d}\n  web: {<<: *d, image: nginx}\n";
  CHECK(image_after(sources_of({{"/p/c.yml", text}}), kChange) ==
        "/p/c.yml\nx-d: &d {image: postgres:17}\nservices:\n  db: {<<: *d}\n  web: {<<: *d, image: nginx}\n");
}

TEST_CASE("services of one run may share an anchor or a variable") {
  const std::string shared = "x-d: &d {image: postgres:15}\nservices:\n  db: {<<: *d}\n  db2: {<<: *d}\n";
  CHECK(image_after(sources_of({{"/p/c.yml", shared}}), {"db", "postgres:15", "postgres:17", {"db2"}}) ==
        "/p/c.yml\nx-d: &d {image: postgres:17}\nservices:\n  db: {<<: *d}\n  db2: {<<: *d}\n");
}

TEST_CASE("given files tell what is the project and what only a base") {
  Sources sources = sources_of({{"/p/c.yml", "services:\n  db:\n    extends: {file: d.yml, service: db}\n"},
                                {"/p/d.yml", service("postgres:15")}});
  sources.given_files = 2;  // -f c.yml -f d.yml: the second is a base and a layer of its own
  CHECK(image_after(sources, kChange) == "/p/d.yml\n" + service("postgres:17"));
  sources.given_files = 1;
  CHECK(image_after(sources, kChange) == "/p/d.yml\n" + service("postgres:17"));
}

TEST_CASE("the files that a text includes and extends are listed as written") {
  CHECK(referenced_files("include:\n  - a.yml\n  - path: [b.yml, c.yml]\n  - path: ${X}/d.yml\n"
                         "services:\n  db: {extends: {file: e.yml, service: x}}\n  web: {extends: db}\n"
                         "  api: {extends: {file: e.yml, service: y}}\n") ==
        std::vector<std::string>{"a.yml", "b.yml", "c.yml", "${X}/d.yml", "e.yml"});
  CHECK(referenced_files("services: {}\n").empty());
}
