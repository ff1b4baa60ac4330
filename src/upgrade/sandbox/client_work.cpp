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

}  // namespace

WorkResult run_client(World& world, const WorkSpec& spec, const ClientTask& task,
                      const std::function<void()>& tick) {
  WorkResult result = run_work(world, spec, tick);
  if (result.exit_code == 0) return result;
  const std::string output = result.standard_output + "\n" + result.standard_error;
  postgres::ProgramFailure failure = postgres::parse_failure(output);
  if (failure.statement.empty()) failure.statement = statement_of(task.script, failure.line);
  const postgres::Explanation explanation = postgres::explain(failure);
  if (explanation.cause.empty()) {
    const std::string words = last_words(output);
    throw Error(ErrorKind::failed, task.code,
                fmt::format("could not {} {}: {} exited with {}{}", task.verb, task.whole, spec.argv.front(),
                            result.exit_code, words.empty() ? "" : ": " + words));
  }
  throw Error(ErrorKind::failed, task.code,
              fmt::format("could not {} {}: {}", task.verb,
                          subject_of(task, explanation.object, failure.database), explanation.cause),
              explanation.cure);
}

}  // namespace pgupgrade::upgrade
