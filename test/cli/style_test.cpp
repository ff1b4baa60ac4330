#include "pgupgrade/cli/text/style.hpp"

#include "support/catch.hpp"

using namespace pgupgrade::cli;

TEST_CASE("widths are counted in columns") {
  REQUIRE(display_width("abc") == 3);
  REQUIRE(display_width("→ ü") == 3);
  REQUIRE(display_width("日本") == 4);
  REQUIRE(display_width("e\xCC\x81") == 1);
  REQUIRE(pad_right("ü", 3) == "ü  ");
}

TEST_CASE("a text is cut at columns and never inside a character") {
  REQUIRE(cut("abcdef", 6) == "abcdef");
  REQUIRE(cut("abcdef", 4) == "abc…");
  REQUIRE(cut("äöüß", 3) == "äö…");
  REQUIRE(cut("日本語", 4) == "日…");
  REQUIRE(cut("abc", 0).empty());
}

TEST_CASE("a text is wrapped at spaces") {
  REQUIRE(wrap("one two three", 7) == std::vector<std::string>{"one two", "three"});
  REQUIRE(wrap("unbreakable x", 4) == std::vector<std::string>{"unbreakable", "x"});
  REQUIRE(wrap("", 4) == std::vector<std::string>{""});
}

TEST_CASE("a path is said from where the user stands") {
  REQUIRE(short_path("/srv/shop/c.yml", "/srv/shop") == "c.yml");
  REQUIRE(short_path("/srv/c.yml", "/srv/shop") == "../c.yml");
  REQUIRE(short_path("/etc/x", "/srv/shop/deep") == "/etc/x");
  REQUIRE(short_path("the engine's volumes", "/srv") == "the engine's volumes");
}

TEST_CASE("an estimate is a round number") {
  REQUIRE(about(0) == "about 10 s");
  REQUIRE(about(41'000) == "about 50 s");
  REQUIRE(about(2'260'000) == "about 38 min");
  REQUIRE(about(7'200'000) == "about 2 h");
  REQUIRE(about(7'700'000) == "about 2 h 10 min");
}

TEST_CASE("colours are only painted where they are wanted") {
  REQUIRE(paint({.width = 80, .color = false}, Color::red, "x") == "x");
  REQUIRE(paint({.width = 80, .color = true}, Color::red, "x") == "\x1b[31mx\x1b[0m");
}

TEST_CASE("what is no terminal has neither colours nor redraws") {
  const pgupgrade::Environment environment = {{"TERM", "xterm"}};
  REQUIRE_FALSE(can_redraw(-1, environment));
  const Style style = style_for(-1, environment, ColorWish::automatic);
  REQUIRE(style.width == 100);
  REQUIRE_FALSE(style.color);
}
