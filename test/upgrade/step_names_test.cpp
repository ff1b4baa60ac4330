// Who asks for a step by its name is wrong with the next strategy.
#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/upgrade/strategy/strategy.hpp"
#include "support/catch.hpp"
#include "support/paths.hpp"
#include "support/world/scene.hpp"

namespace pgupgrade::test {
namespace {

namespace fs = std::filesystem;

std::set<std::string> names_of_steps() {
  std::set<std::string> names;
  Scene scene;
  std::vector<std::string> strategies = {kRehearsal};
  for (const upgrade::Strategy& strategy : upgrade::strategies()) strategies.push_back(strategy.name);
  scene.plan.rehearsal.scripts = {"a.sql"};
  for (const std::string& strategy : strategies) {
    scene.plan.strategy = strategy;
    for (const char* site : {kComposeSite, kContainerSite}) {
      scene.plan.site = site;
      upgrade::add_steps(scene.plan);
      for (const StepPlan& step : scene.plan.steps) names.insert(step.name);
    }
  }
  return names;
}

// Literals that are the name of a step, and mean something else or are its own.
bool is_allowed(const std::string& file, const std::string& literal) {
  static const std::set<std::pair<std::string, std::string>> others = {
      {"upgrade/run/run_files.cpp", "backup"},               // a directory
      {"upgrade/data/aside.cpp", "copy"},                    // a directory
      {"upgrade/data/aside.cpp", "exchange"},                // the purpose of a work container
      {"upgrade/cluster/live_copy.cpp", "copy"},             // the same
      {"upgrade/cluster/conversion.cpp", "check-upgrade"},   // the same
      {"upgrade/cluster/planned_cluster.cpp", "dump"},       // the verb of a sentence
      {"upgrade/cluster/planned_cluster.cpp", "convert"},    // the same
      {"upgrade/cluster/database_restore.cpp", "restore"},   // the same, and the purpose of a work container
      {"upgrade/cluster/planned_cluster.cpp", "rehearse"},   // the same
      {"upgrade/cluster/take_dump.cpp", "dump"},             // the same, and the purpose of a work container
      {"upgrade/back/put_back.cpp", "backup"},               // the noun
      {"upgrade/command/commands.cpp", "backup"},            // the same
      {"upgrade/command/cleanup.cpp", "backup"},             // the same
      {"upgrade/steps/exchange.cpp", "copy"},                // the same
      {"upgrade/steps/exchange.cpp", "dump"},                // the same
      {"upgrade/observe/clients.cpp", "backup"},             // what a container does
      {"cli/arguments/command_table.cpp", "rehearse"},       // a command
      {"cli/arguments/command_table.cpp", "dump"},           // the same
      {"cli/arguments/command_table.cpp", "wipe"},           // the same
      {"cli/arguments/command_table.cpp", "verify-backup"},  // the same
      {"cli/command/tool_commands.cpp", "verify-backup"},    // the same
      {"cli/view/events.cpp", "verify"},                     // an event of JSON output
      {"cli/view/events.cpp", "backup"},                     // what it is about
  };
  if (file == "upgrade/run/older_state.cpp") return true;  // what older programs wrote
  std::string own = literal;
  std::replace(own.begin(), own.end(), '-', '_');
  return file == "upgrade/steps/" + own + ".cpp" || file == "upgrade/site/" + own + ".cpp" ||
         file == "upgrade/strategy/" + own + ".cpp" || others.contains({file, literal});
}

}  // namespace

TEST_CASE("no file of run, commands and texts names a step, and no step another") {
  const auto names = names_of_steps();
  REQUIRE(names.size() >= 17);
  const fs::path source = source_directory() / "src";
  static const std::regex kLiteral("\"([a-z-]+)\"");
  std::set<std::string> own;
  for (const char* room : {"upgrade", "cli"}) {
    for (const auto& entry : fs::recursive_directory_iterator(source / room)) {
      if (!entry.is_regular_file() || entry.path().extension() == ".json") continue;
      const std::string file = fs::relative(entry.path(), source).string();
      for (const std::string& line : split_lines(read_file(entry.path()))) {
        const std::string code = line.substr(0, line.find("//"));
        for (auto at = std::sregex_iterator(code.begin(), code.end(), kLiteral); at != std::sregex_iterator();
             ++at) {
          const std::string literal = (*at)[1];
          if (!names.contains(literal)) continue;
          if (file.starts_with("upgrade/steps/") || file.starts_with("upgrade/site/")) own.insert(literal);
          INFO(file << ": " << line);
          CHECK(is_allowed(file, literal));
        }
      }
    }
  }
  CHECK(own == names);  // else this test reads no sources
}

}  // namespace pgupgrade::test
