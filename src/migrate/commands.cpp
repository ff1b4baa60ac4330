#include "migrate/commands.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/model/sql_text.hpp"

namespace pgupgrade::migrate {
namespace {

using Argv = std::vector<std::string>;

// What both sides set so that they mean the same by a text, whatever server, database and role say: money is
// a number of cents that any locale writes its own way, and an unquoted NULL in an array is the word where
// array_nulls is off. Any role may set these.
constexpr const char* kExchange = "-c lc_monetary=C -c array_nulls=on";
// Each commit need not reach the disk: what was cut off is copied anew, and the last commit of a copy waits.
constexpr const char* kUnhurried = "-c synchronous_commit=off";

postgres::Endpoint with_options(postgres::Endpoint endpoint, const std::string& options) {
  std::string& own = endpoint.parameters["options"];
  own += (own.empty() ? "" : " ") + options;
  endpoint.parameters["application_name"] = "pgupgrade";
  return endpoint;
}

void add_source(Command& command, const Copying& copying) {
  command.argv.push_back("--no-password");
  command.argv.push_back("--dbname=" +
                         connection_string(with_options(copying.source, kExchange), copying.database.name));
  command.password = copying.source.password;
}

void add_target(Command& command, const Copying& copying, Values values) {
  const std::string options =
      values == Values::exchanged ? std::string(kExchange) + " " + kUnhurried : kUnhurried;
  command.argv.push_back("--no-password");
  command.argv.push_back("--dbname=" +
                         connection_string(with_options(copying.target, options), copying.database.into));
  command.password = copying.target.password;
}

// Names of the old version may be keywords of the new one. A database may be set to another encoding than its
// own for one old client, and characters that it lacks would end the dump.
Command dump(const Copying& copying) {
  Command command{.argv = {"pg_dump", "--quote-all-identifiers", "--no-subscriptions",
                           "--snapshot=" + copying.snapshot, "--encoding=" + copying.database.encoding},
                  .password = {}};
  add_source(command, copying);
  return command;
}

// A pattern in double quotes stands for this very name; one that fits nothing is an error.
void add_schemas(Command& command, const Copying& copying) {
  for (const std::string& schema : copying.database.schemas)
    command.argv.push_back("--schema=" + sql_identifier(schema));
  if (!copying.database.schemas.empty()) command.argv.emplace_back("--strict-names");
}

// Programs that are newer than the target set what it does not know, which is told apart from real errors.
Command restore(const Copying& copying) {
  Command command{.argv = {"pg_restore"}, .password = {}};
  if (copying.plan.programs.major <= copying.plan.target.version_num / 10000)
    command.argv.push_back("--exit-on-error");
  if (copying.plan.ownership == Ownership::leave_out)
    command.argv.insert(command.argv.end(), {"--no-owner", "--no-privileges"});
  if (!copying.plan.tablespaces) command.argv.push_back("--no-tablespaces");
  return command;
}

std::string jobs_of(const Copying& copying) {
  return "--jobs=" + std::to_string(std::max(copying.plan.jobs, 1));
}

const char* name_of(Section section) {
  switch (section) {
    case Section::definitions:
      return "--section=pre-data";
    case Section::rows:
      return "--section=data";
    case Section::rest:
      break;
  }
  return "--section=post-data";
}

const char* format_of(CopyForm form) {
  switch (form) {
    case CopyForm::directory:
      return "--format=directory";
    case CopyForm::tar:
      return "--format=tar";
    case CopyForm::stream:
    case CopyForm::custom:
      break;
  }
  return "--format=custom";
}

}  // namespace

Command dump_definitions(const Copying& copying, const std::string& file) {
  Command command = dump(copying);
  command.argv.insert(command.argv.end(),
                      {"--format=custom", "--section=pre-data", "--section=post-data", "--file=" + file});
  add_schemas(command, copying);
  return command;
}

// Compressing would only cost time: the bytes stay on no disk.
Command dump_rows(const Copying& copying, const std::optional<std::string>& table) {
  Command command = dump(copying);
  command.argv.insert(command.argv.end(), {"--format=custom", "--compress=0", "--section=data"});
  if (table) {
    command.argv.push_back("--table=" + *table);
  } else {
    add_schemas(command, copying);
    for (const std::string& apart : copying.database.apart)
      command.argv.push_back("--exclude-table-data=" + apart);
  }
  return command;
}

Command dump_whole(const Copying& copying, const std::string& path) {
  Command command = dump(copying);
  command.argv.push_back(format_of(copying.plan.form));
  if (copying.plan.form == CopyForm::directory) command.argv.push_back(jobs_of(copying));
  if (copying.plan.form != CopyForm::tar) command.argv.push_back("--compress=1");
  command.argv.push_back("--file=" + path);
  add_schemas(command, copying);
  return command;
}

Command dump_to_keep(const Copying& copying, const std::string& path) {
  Command command{
      .argv = {"pg_dump", "--format=custom", "--snapshot=" + copying.snapshot, "--no-password",
               "--dbname=" + connection_string(with_options(copying.source, ""), copying.database.name),
               "--file=" + path},
      .password = copying.source.password};
  add_schemas(command, copying);
  return command;
}

Command restore_rows(const Copying& copying) {
  Command command = restore(copying);
  add_target(command, copying, Values::exchanged);
  command.argv.push_back("--section=data");
  return command;
}

// A tar is read from its beginning to its end.
Command restore_section(const Copying& copying, Section section, const std::string& archive,
                        const std::string& list, Values values) {
  Command command = restore(copying);
  add_target(command, copying, values);
  command.argv.push_back(name_of(section));
  if (section != Section::definitions && values == Values::exchanged && copying.plan.form != CopyForm::tar)
    command.argv.push_back(jobs_of(copying));
  if (!list.empty()) command.argv.push_back("--use-list=" + list);
  command.argv.push_back(archive);
  return command;
}

Command list_archive(const std::string& archive) {
  return {.argv = {"pg_restore", "--list", archive}, .password = {}};
}

Command read_archive(const std::string& archive) {
  return {.argv = {"pg_restore", "--file=/dev/null", archive}, .password = {}};
}

Command run_script(const postgres::Endpoint& server, const std::string& database, const ScriptFiles& files) {
  postgres::Endpoint endpoint = server;
  endpoint.parameters["application_name"] = kScriptSession;
  endpoint.parameters["client_encoding"] = "UTF8";
  Command command{.argv = {"psql", "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1",
                           "--dbname=" + connection_string(endpoint, database), "--output=" + files.output,
                           "--file=" + files.script},
                  .password = server.password};
  if (files.confirmation.empty()) return command;
  command.argv.insert(
      command.argv.end(),
      {"--single-transaction", "--set=pgupgrade_file=" + files.confirmation, "--command=\\o :pgupgrade_file",
       fmt::format("--command=SELECT '{}' || txid_current()", kTransaction), "--command=\\o"});
  return command;
}

Command analyze(const Copying& copying) {
  Command command{.argv = {"vacuumdb", "--analyze-only", jobs_of(copying), "--quiet"}, .password = {}};
  add_target(command, copying, Values::computed);
  return command;
}

}  // namespace pgupgrade::migrate
