// Runner and steps are for any platform: they name neither Docker nor Compose. What still does is counted
// here, so that it can only become less.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <string>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/paths.hpp"

namespace pgupgrade::test {
namespace {

namespace fs = std::filesystem;

struct Exception {
  int lines = 0;
  std::string reason;
};

const std::map<std::string, Exception> kExceptions = {
    {"include/pgupgrade/upgrade/run/world.hpp",
     {4, "the world is this platform: its engine and its Compose"}},
    {"include/pgupgrade/upgrade/run/journal.hpp", {1, "the name of a run's file that only Compose reads"}},
    {"src/upgrade/run/site.hpp", {8, "where services are declared: what one says is in Compose's words"}},
    {"src/upgrade/run/older_state.cpp", {1, "a step as older programs wrote it"}},
};

int lines_that_name_a_platform(const fs::path& file) {
  int count = 0;
  for (const std::string& line : split_lines(read_file(file))) {
    std::string code = line.substr(0, line.find("//"));
    std::transform(code.begin(), code.end(), code.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (code.find("docker") != std::string::npos || code.find("compose") != std::string::npos) ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("runner and steps name neither Docker nor Compose") {
  int files = 0;
  for (const char* directory : {"include/pgupgrade/upgrade/run", "src/upgrade/run", "src/upgrade/steps"}) {
    for (const auto& entry : fs::directory_iterator(source_directory() / directory)) {
      const std::string file = fs::relative(entry.path(), source_directory()).string();
      const auto exception = kExceptions.find(file);
      INFO(file << ": take it out of the list, or lower its number, when it names less");
      CHECK(lines_that_name_a_platform(entry.path()) ==
            (exception == kExceptions.end() ? 0 : exception->second.lines));
      ++files;
    }
  }
  CHECK(files > 40);  // else this test reads no sources
}

}  // namespace pgupgrade::test
