#include "compose/editor_support.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::compose;
using namespace pgupgrade::compose::testing;

namespace {

const ImageChange kChange{"db", "postgres:15", "postgres:17", {}};
const std::string kCannot = "E-COMPOSE-EDIT: cannot change the image of service \"db\": ";

std::string service(const std::string& image) {
  return "services:\n  db:\n    image: " + image + "\n";
}

struct Row {
  Texts files;
  std::string refusal;
};

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.files.front().second);
    CHECK(image_after(sources_of(row.files), kChange) == row.refusal);
  }
}

}  // namespace

TEST_CASE("what names no image cannot be changed") {
  check({
      {{{"/p/c.yml", "services:\n  web: {image: nginx}\n"}},
       kCannot + "no compose file declares the service (specify the file that declares it with --compose)"},
      {{{"/p/c.yml", ""}},
       kCannot + "no compose file declares the service (specify the file that declares it with --compose)"},
      {{{"/p/c.yml", "services:\n  db:\n    restart: always\n"}},
       kCannot + "/p/c.yml:3 names none (write an image into the service)"},
      {{{"/p/c.yml", service("~")}}, kCannot + "/p/c.yml:3 names none (write an image into the service)"},
      {{{"/p/a.yml", service("postgres:15")}, {"/p/b.yml", service("!reset null")}},
       kCannot + "/p/b.yml:3 names none (write an image into the service)"},
      {{{"/p/c.yml", "services:\n  db:\n    image: postgres:15\n    build: ./pg\n"}},
       kCannot + "/p/c.yml:4 builds it (change the FROM line of its Dockerfile and build it, or name a ready "
                 "image)"},
      {{{"/p/c.yml", "services:\n  db:\n    build:\n      context: .\n"}},
       kCannot + "/p/c.yml:3 builds it (change the FROM line of its Dockerfile and build it, or name a ready "
                 "image)"},
      {{{"/p/c.yml", "services:\n  db:\n    extends: {file: oci.yml, service: x}\n"}},
       kCannot +
           "/p/c.yml extends oci.yml, which was not read (name a local file under extends, or write the "
           "value into the service itself)"},
  });
}

TEST_CASE("what is not one plain text cannot be changed") {
  check({
      {{{"/p/c.yml", service("|-\n      postgres:15")}},
       kCannot + "/p/c.yml:3 is a block scalar (write it on one line)"},
      {{{"/p/c.yml", service(">-\n      postgres:15")}},
       kCannot + "/p/c.yml:3 is a block scalar (write it on one line)"},
      {{{"/p/c.yml", service("[postgres:15]")}}, kCannot + "/p/c.yml:3 is not a text (write it as one text)"},
      {{{"/p/c.yml", service("\"postgres:\\x31${X:-5}\"")}},
       kCannot + "/p/c.yml:3 is written with escapes (write it without escapes)"},
  });
}

TEST_CASE("a new image that fits no place of the old one is refused") {
  const Sources sources = sources_of({{"/p/c.yml", service("postgres:${A:-15}.${B:-4}")}});
  CHECK(image_after(sources, {"db", "postgres:15.4", "postgres:17", {}}) ==
        kCannot +
            "/p/c.yml:3 puts \"postgres:${A:-15}.${B:-4}\" together from several places that \"postgres:17\" "
            "does "
            "not fit (write it as one text or as one variable)");
}

TEST_CASE("a text that is no sound YAML is named with its line") {
  const std::string hint = " (fix the file so that `docker compose config` accepts it)";
  check({
      {{{"/p/c.yml", "services:\n\tdb:\n"}},
       "E-COMPOSE-EDIT: could not read /p/c.yml:2 as YAML: found character that cannot start any token" +
           hint},
      {{{"/p/c.yml", "services: {db: [}\n"}},
       "E-COMPOSE-EDIT: could not read /p/c.yml:1 as YAML: did not find expected node content" + hint},
      {{{"/p/c.yml", service("*nowhere")}},
       "E-COMPOSE-EDIT: could not read /p/c.yml:3 as YAML: no anchor is named nowhere" + hint},
      {{{"/p/c.yml", "# ok\nservices: \xFF\n"}},
       "E-COMPOSE-EDIT: could not read /p/c.yml:2 as YAML: invalid leading UTF-8 octet" + hint},
      {{{"/p/c.yml", std::string(200, '[')}},
       "E-COMPOSE-EDIT: could not read /p/c.yml:1 as YAML: nested more than 100 levels (write it flatter)"},
      {{{"/p/c.yml", "services:\n  db:\n    image: postgres:14\n    image: postgres:15\n"}},
       "E-COMPOSE-EDIT: could not determine which \"image\" counts: /p/c.yml:4 has the key twice (remove one "
       "of the "
       "two)"},
      {{{"/p/c.yml", service("postgres:${15")}},
       "E-COMPOSE-EDIT: could not read /p/c.yml:3: \"${15\" is not an interpolation (write $$ for a dollar "
       "sign)"},
      {{{"/p/c.yml", service("postgres:${A!15}")}},
       "E-COMPOSE-EDIT: could not read /p/c.yml:3: \"${A!15}\" is not an interpolation (write $$ for a "
       "dollar "
       "sign)"},
  });
}

TEST_CASE("aliases that multiply are not followed without end") {
  std::string text = "x-0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n";
  for (int i = 1; i < 9; ++i) {
    text += "x-" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) text += "*a" + std::to_string(i - 1) + (j < 9 ? ", " : "]\n");
  }
  CHECK(
      image_after(sources_of({{"/p/c.yml", text + service("postgres:15") + "    labels: *a8\n"}}), kChange) ==
      "E-COMPOSE-EDIT: could not read /p/c.yml: its aliases multiply beyond 200000 values (write the file "
      "with "
      "fewer "
      "nested aliases)");
}

TEST_CASE("a variable of the shell is named") {
  const Sources tag = sources_of(
      {{"/p/c.yml", service("postgres:${PG_TAG:-14}")}, {"/p/.env", "PG_TAG=13\n"}}, {{"PG_TAG", "15"}});
  CHECK(image_after(tag, kChange) == kCannot +
                                         "variable PG_TAG of the shell's environment decides what /p/c.yml:3 "
                                         "reads (unset PG_TAG in the shell "
                                         "and set it in the .env file)");
  // Another part of the value may come from the shell.
  const Sources registry =
      sources_of({{"/p/c.yml", service("${REGISTRY}postgres:15")}}, {{"REGISTRY", "hub/"}});
  CHECK(image_after(registry, {"db", "hub/postgres:15", "hub/postgres:17", {}}) ==
        "/p/c.yml\n" + service("${REGISTRY}postgres:17"));
}

TEST_CASE("a value that Compose reads otherwise is not touched") {
  check({{{{"/p/c.yml", service("postgres:14")}},
          kCannot + "/p/c.yml:3 reads \"postgres:14\", but Compose says \"postgres:15\" (pass all files and "
                    "env files that Compose uses for the project)"}});
}

TEST_CASE("what else an edit would change is named") {
  const std::string own = " (give the image of service \"db\" a text or a variable of its own";
  const std::string compose = "services:\n  db:\n    image: postgres:${V}\n";
  const Texts::value_type env{"/p/.env", "A=1\nV=15\n"};
  const std::string both = kCannot + "an edit of /p/.env:2 would also change ";
  check({
      {{{"/p/c.yml", "x-d: &d {image: postgres:15}\nservices:\n  db: {<<: *d}\n  db2: {<<: *d}\n"}},
       kCannot + "an edit of /p/c.yml:1 would also change services.db2.image" + own +
           ", or upgrade service \"db2\" in the same run)"},
      {{{"/p/c.yml", "services:\n  db: {image: &i postgres:15}\n  b:\n    image: *i\n"}},
       kCannot + "an edit of /p/c.yml:2 would also change services.b.image" + own +
           ", or upgrade service \"b\" in the same run)"},
      {{{"/p/c.yml", "services:\n  db: {extends: base}\n  base: {image: postgres:15}\n"}},
       kCannot + "an edit of /p/c.yml:3 would also change services.base.image" + own +
           ", or upgrade service \"base\" in the same run)"},
      {{{"/p/c.yml", compose + "  bak:\n    image: backup:${V}\n"}, env},
       both + "services.bak.image" + own + ", or upgrade service \"bak\" in the same run)"},
      {{{"/p/c.yml", compose + "  bak:\n    environment: [\"VERSION=${V}\"]\n"}, env},
       both + "services.bak.environment[0]" + own + ", or upgrade service \"bak\" in the same run)"},
      {{{"/p/c.yml", compose + "    volumes: [\"./data-${V}:/var/lib/postgresql/data\"]\n"}, env},
       both + "services.db.volumes[0]" + own + ")"},
      {{{"/p/c.yml", compose + "    environment: {PGDATA: \"/var/lib/postgresql/data/${V}\"}\n"}, env},
       both + "services.db.environment.PGDATA" + own + ")"},
      {{{"/p/c.yml", compose + "volumes:\n  data:\n    name: data-${V}\n"}, env},
       both + "volumes.data.name" + own + ")"},
      {{{"/p/c.yml", compose + "volumes:\n  data:\n    name: data-${W}\n"},
        {"/p/.env", "A=1\nV=15\nW=${V}\n"}},
       both + "volumes.data.name" + own + ")"},
  });
}

TEST_CASE("edits are applied from any order and drift is refused") {
  CHECK(apply_edits("abcdef", {{"/f", 4, 1, "ef", "FFF"}, {"/f", 0, 1, "a", ""}}) == "bcdFFF");
  CHECK(apply_edits("abc", {}) == "abc");
  struct Case {
    std::string text;
    FileEdit edit;
  };
  for (const Case& row : std::vector<Case>{{"image: postgres:16\n", {"/f", 16, 1, "15", "17"}},
                                           {"short", {"/f", 16, 1, "15", "17"}}}) {
    try {
      apply_edits(row.text, {row.edit});
      FAIL("drift was not seen");
    } catch (const Error& error) {
      CHECK(refusal_text(error) ==
            "E-COMPOSE-DRIFT: cannot edit /f:1: \"15\" no longer stands there (undo what was changed in the "
            "file since "
            "the plan was made)");
    }
  }
}
