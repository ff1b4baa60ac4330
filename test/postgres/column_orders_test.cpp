#include "postgres/column_orders.hpp"

#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::postgres;

namespace {

std::string said(const std::vector<InheritingTable>& tables) {
  std::vector<std::string> lines;
  for (const LeftObject& object : column_orders(tables)) lines.push_back(object.object);
  return join(lines, "\n");
}

}  // namespace

TEST_CASE("a child that has its parents' columns first, in their order, stays as it is") {
  CHECK(said({{.oid = "1", .identity = "p", .columns = {"a", "b"}, .parents = {}},
              {.oid = "2", .identity = "q", .columns = {"b", "c"}, .parents = {}},
              {.oid = "3", .identity = "k", .columns = {"a", "b", "c", "own"}, .parents = {"1", "2"}}})
            .empty());
}

TEST_CASE("a child's columns come after those that its parent has by then, whichever is read first") {
  CHECK(said({{.oid = "4", .identity = "grandchild", .columns = {"y", "x", "b", "a"}, .parents = {"3"}},
              {.oid = "3", .identity = "child", .columns = {"x", "b", "a"}, .parents = {"1"}},
              {.oid = "1", .identity = "parent", .columns = {"a", "b"}, .parents = {}}}) ==
        "child (x, b, a becomes a, b, x)\n"
        "grandchild (y, x, b, a becomes a, b, x, y)");
}

TEST_CASE("parents count in their order, and one that is not known does not count") {
  CHECK(said({{.oid = "1", .identity = "p", .columns = {"a"}, .parents = {}},
              {.oid = "2", .identity = "q", .columns = {"b"}, .parents = {}},
              {.oid = "3", .identity = "k", .columns = {"a", "b"}, .parents = {"2", "1", "9"}}}) ==
        "k (a, b becomes b, a)");
}
