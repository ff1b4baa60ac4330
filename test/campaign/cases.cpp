// States that old clusters are in: each is upgraded with nothing lost, or refused before anything stops.
// Those of test/campaign/cases, or of the directory that PGUPGRADE_CASES names.
#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <regex>

#include "campaign/campaign.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/paths.hpp"
#include "support/project.hpp"

namespace pgupgrade::test::campaign {
namespace fs = std::filesystem;

namespace {

// The first line of our own says "-- From 13 to 17: refused, E-CODE, words of the message", or "…: upgraded".
// Of others it is enough that they tell of "Old server: 13" and "Target: 17": then either is fine.
struct State {
  std::string name;
  std::string sql;
  int from = 0;
  int to = 0;
  std::string expected;  // "upgraded", "refused", or empty
  Words words;           // of the refusal
  std::string look;      // a query whose answer stays the same
};

int number_after(const std::string& text, const std::string& pattern) {
  std::smatch match;
  return std::regex_search(text, match, std::regex(pattern)) ? std::stoi(match[1]) : 0;
}

std::optional<State> read_state(const fs::path& file) {
  State state{.name = file.stem(), .sql = read_file(file)};
  const Words lines = split_lines(state.sql);
  std::smatch first;
  if (!lines.empty() &&
      std::regex_match(lines.front(), first, std::regex("-- From ([0-9]+) to ([0-9]+): (.*)"))) {
    state.from = std::stoi(first[1]);
    state.to = std::stoi(first[2]);
    state.words = split_list(first[3].str(), ", ");
    state.expected = state.words.front();
    state.words.erase(state.words.begin());
  } else {
    state.from = number_after(state.sql, "Old server: ([0-9]+)");
    state.to = number_after(state.sql, "Target: ([0-9]+)");
    if (state.from == 0 || state.to == 0) return std::nullopt;
  }
  for (const std::string& line : lines)
    if (line.starts_with("-- look: ")) state.look = line.substr(9);
  return state;
}

std::vector<State> read_states() {
  const char* other = ::getenv("PGUPGRADE_CASES");
  const fs::path directory = other != nullptr ? fs::path(other) : test_data() / "campaign/cases";
  std::vector<State> states;
  for (const auto& entry : fs::directory_iterator(directory))
    if (entry.path().extension() == ".sql")
      if (auto state = read_state(entry.path())) states.push_back(std::move(*state));
  std::sort(states.begin(), states.end(),
            [](const State& one, const State& other) { return one.name < other.name; });
  require(!states.empty(), "there are cases in " + directory.native());
  return states;
}

class Tried {
 public:
  explicit Tried(const State& state) : state_(state), project_("case") {
    compose_file_ = small_project(state.from);
    project_.write("docker-compose.yml", compose_file_);
    project_.up();
    project_.sql("db", "postgres", "CREATE DATABASE shop");
    load();
    before_ = content();
    containers_ = started();
  }

  // What came of it: "upgraded", "refused, E-CODE". What must not be is a Violation.
  std::string run() {
    const ProcessResult result =
        project_.pgupgrade({"--to", std::to_string(state_.to), "--yes", "--keep-md5"});
    const std::string seen = seen_in(result);
    if (result.exit_code == 0) {
      require_same(before_, content(), "the content after the upgrade");
      require(project_.server_version("db") == std::to_string(state_.to), "the server is the new one");
      const ProcessResult back = project_.pgupgrade({"rollback", "--discard-new-writes"});
      require(back.exit_code == 0, "the way back: " + output_of(back));
      require_same(before_, content(), "the content after the way back");
    } else {
      require(result.exit_code == 2 || result.exit_code == 3, "found too late: " + output_of(result));
      require_same(join(containers_, "\n"), join(started(), "\n"), "nothing was stopped");
      require_same(before_, content(), "the content after the refusal");
      for (const std::string& word : state_.words)
        require(result.standard_error.find(word) != std::string::npos,
                fmt::format("\"{}\" is named: {}", word, output_of(result)));
    }
    require(project_.read("docker-compose.yml") == compose_file_, "the Compose file is as it was");
    if (!state_.expected.empty())
      require(seen.starts_with(state_.expected), "it is " + seen + ": " + output_of(result));
    return seen;
  }

 private:
  // A server that was stopped cleanly: settings that wait for a restart are in force.
  void load() {
    project_.script("db", "shop", state_.sql);
    project_.compose({"restart", "db"});
    project_.up();
  }

  static std::string seen_in(const ProcessResult& result) {
    if (result.exit_code == 0) return "upgraded";
    std::smatch code;
    const bool found = std::regex_search(result.standard_error, code, std::regex("error\\[([A-Z0-9-]+)\\]"));
    return fmt::format("{}, {}", result.exit_code == 2 || result.exit_code == 3 ? "refused" : "FAILED",
                       found ? code[1].str() : output_of(result));
  }

  // By pg_dump of the server that runs, row for row: it knows nothing of the program's own comparison.
  std::string content() const {
    std::string text;
    const std::string server = project_.container("db");
    for (const std::string& database :
         split_lines(project_.sql("db", "template1",
                                  "SELECT datname FROM pg_database WHERE datallowconn AND datname "
                                  "<> 'template0' ORDER BY 1"))) {
      const ProcessResult rows =
          run_process({"docker", "exec", server, "sh", "-c",
                       "pg_dump --username=postgres --dbname=\"$1\" --data-only --inserts "
                       "--encoding=UTF8 | grep '^INSERT' | sort | sha256sum",
                       "sh", database});
      text += database + " " + rows.standard_output;
    }
    if (!state_.look.empty()) text += project_.sql("db", "shop", state_.look);
    return text;
  }

  Words started() const {
    Words result;
    for (const std::string& entry : project_.containers()) {
      const std::string id = entry.substr(entry.find('=') + 1);
      result.push_back(entry + " " + project_.inspect(id, "{{.State.Status}} {{.State.StartedAt}}"));
    }
    return result;
  }

  const State& state_;
  Project project_;
  std::string compose_file_;
  std::string before_;
  Words containers_;
};

struct Row {
  std::string name, expected, seen;
};

}  // namespace

void cases(Cases& cases) {
  std::vector<Row> rows;
  std::string violations;
  for (const State& state : read_states()) {
    if (!cases.wants(state.name)) continue;
    Row row{.name = fmt::format("{} {} → {}", state.name, state.from, state.to),
            .expected = state.expected.empty() ? "either" : state.expected};
    try {
      cases.run(state.name, [&] { row.seen = Tried(state).run(); });
    } catch (const Violation& violation) {
      row.seen = "NOT SOUND";
      violations += std::string(violation.what()) + "\n";
    }
    rows.push_back(std::move(row));
  }
  for (const Row& row : rows) fmt::print("{:<60} {:<10} {}\n", row.name, row.expected, row.seen);
  require(violations.empty(), violations);
}

}  // namespace pgupgrade::test::campaign
