#include "compose/excerpt.hpp"

#include "compose/editor_support.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::compose;
using namespace pgupgrade::compose::testing;

namespace {

// The place that the refusal to set the image to 17 shows.
std::string shown(const std::string& text) {
  try {
    propose_image_edit(sources_of({{"/p/c.yml", text}}), {"db", "postgres:15", "postgres:17", {}});
  } catch (const Error& error) {
    const std::string message = error.what();
    const auto end = message.find('\n');
    return end == std::string::npos ? "no place" : message.substr(end);
  }
  return "no refusal";
}

std::string complaint(const std::string& text, const std::string& message) {
  return "\n" + place_of_complaint({{"c.yml", text}}, message).value_or("nothing");
}

const std::string kProject =
    "services:\n"
    "  db.one:\n"
    "    image: 15\n"
    "    imag: postgres:15\n"
    "    environment:\n"
    "      POSTGRES_PASSWORD: geheim\n"
    "      - wrong\n";

}  // namespace

TEST_CASE("a refusal shows the place in the file with a caret") {
  CHECK(shown("services:\n  db:\n    image: postgres:15\n    build: ./pg\n") == R"(
--> /p/c.yml:4:5
    4 |     build: ./pg
      |     ^^^^^)");
  CHECK(shown("services:\n  db:\n    image: &a postgres:${15\n") == R"(
--> /p/c.yml:3:15
    3 |     image: &a postgres:${15
      |               ^^^^^^^^^^^^^)");
  CHECK(shown("services:\n  db:\n    image: |\n      postgres:15\n") == R"(
--> /p/c.yml:3:12
    3 |     image: |
      |            ^)");
  CHECK(shown("services:\n  db:\n    image: a:1\n    image: b:2\n") == R"(
--> /p/c.yml:4:5
    4 |     image: b:2
      |     ^^^^^)");
  CHECK(shown("services:\n  db: {restart: always}\n") == R"(
--> /p/c.yml:2:7
    2 |   db: {restart: always}
      |       ^)");
  CHECK(shown("services:\n  db: &x {image: \"postgres:15\"}\n  web: *x\n") == R"(
--> /p/c.yml:2:28
    2 |   db: &x {image: "postgres:15"}
      |                            ^^)");
}

TEST_CASE("a refusal of what is no YAML shows where the parser stopped") {
  CHECK(shown("services:\n\tdb:\n") == R"(
--> /p/c.yml:2:1
    2 |  db:
      | ^)");
  CHECK(shown("# ä\nservices: \xFF\n") == R"(
--> /p/c.yml:2:11
    2 | services: ?
      |           ^)");
  CHECK(shown("services:\n  db: *nowhere\n") == R"(
--> /p/c.yml:2:7
    2 |   db: *nowhere
      |       ^)");
}

TEST_CASE("a line that may hold a password is not repeated") {
  CHECK(shown("services:\n  db:\n    environment: {DB_PASSWORD: 'x}\n    image: a\n").find("'x") ==
        std::string::npos);
  CHECK(excerpt("c.yml", "url: postgres://a:b@c/d\n", 5, 3) == "--> c.yml:1:6");
}

TEST_CASE("columns are characters, and a long line is shown around its caret") {
  CHECK(excerpt("c.yml", "ä: ö\r\n", 4, 2) == "--> c.yml:1:4\n    1 | ä: ö\n      |    ^");
  const std::string place = excerpt("c.yml", std::string(200, 'a') + "b" + std::string(200, 'c'), 200, 1);
  const std::string a(50, 'a');
  const std::string c(39, 'c');
  CHECK(place == "--> c.yml:1:201\n    1 | …" + a + "b" + c + "…\n      | " + std::string(51, ' ') + "^");
  CHECK(excerpt("c.yml", "", 7, 1) == "--> c.yml:1:1\n    1 | \n      | ^");
}

TEST_CASE("what Compose complains of is found in the file") {
  const std::string sound = kProject.substr(0, kProject.find("      - wrong"));
  CHECK(complaint(sound, "validating c.yml: services.db.one additional properties 'imag' not allowed") == R"(
--> c.yml:4:5
    4 |     imag: postgres:15
      |     ^^^^)");
  CHECK(complaint(sound, "services.db.one.image must be a string") == R"(
--> c.yml:3:5
    3 |     image: 15
      |     ^^^^^)");
  CHECK(complaint(sound, "services.db.one.environment.POSTGRES_PASSWORD is wrong") == "\n--> c.yml:6:7");
  CHECK(complaint("name: x\nservces: {}\n", "(root) additional properties 'servces' not allowed") == R"(
--> c.yml:2:1
    2 | servces: {}
      | ^^^^^^^)");
  CHECK(complaint(sound, "services are odd") == "\nnothing");
  CHECK(complaint(sound, "service \"x\" depends on undefined service") == "\nnothing");
  CHECK(complaint(kProject, "yaml: line 6: did not find expected key") == R"(
--> c.yml:7:7
    7 |       - wrong
      |       ^)");
}

TEST_CASE("of several files the one that overrides is shown") {
  CHECK(place_of_complaint({{"a.yml", "services: {db: {image: 1}}"}, {"b.yml", "services: {db: {image: 2}}"}},
                           "services.db.image must be a string")
            .value_or("nothing")
            .starts_with("--> b.yml:1:17"));
}
