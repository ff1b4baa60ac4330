// A script of the user's in a database, and what became of its transaction.
#include <fmt/format.h>

#include <algorithm>

#include "migrate/alternate_work.hpp"
#include "migrate/checks.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/postgres/program_errors.hpp"
#include "pgupgrade/postgres/user_script.hpp"
#include "pgupgrade/postgres/without_passwords.hpp"

namespace pgupgrade::migrate {
namespace fs = std::filesystem;

namespace {

constexpr std::chrono::milliseconds kPingEvery{30'000};

// "transaction 4711" -> "4711"
std::string transaction_in(const std::string& text) {
  const std::size_t at = text.find(kTransaction);
  if (at == std::string::npos) return {};
  const std::size_t start = at + std::string_view(kTransaction).size();
  const std::size_t end = std::min(text.find_first_not_of("0123456789", start), text.size());
  return text.substr(start, end - start);
}

fs::path file_of(const AlternateWork& work, std::size_t index, const char* kind) {
  return work.directory / fmt::format("{}.{}", index + 1, kind);
}

[[noreturn]] void fail(const Script& script, const std::string& database, const std::string& content,
                       const ProgramOutput& output) {
  const postgres::ProgramFailure failure = postgres::parse_failure(std::string(trim(output.message)));
  std::string cause = postgres::explain(failure).cause;
  if (cause.empty()) {
    const auto lines = split_lines(trim(output.message));
    cause = lines.empty() ? fmt::format("psql exited with {}", output.exit_code)
                          : printable(postgres::without_passwords(lines.back().substr(0, 800)), 400);
  }
  const std::string text = postgres::line_of(content, failure.line);
  const std::string line = text.empty() ? "" : fmt::format(" at line {} ({})", failure.line, text);
  const bool blocked = cause.find("cannot run inside a transaction block") != std::string::npos;
  Error error(ErrorKind::failed, "E-SCRIPT",
              fmt::format("could not run {} in database {}{}: {}", name_of(script), migrate::quoted(database),
                          line, cause),
              blocked ? fmt::format("put the line \"{}\" at its beginning", postgres::kNoTransaction)
                      : printable(failure.hint, 500));
  error.add_context("running " + printable(script.path, 500));
  throw error;
}

}  // namespace

std::string this_boot() {
  return std::string(trim(read_file_if_present("/proc/sys/kernel/random/boot_id").value_or("")));
}

std::string name_of(const Script& script) {
  return printable(fs::path(script.path).filename().native());
}

ProgramOutput run_watched(const AlternateWork& work, const Command& command) {
  auto ping = work.world.clock.monotonic() + kPingEvery;
  return work.world.programs.run(command, [&] {
    work.world.cancellation.throw_if_requested();
    if (work.world.clock.monotonic() < ping) return;
    work.world.source.query(work.state.database, "SELECT 'the lock is still ours'");
    ping = work.world.clock.monotonic() + kPingEvery;
  });
}

std::optional<bool> is_committed(const AlternateWork& work, std::size_t index) {
  const std::string id =
      transaction_in(read_file_if_present(file_of(work, index, "transaction")).value_or(""));
  if (id.empty())
    return work.state.boot.empty() || work.state.boot == this_boot() ? std::optional(false) : std::nullopt;
  const auto status =
      work.world.source.query(work.state.database, fmt::format("SELECT coalesce(txid_status({}), '')", id));
  if (status.at(0) == "committed") return true;
  if (status.at(0) == "aborted") return false;
  return std::nullopt;
}

// What psql reads is the very text that was hashed.
void run_in(const AlternateWork& work, const Script& script, const std::string& database, std::size_t index) {
  const std::string content = read_file(script.path);
  write_file_durably(file_of(work, index, "sql"), content);
  if (sha256_hex_of_file(file_of(work, index, "sql")) != script.sha256)
    throw Error(ErrorKind::refused, "E-DRIFT",
                fmt::format("cannot run {}: it has changed since the plan", printable(script.path, 500)),
                "start over");
  const ScriptFiles files{
      .script = file_of(work, index, "sql"),
      .output = file_of(work, index, "out"),
      .confirmation = script.one_transaction ? file_of(work, index, "transaction") : fs::path()};
  for (const char* kind : {"transaction", "out"}) write_file_durably(file_of(work, index, kind), "");
  work.reach("script");
  const ProgramOutput output = run_watched(work, run_script(work.world.source.endpoint(), database, files));
  if (!output.succeeded()) fail(script, database, content, output);
  if (script.one_transaction && !is_committed(work, index).value_or(false))
    throw Error(
        ErrorKind::failed, "E-SCRIPT",
        fmt::format(
            "could not run {} in database {}: psql came to its end, but the transaction was not committed",
            name_of(script), migrate::quoted(database)),
        "look for \\set ON_ERROR_STOP and ROLLBACK in it");
}

}  // namespace pgupgrade::migrate
