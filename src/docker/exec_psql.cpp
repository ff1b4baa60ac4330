#include "pgupgrade/docker/exec_psql.hpp"

#include <algorithm>

#include "pgupgrade/base/error.hpp"
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
constexpr const char* kScript =
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
    "export PGPASSWORD PGCLIENTENCODING PGAPPNAME PGCONNECT_TIMEOUT PGOPTIONS\n"
    // Bytes of no encoding are not for UTF-8.
    "exec psql '--command=\\o /dev/null' \"--command=SELECT set_config('client_encoding', CASE "
    "current_setting('server_encoding') WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END, false)\" "
    "'--command=\\o' \"$@\"";

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

std::vector<std::string> psql_argv(const Route& route, const std::string& role, const std::string& database,
                                   const std::string& sql) {
  std::vector<std::string> argv = {"sh",
                                   "-c",
                                   kScript,
                                   "psql",
                                   postgres::session_options(postgres::SessionUse::shared),
                                   is_utf8(database) ? "" : escaped_bytes(database),
                                   "--no-psqlrc",
                                   "--quiet",
                                   "--no-align",
                                   "--tuples-only",
                                   "--no-password",
                                   "--set=ON_ERROR_STOP=1",
                                   "--username=" + role};
  if (is_utf8(database)) argv.push_back("--dbname=" + postgres::database_conninfo(database));
  if (*route.host != '\0') argv.push_back(std::string("--host=") + route.host);
  argv.insert(argv.end(), {"--command=" + sql, std::string("--command=SELECT '") + kSentinel + "'"});
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
    : engine_(engine), container_(std::move(container)), role_(std::move(role)) {}

std::vector<std::string> ExecPsql::query(const std::string& database, const std::string& sql) {
  ExecResult result;
  for (std::size_t tried = 0; tried < std::size(kRoutes); ++tried) {
    const Route& route = kRoutes[(route_ + tried) % std::size(kRoutes)];
    ExecResult answer = engine_.exec(container_, psql_argv(route, role_, database, sql), route.user);
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

ExecPsql::Login ExecPsql::find_login(Engine& engine, const ContainerInfo& container) {
  std::string user = name_in(container, "POSTGRES_USER");
  if (user.empty()) user = name_in_file(engine, container, "POSTGRES_USER_FILE");
  const std::vector<std::string> roles =
      distinct({user, "postgres", name_in(container, "POSTGRESQL_USERNAME")});
  const std::vector<std::string> databases =
      distinct({"postgres", name_in(container, "POSTGRES_DB"), user, "template1"});
  std::string reason;
  for (const std::string& role : roles) {
    ExecPsql psql(engine, container.id, role);
    for (const std::string& database : databases) {
      try {
        const std::vector<std::string> owner =
            psql.query(database, "SELECT rolname::text FROM pg_roles WHERE oid = 10");
        if (owner.size() != 1) continue;
        // The bootstrap superuser may be another role than the one that could log in.
        const std::vector<std::string> proof = ExecPsql(engine, container.id, owner.front())
                                                   .query(database, "SELECT current_setting('is_superuser')");
        if (proof == std::vector<std::string>{"on"}) return {.role = owner.front(), .database = database};
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
