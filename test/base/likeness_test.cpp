#include "pgupgrade/base/likeness.hpp"

#include "support/catch.hpp"

using namespace pgupgrade;

TEST_CASE("the distance of two words is what was mistyped") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "plan") == 4);
  CHECK(edit_distance("plan", "") == 4);
  CHECK(edit_distance("plan", "plan") == 0);
  CHECK(edit_distance("plna", "plan") == 1);  // exchanged
  CHECK(edit_distance("pla", "plan") == 1);
  CHECK(edit_distance("planb", "plan") == 1);
  CHECK(edit_distance("plum", "plan") == 2);
  CHECK(edit_distance("abcd", "badc") == 2);
}

TEST_CASE("a mistyped word means what contains it, else what is nearest") {
  const std::vector<std::string> commands = {"upgrade", "plan", "rollback", "verify-backup"};
  CHECK(meant_by("back", commands) == std::vector<std::string>{"rollback", "verify-backup"});
  CHECK(meant_by("rolback", commands) == std::vector<std::string>{"rollback"});
  CHECK(meant_by("plna", commands) == std::vector<std::string>{"plan"});
  CHECK(meant_by("frobnicate", commands).empty());
  CHECK(meant_by("db", {"db1", "web", "bd"}) == std::vector<std::string>{"db1", "bd"});
  CHECK(meant_by("x", {"yz", "zy"}).empty());
  CHECK(did_you_mean({"a", "b"}) == "did you mean a, b?");
  CHECK(did_you_mean({}).empty());
}
