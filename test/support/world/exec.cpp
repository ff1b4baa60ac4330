// Short commands inside running containers: pg_isready, psql, and what observation looks at.
#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/world/cluster.hpp"
#include "support/world/programs.hpp"
#include "support/world/reader.hpp"

namespace pgupgrade::test {
namespace {

constexpr const char* kStarting = "FATAL:  the database system is starting up\n";

std::string option(const std::vector<std::string>& argv, const std::string& name) {
  for (const std::string& argument : argv) {
    if (argument.starts_with(name + "=")) return argument.substr(name.size() + 1);
  }
  return {};
}

// Of "dbname='odd name'".
std::string database_of(const std::string& conninfo) {
  constexpr std::size_t kBegin = 8;
  std::string name;
  for (std::size_t at = kBegin; at + 1 < conninfo.size(); ++at) {
    if (conninfo[at] == '\\') ++at;
    name += conninfo[at];
  }
  return name;
}

docker::ExecResult answer(const std::vector<std::string>& rows) {
  std::string text;
  for (const std::string& row : rows) text += row + "\n";
  return {.exit_code = 0, .standard_output = text + "pgupgrade: end of the answer\n", .standard_error = {}};
}

docker::ExecResult is_ready(SimulatedEngine& engine, const SimulatedContainer& container,
                            const std::vector<std::string>& argv) {
  const bool elsewhere = !engine.server_host.empty() && argv.back() != "--host=" + engine.server_host;
  if (!container.server || elsewhere)
    return {.exit_code = 2, .standard_output = {}, .standard_error = "no response"};
  if (engine.recovers(container)) return {.exit_code = 1, .standard_output = {}, .standard_error = kStarting};
  return {};
}

docker::ExecResult run_psql(SimulatedEngine& engine, SimulatedContainer& container,
                            const std::vector<std::string>& argv) {
  if (!container.server) return {.exit_code = 2, .standard_output = {}, .standard_error = "no response"};
  if (engine.recovers(container)) return {.exit_code = 2, .standard_output = {}, .standard_error = kStarting};
  const auto place = engine.resolve(container, container.server->data);
  const auto cluster = read_cluster(*place.tree, place.path);
  const std::string role = option(argv, "--username");
  const std::string sql = option(argv, "--command");
  if (!cluster || !cluster->roles.contains(role)) {
    return {.exit_code = 2, .standard_output = {}, .standard_error = "FATAL:  role does not exist\n"};
  }
  if (sql.find("is_superuser") != std::string::npos)
    return answer({role == cluster->superuser ? "on" : "off"});
  try {
    return answer(SimulatedReader(engine, container).query(database_of(option(argv, "--dbname")), sql));
  } catch (const Error& error) {
    return {.exit_code = 1,
            .standard_output = {},
            .standard_error = std::string("ERROR:  ") + error.what() + "\n"};
  }
}

// Of each database the number of psql's arguments, and these: each statement is followed by one that marks
// the end of its answer.
docker::ExecResult run_series(SimulatedEngine& engine, SimulatedContainer& container,
                              const std::vector<std::string>& argv) {
  docker::ExecResult all;
  constexpr std::string_view kCommand = "--command=";
  for (std::size_t at = 6; at < argv.size();) {
    const std::size_t end = at + 1 + std::stoul(argv[at]);
    const std::vector<std::string> words(argv.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                                         argv.begin() + static_cast<std::ptrdiff_t>(end));
    for (const std::string& word : words) {
      if (!word.starts_with(kCommand)) continue;
      if (word.starts_with("--command=SELECT 'pgupgrade ")) {
        all.standard_output += word.substr(18, word.size() - 19) + "\n";
        continue;
      }
      std::vector<std::string> alone = words;
      std::erase_if(alone, [&](const std::string& other) { return other.starts_with(kCommand); });
      alone.push_back(word);
      const docker::ExecResult one = run_psql(engine, container, alone);
      if (one.exit_code != 0) break;
      all.standard_output += one.standard_output.substr(0, one.standard_output.find("pgupgrade: end"));
    }
    at = end;
  }
  return all;
}

// What observation looks at in the container of a service; nothing for other scripts.
std::optional<docker::ExecResult> look(SimulatedEngine& engine, SimulatedContainer& container,
                                       const std::vector<std::string>& argv) {
  if (argv.size() < 5 || argv[0] != "sh") return std::nullopt;
  const std::string& script = argv[2];
  const auto say = [](const std::string& text) {
    return docker::ExecResult{.exit_code = 0, .standard_output = text, .standard_error = {}};
  };
  if (script.starts_with("stat -c 'device %d'")) return say("device 7\nroom 1000000 4096\n");
  if (script.find("$2/postmaster.pid") != std::string::npos) {
    const auto data = engine.resolve(container, argv[4]);
    const auto pid = data.tree->find(join_path(data.path, "postmaster.pid"));
    if (pid == data.tree->end()) return docker::ExecResult{.exit_code = 1};
    return say(fmt::format("process\t1\nport\t5432\nsocket\t/run/postgresql\nowner\t{}:{}\nend\n",
                           pid->second.uid, pid->second.gid));
  }
  if (script.find("[ -L \"$1/pg_wal\" ]") == std::string::npos) return std::nullopt;
  const auto place = engine.resolve(container, argv[4] + "/pg_wal");
  if (!exists(*place.tree, place.path)) return say("");
  return say(place.tree->at(place.path).kind == Node::Kind::link ? "linked\n" : "inside\n");
}

}  // namespace

docker::ExecResult SimulatedEngine::exec(const std::string& name, const std::vector<std::string>& argv,
                                         const std::string&) {
  SimulatedContainer& container = at(name);
  settle(container);
  if (!container.info.running())
    throw Error(ErrorKind::failed, "E-ENGINE-CONFLICT", name + " is not running");
  if (argv.front() == "env")  // whether it lets replication in: initdb's pg_hba.conf does
    return {.exit_code = container.server ? 0 : 2, .standard_output = {}, .standard_error = {}};
  if (argv.back() == "exec pg_dump --version") {
    const auto found = pg_dumps.find(container.info.name);
    if (found == pg_dumps.end()) return {.exit_code = 127, .standard_output = {}, .standard_error = {}};
    return {.exit_code = 0, .standard_output = found->second + "\n", .standard_error = {}};
  }
  if (argv.front() == "pg_isready") return is_ready(*this, container, argv);
  if (argv.size() > 2 && argv[2].find("ask() { psql") != std::string::npos)
    return run_series(*this, container, argv);
  if (argv.size() > 2 && argv[2].find("exec psql") != std::string::npos)
    return run_psql(*this, container, argv);
  if (argv.size() > 2 && argv[2].find("kill -INT") != std::string::npos) {
    if (!container.server) return {.exit_code = 1, .standard_output = {}, .standard_error = {}};
    container.stopping = true;
    container.ends_at = clock_.monotonic() + std::chrono::milliseconds(1);
    return {};
  }
  if (const auto result = look(*this, container, argv)) return *result;
  const Outcome outcome = run_program(*this, container, argv);
  return {.exit_code = outcome.exit_code.value_or(0),
          .standard_output = outcome.out,
          .standard_error = outcome.err};
}

}  // namespace pgupgrade::test
