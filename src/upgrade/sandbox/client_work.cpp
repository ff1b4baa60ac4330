#include "upgrade/sandbox/client_work.hpp"

#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/program_errors.hpp"

namespace pgupgrade::upgrade {
namespace {

std::string statement_of(const std::string& script, int line) {
  const auto lines = split_lines(script);
  const bool there = line > 0 && static_cast<std::size_t>(line) <= lines.size();
  return there ? lines[static_cast<std::size_t>(line) - 1] : std::string();
}

std::string subject_of(const ClientTask& task, const std::string& object, const std::string& database) {
  if (object.empty() && task.database.empty() && !database.empty())
    return fmt::format("database \"{}\"", printable(database));
  if (object.empty()) return task.whole;
  const std::string& in = task.database.empty() ? database : task.database;
  return in.empty() ? object : fmt::format("{} in database \"{}\"", object, printable(in));
}

[[noreturn]] void fail(const ClientTask& task, const std::string& program, const WorkResult& result) {
  const std::string output = result.standard_output + "\n" + result.standard_error;
  postgres::ProgramFailure failure = postgres::parse_failure(output);
  if (failure.statement.empty()) failure.statement = statement_of(task.script, failure.line);
  const postgres::Explanation explanation = postgres::explain(failure);
  if (explanation.cause.empty()) {
    const std::string words = last_words(output);
    throw Error(ErrorKind::failed, task.code,
                fmt::format("could not {} {}: {} exited with {}{}", task.verb, task.whole, program,
                            result.exit_code, words.empty() ? "" : ": " + words));
  }
  throw Error(ErrorKind::failed, task.code,
              fmt::format("could not {} {}: {}", task.verb,
                          subject_of(task, explanation.object, failure.database), explanation.cause),
              explanation.cure);
}

}  // namespace

WorkResult run_client(World& world, const WorkSpec& spec, const ClientTask& task,
                      const std::function<void()>& tick) {
  WorkResult result = run_work(world, spec, tick);
  if (result.exit_code != 0) fail(task, spec.argv.front(), result);
  return result;
}

std::vector<WorkResult> run_clients(World& world, const WorkSpec& spec,
                                    const std::vector<ClientCommand>& commands,
                                    const std::function<void(std::size_t)>& tick) {
  std::vector<SeriesCommand> series;
  for (const ClientCommand& command : commands) series.push_back(command.command);
  std::vector<WorkResult> results = run_series(world, spec, series, tick);
  if (!results.empty() && results.back().exit_code != 0) {
    const ClientCommand& failed = commands[results.size() - 1];
    fail(failed.task, failed.command.argv.front(), results.back());
  }
  return results;
}

}  // namespace pgupgrade::upgrade
