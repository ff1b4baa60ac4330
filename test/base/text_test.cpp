#include "pgupgrade/base/text.hpp"

#include "support/catch.hpp"

using namespace pgupgrade;

TEST_CASE("names from outside are shown without control characters") {
  CHECK(printable("plain name") == "plain name");
  CHECK(printable("a\x1b[31mb\n\x7f") == "a?[31mb??");
  CHECK(printable("größe 表 🐘") == "größe 表 🐘");
  CHECK(printable("\xff\xc3\x28\xed\xa0\x80") ==
        "??"
        "(???");
  CHECK(printable("\xc0\xaf\xf4\x90\x80\x80") == "??????");
  CHECK(printable("a\u202eb\u2066c") == "a?b?c");
  CHECK(printable("\xc3") == "?");
}

TEST_CASE("long names are cut at a whole character") {
  CHECK(printable("abcdef", 6) == "abcdef");
  CHECK(printable("abcdefg", 6) == "abcdef…");
  CHECK(printable("abcdeü", 6) == "abcde…");
}

TEST_CASE("a word of a command line is quoted when a shell would take it for something else") {
  CHECK(shell_word("/srv/shop-1/.pgupgrade/a_b") == "/srv/shop-1/.pgupgrade/a_b");
  CHECK(shell_word("/srv/größe") == "/srv/größe");
  CHECK(shell_word("/srv/my shop") == "'/srv/my shop'");
  CHECK(shell_word("it's $HOME") == "'it'\\''s $HOME'");
  CHECK(shell_word("~") == "'~'");
  CHECK(shell_word("") == "''");
}

TEST_CASE("lines are split at either kind of line end") {
  CHECK(split_lines("").empty());
  CHECK(split_lines("a\r\n\nb\n") == std::vector<std::string>{"a", "", "b"});
  CHECK(split_lines("a\nb") == std::vector<std::string>{"a", "b"});
  CHECK(split_lines("\n") == std::vector<std::string>{""});
}

TEST_CASE("text is trimmed and joined") {
  CHECK(trim(" \t a b \r\n") == "a b");
  CHECK(trim("  ").empty());
  CHECK(join({"a", "b", "c"}, ", ") == "a, b, c");
  CHECK(join({}, ", ").empty());
}

TEST_CASE("a word is only found whole") {
  CHECK(starts_with_word("host all", "host"));
  CHECK(starts_with_word("host", "host"));
  CHECK_FALSE(starts_with_word("hostssl all", "host"));
  CHECK_FALSE(starts_with_word("ho", "host"));
}

TEST_CASE("sizes are shown in units of 1024") {
  CHECK(human_bytes(0) == "0 B");
  CHECK(human_bytes(1023) == "1023 B");
  CHECK(human_bytes(1024) == "1.0 KiB");
  CHECK(human_bytes(1024 * 1024 - 1) == "1.0 MiB");
  CHECK(human_bytes(44'238'163'149) == "41.2 GiB");
  CHECK(human_bytes(~0ULL) == "16.0 EiB");
}

TEST_CASE("durations are shown as seconds then minutes then hours") {
  CHECK(human_duration(-5) == "0.0 s");
  CHECK(human_duration(800) == "0.8 s");
  CHECK(human_duration(59'949) == "59.9 s");
  CHECK(human_duration(59'950) == "1:00");
  CHECK(human_duration(362'400) == "6:02");
  CHECK(human_duration(3'599'600) == "1:00:00");
  CHECK(human_duration(3'723'000) == "1:02:03");
}

TEST_CASE("counts are grouped and nouns follow them") {
  CHECK(human_count(0) == "0");
  CHECK(human_count(999) == "999");
  CHECK(human_count(84'113'902) == "84,113,902");
  CHECK(plural(1, "role") == "1 role");
  CHECK(plural(3, "role") == "3 roles");
  CHECK(plural(84'113, "row") == "84,113 rows");
  CHECK(plural(2, "index") == "2 indexes");
  CHECK(plural(0, "directory") == "0 directories");
  CHECK(plural(2, "key") == "2 keys");
}
