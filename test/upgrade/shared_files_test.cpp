#include "upgrade/cluster/shared_files.hpp"

#include "support/catch.hpp"

namespace pgupgrade::upgrade {

using Files = std::map<std::string, std::string>;
using Names = std::vector<std::string>;

TEST_CASE("what pg_upgrade has linked is the same file in copy and new cluster") {
  const Files old_files = {{"16384", "base/13/16384"}, {"16390", "base/13/16390"}};
  const Files new_files = {{"16384", "base/5/16384"}, {"16390", "base/5/90"}, {"20000", "base/5/20000"}};
  const Inodes old_inodes = {{"base/13/1259", 1},           {"base/13/16384", 2},   {"base/13/16384.1", 3},
                             {"base/13/16384_fsm", 4},      {"base/13/163840", 99}, {"base/13/16390", 5},
                             {"base/13/pg_filenode.map", 6}};
  Inodes new_inodes = {{"base/5/16384", 2},
                       {"base/5/16384.1", 3},
                       {"base/5/16384_fsm", 4},
                       {"base/5/90", 5},
                       {"base/5/1259", 7}};
  CHECK(files_apart(old_files, new_files, old_inodes, new_inodes) == Names{});

  new_inodes["base/5/16384.1"] = 8;  // a segment was copied
  CHECK(files_apart(old_files, new_files, old_inodes, new_inodes) == Names{"base/13/16384.1"});
  new_inodes.erase("base/5/90");  // a table has no file
  CHECK(files_apart(old_files, new_files, old_inodes, new_inodes) ==
        Names{"base/13/16384.1", "base/13/16390"});
}

TEST_CASE("a table that the new cluster does not know, or the copy has no file of, is named") {
  CHECK(files_apart({{"16384", "base/1/2"}}, {}, {{"base/1/2", 1}}, {}) == Names{"base/1/2"});
  CHECK(files_apart({{"16384", "base/1/2"}}, {{"16384", "base/1/2"}}, {}, {}) == Names{"base/1/2"});
}

}  // namespace pgupgrade::upgrade
