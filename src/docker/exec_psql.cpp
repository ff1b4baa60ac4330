#include "pgupgrade/docker/exec_psql.hpp"

#include <algorithm>
#include <charconv>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/text.hpp"
#include "postgres/names.hpp"
#include "postgres/session_settings.hpp"

namespace pgupgrade::docker {
namespace {

constexpr const char* kSentinel = "pgupgrade: end of the answer";
constexpr int kConnectionFailed = 2;  // psql's exit code

// Runs psql with the options of its session, a database in escaped bytes, if there is one, and the arguments
// that follow. Fixed text: nothing from outside is part of it. What the container's environment says about
// connections is meant for other clients; its own password stays in the container.
constexpr const char* kBegin =
    "unset PGHOST PGHOSTADDR PGUSER PGDATABASE PGSERVICE PGSERVICEFILE PGSSLMODE\n"
    "if [ -n \"${POSTGRES_PASSWORD_FILE:-}\" ] && [ -r \"$POSTGRES_PASSWORD_FILE\" ]; then\n"
    "  PGPASSWORD=$(cat \"$POSTGRES_PASSWORD_FILE\")\n"
    "else\n"
    "  "
    "PGPASSWORD=${POSTGRES_PASSWORD:-${POSTGRESQL_POSTGRES_PASSWORD:-${POSTGRESQL_PASSWORD:-${PGPASSWORD:-}}}"
    "}"
    "\n"
    "fi\n"
    "PGCLIENTENCODING=UTF8\n"
    "PGAPPNAME=pgupgrade\n"
    "PGCONNECT_TIMEOUT=10\n"
    "PGOPTIONS=$1\n"
    "[ -z \"$2\" ] || { PGDATABASE=$(printf %b \"$2\"); export PGDATABASE; }\n"
    "shift 2\n"
    "export PGPASSWORD PGCLIENTENCODING PGAPPNAME PGCONNECT_TIMEOUT PGOPTIONS\n";
// Bytes of no encoding are not for UTF-8.
constexpr const char* kPsql =
    "psql '--command=\\o /dev/null' \"--command=SELECT set_config('client_encoding', CASE "
    "current_setting('server_encoding') WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END, false)\" "
    "'--command=\\o' \"$@\"";

// Of each database the number of psql's arguments, and these.
const std::string& series_script() {
  static const std::string script = std::string(kBegin) + "ask() { " + kPsql +
                                    "; }\n"
                                    "while [ $# -gt 0 ]; do\n"
                                    "  words=$1; shift; number=0; command=ask\n"
                                    "  while [ $number -lt $words ]; do\n"
                                    "    number=$((number + 1)); command=\"$command \\\"\\${$number}\\\"\"\n"
                                    "  done\n"
                                    "  eval \"$command\"\n"
                                    "  shift $words\n"
                                    "done";
  return script;
}

const std::string& single_script() {
  static const std::string script = std::string(kBegin) + "exec " + kPsql;
  return script;
}

// Ways to reach the server from within its container, in the order in which they are tried.
struct Route {
  const char* user;  // of the container; empty: its own
  const char* host;  // empty: the socket where libpq expects it
};
constexpr Route kRoutes[] = {{"", ""}, {"postgres", ""}, {"", "/tmp"}, {"", "localhost"}};

// For the shell's printf: the engine takes arguments as JSON, which is UTF-8.
std::string escaped_bytes(const std::string& name) {
  std::string text;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    text += "\\0";
    for (const int shift : {6, 3, 0}) text += static_cast<char>('0' + ((byte >> shift) & 7));
  }
  return text;
}

std::vector<std::string> script_argv(const std::string& script, const std::string& escaped_database) {
  return {
      "sh", "-c", script, "psql", postgres::session_options(postgres::SessionUse::shared), escaped_database};
}

std::vector<std::string> psql_options(const Route& route, const std::string& role,
                                      const std::string& database) {
  std::vector<std::string> options = {"--no-psqlrc",       "--quiet",       "--no-align",
                                      "--tuples-only",     "--no-password", "--set=ON_ERROR_STOP=1",
                                      "--username=" + role};
  if (is_utf8(database)) options.push_back("--dbname=" + postgres::database_conninfo(database));
  if (*route.host != '\0') options.push_back(std::string("--host=") + route.host);
  return options;
}

std::vector<std::string> psql_argv(const Route& route, const std::string& role, const std::string& database,
                                   const std::string& sql) {
  auto argv = script_argv(single_script(), is_utf8(database) ? "" : escaped_bytes(database));
  for (std::string& option : psql_options(route, role, database)) argv.push_back(std::move(option));
  argv.insert(argv.end(), {"--command=" + sql, std::string("--command=SELECT '") + kSentinel + "'"});
  return argv;
}

// Before the number of the answer that ends there; nobody else's row looks like it.
std::string mark_of(const std::string& nonce) {
  return "pgupgrade " + nonce + " ";
}

constexpr const char* kBeginOfDatabase = "begin";

// One psql for each database, whatever the order of the questions.
std::vector<std::string> series_argv(const Route& route, const std::string& role,
                                     const std::vector<postgres::Question>& questions,
                                     const std::string& nonce) {
  std::map<std::string, std::vector<std::string>> of_database;
  for (std::size_t number = 0; number < questions.size(); ++number) {
    const auto& [database, sql] = questions[number];
    auto& words = of_database[database];
    const auto mark = [&](const std::string& what) {
      return "--command=SELECT '" + mark_of(nonce) + what + "'";
    };
    if (words.empty()) {
      words = psql_options(route, role, database);
      words.push_back(mark(kBeginOfDatabase));
    }
    words.insert(words.end(), {"--command=" + sql, mark(std::to_string(number))});
  }
  auto argv = script_argv(series_script(), "");
  for (auto& [database, words] : of_database) {
    argv.push_back(std::to_string(words.size()));
    std::move(words.begin(), words.end(), std::back_inserter(argv));
  }
  return argv;
}

// A container's id in the short form that docker shows; a name as it is.
std::string short_name(const std::string& container) {
  constexpr std::size_t kIdLength = 64;
  constexpr std::size_t kShortLength = 12;
  const bool is_id =
      container.size() == kIdLength && container.find_first_not_of("0123456789abcdef") == std::string::npos;
  return is_id ? container.substr(0, kShortLength) : printable(container);
}

// psql's reason, of the many lines that it may print.
std::string first_error(const ExecResult& result) {
  const std::vector<std::string> lines = split_lines(result.standard_error);
  for (const std::string& line : lines) {
    const std::size_t at = line.find("ERROR:");
    if (at != std::string::npos) return printable(trim(std::string_view(line).substr(at + 6)), 500);
  }
  if (!lines.empty()) return printable(lines.front(), 500);
  return "psql ended with exit code " + std::to_string(result.exit_code);
}

std::string name_in(const ContainerInfo& container, const std::string& variable) {
  for (const std::string& entry : container.environment) {
    if (entry.compare(0, variable.size() + 1, variable + "=") == 0) return entry.substr(variable.size() + 1);
  }
  return {};
}

// The content of the file that the variable names, as an image's entrypoint reads it: a secret may hold a
// name.
std::string name_in_file(Engine& engine, const ContainerInfo& container, const std::string& variable) {
  const std::string path = name_in(container, variable);
  if (path.empty()) return {};
  const ExecResult result = engine.exec(container.id, {"cat", path}, "");
  if (result.exit_code != 0) return {};
  std::string name = result.standard_output;
  while (!name.empty() && (name.back() == '\n' || name.back() == '\r')) name.pop_back();
  return name;
}

// Without repetitions and empty names.
std::vector<std::string> distinct(const std::vector<std::string>& names) {
  std::vector<std::string> kept;
  for (const std::string& name : names) {
    if (!name.empty() && std::find(kept.begin(), kept.end(), name) == kept.end()) kept.push_back(name);
  }
  return kept;
}

}  // namespace

ExecPsql::ExecPsql(Engine& engine, std::string container, std::string role)
    : engine_(&engine), container_(std::move(container)), role_(std::move(role)) {}

void ExecPsql::expect(const std::vector<postgres::Question>& questions) {
  for (const postgres::Question& question : questions)
    if (is_utf8(question.database)) expected_.push_back(question);
}

// What was answered up to its mark is known; the rest is asked by itself, and then says why it fails.
void ExecPsql::ask_together(const std::vector<postgres::Question>& questions) {
  const std::string nonce = random_hex(8);
  const Route& route = kRoutes[route_];
  ExecResult result;
  try {
    result = engine_->exec(container_, series_argv(route, role_, questions, nonce), route.user);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::failed) throw;
    return;  // all of them together may be too much
  }
  const std::string mark = mark_of(nonce);
  std::vector<std::string> rows;
  for (std::string& row : split_lines(result.standard_output)) {
    if (!row.starts_with(mark)) {
      rows.push_back(std::move(row));
      continue;
    }
    std::size_t number = questions.size();
    std::from_chars(row.data() + mark.size(), row.data() + row.size(), number);
    if (number < questions.size()) answers_[questions[number]] = std::move(rows);
    rows.clear();  // a statement that failed may have left some
  }
}

void ExecPsql::ask_expected() {
  constexpr std::ptrdiff_t kAtOnce = 40;  // an argument list has its limits
  std::vector<postgres::Question> questions = std::move(expected_);
  expected_.clear();
  std::sort(questions.begin(), questions.end());
  questions.erase(std::unique(questions.begin(), questions.end()), questions.end());
  while (questions.size() > 1) {
    const auto end = questions.begin() + std::min(std::ssize(questions), kAtOnce);
    ask_together({questions.begin(), end});
    questions.erase(questions.begin(), end);
  }
}

std::vector<std::string> ExecPsql::query(const std::string& database, const std::string& sql) {
  const postgres::Question question{.database = database, .sql = sql};
  if (std::find(expected_.begin(), expected_.end(), question) != expected_.end()) ask_expected();
  if (const auto known = answers_.find(question); known != answers_.end()) {
    std::vector<std::string> rows = std::move(known->second);
    answers_.erase(known);
    return rows;
  }
  ExecResult result;
  for (std::size_t tried = 0; tried < std::size(kRoutes); ++tried) {
    const Route& route = kRoutes[(route_ + tried) % std::size(kRoutes)];
    ExecResult answer = engine_->exec(container_, psql_argv(route, role_, database, sql), route.user);
    const bool connected = answer.exit_code != kConnectionFailed;
    if (connected) route_ = (route_ + tried) % std::size(kRoutes);
    // The first way is the usual one: its reason is the one to report.
    if (connected || tried == 0) result = std::move(answer);
    if (connected) break;
  }
  if (result.exit_code != 0) {
    throw Error(ErrorKind::failed, "E-SQL",
                "could not query database \"" + printable(database) + "\" in container " +
                    short_name(container_) + ": " + first_error(result));
  }
  std::vector<std::string> rows = split_lines(result.standard_output);
  if (rows.empty() || rows.back() != kSentinel) {
    throw Error(ErrorKind::failed, "E-EXEC-CUT",
                "the answer from database \"" + printable(database) + "\" in container " +
                    short_name(container_) + " was cut short",
                "run the command again");
  }
  rows.pop_back();
  return rows;
}

ExecPsql::Login ExecPsql::find_login(Engine& engine, const ContainerInfo& container,
                                     const std::vector<std::string>& soon) {
  constexpr const char* kOwner = "SELECT rolname::text FROM pg_roles WHERE oid = 10";
  constexpr const char* kProof = "SELECT current_setting('is_superuser')";
  std::string user = name_in(container, "POSTGRES_USER");
  if (user.empty()) user = name_in_file(engine, container, "POSTGRES_USER_FILE");
  const std::vector<std::string> roles =
      distinct({user, "postgres", name_in(container, "POSTGRESQL_USERNAME")});
  const std::vector<std::string> databases =
      distinct({"postgres", name_in(container, "POSTGRES_DB"), user, "template1"});
  std::string reason;
  for (const std::string& role : roles) {
    for (const std::string& database : databases) {
      try {
        std::vector<postgres::Question> questions = {{database, kProof}};
        for (const std::string& sql : soon) questions.push_back({database, sql});
        ExecPsql psql(engine, container.id, role);
        psql.expect({{database, kOwner}});
        psql.expect(questions);
        const std::vector<std::string> owner = psql.query(database, kOwner);
        if (owner.size() != 1) continue;
        // The bootstrap superuser may be another role than the one that could log in.
        if (owner.front() != role) {
          psql = ExecPsql(engine, container.id, owner.front());
          psql.expect(questions);
        }
        if (psql.query(database, kProof) == std::vector<std::string>{"on"})
          return {.role = owner.front(), .database = database, .psql = std::move(psql)};
        reason = "role \"" + printable(owner.front()) + "\" is not a superuser";
      } catch (const Error& error) {
        if (!error.is("E-SQL")) throw;
        if (reason.empty()) reason = error.what();
      }
    }
  }
  throw Error(
      ErrorKind::failed, "E-NO-SUPERUSER",
      "could not log in as the superuser in container " + printable(container.name) + ": " + reason,
      "let local connections of the superuser in (pg_hba.conf), or set POSTGRES_USER and POSTGRES_PASSWORD");
}

bool wal_is_linked(Engine& engine, const std::string& container, const std::string& data_directory) {
  const ExecResult result = engine.exec(
      container,
      {"sh", "-c",
       "if [ -L \"$1/pg_wal\" ]; then echo linked; elif [ -d \"$1/pg_wal\" ]; then echo inside; fi", "sh",
       data_directory},
      "");
  const std::string_view answer = trim(result.standard_output);
  if (answer == "linked") return true;
  if (answer == "inside") return false;
  throw Error(ErrorKind::failed, "E-EXEC-CUT",
              "could not determine whether pg_wal of " + printable(data_directory) + " in container " +
                  short_name(container) + " is a link: " + printable(trim(result.standard_error), 500));
}

}  // namespace pgupgrade::docker
