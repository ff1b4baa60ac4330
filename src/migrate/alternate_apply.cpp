// What has passed on a copy is run on the database itself, after a dump that leads back.
#include <fmt/format.h>

#include <algorithm>

#include "migrate/alternate_work.hpp"
#include "migrate/checks.hpp"
#include "migrate/context.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/sql_text.hpp"
#include "pgupgrade/postgres/program_errors.hpp"

namespace pgupgrade::migrate {
namespace fs = std::filesystem;

namespace {

// For people to type: what only this connection has found out is left out.
std::string short_string(const postgres::Endpoint& endpoint, const std::string& database) {
  std::string text;
  auto parameters = endpoint.parameters;
  parameters["dbname"] = database;
  if (parameters.contains("host")) parameters.erase("hostaddr");
  for (const char* found : {"keepalives_idle", "application_name", "options"}) parameters.erase(found);
  for (const auto& [keyword, value] : parameters) {
    std::string quoted_value;
    for (const char c : value) quoted_value += (c == '\'' || c == '\\' ? "\\" : "") + std::string(1, c);
    const bool is_plain = !value.empty() && value.find_first_of(" '\\") == std::string::npos;
    text += (text.empty() ? "" : " ") + keyword + "=" + (is_plain ? value : "'" + quoted_value + "'");
  }
  return text;
}

std::string cluster_of(const AlternateWork& work) {
  try {
    return work.world.source
        .query(work.state.database, "SELECT system_identifier::text FROM pg_control_system()")
        .at(0);
  } catch (const Error& error) {
    if (!error.is("E-SQL")) throw;
    return {};  // somebody has forbidden it
  }
}

void check(const AlternateWork& work, const ProgramOutput& output, const std::string& verb) {
  if (output.succeeded()) return;
  const postgres::Explanation told = postgres::explain(postgres::parse_failure(output.message));
  throw Error(ErrorKind::failed, "E-MIGRATE",
              fmt::format("could not {} database {}: {}{}", verb, migrate::quoted(work.state.database),
                          told.object.empty() ? "" : told.object + ": ",
                          told.cause.empty() ? printable(trim(output.message), 500) : told.cause));
}

// For people to type. Where the server's own container has the programs, they are called in it: its address
// may be another by then.
std::string call(const AlternateWork& work, const std::string& program, const std::string& more) {
  const postgres::Endpoint& server = work.world.source.endpoint();
  if (work.asked.container.empty())
    return fmt::format("{} -d {} {}", program, shell_word(short_string(server, work.state.database)), more);
  return fmt::format("docker exec -i {} {} -U {} -d {} {}", shell_word(work.asked.container), program,
                     shell_word(work.world.source.role()), shell_word(short_string({}, work.state.database)),
                     more);
}

// An extension in one of the schemas would go with it, and no dump of a schema has it.
std::vector<std::string> way_back(const AlternateWork& work) {
  std::vector<std::string> names;
  for (const std::string& schema : work.state.schemas) names.push_back(sql_identifier(schema));
  const std::string restore = "pg_restore --exit-on-error --single-transaction";
  const std::string dump = (work.asked.container.empty() ? "" : "< ") + shell_word(work.state.dump);
  const bool holds_extension = std::any_of(
      work.asked.extensions.begin(), work.asked.extensions.end(), [&](const NeededExtension& extension) {
        return std::find(work.state.schemas.begin(), work.state.schemas.end(), extension.schema) !=
               work.state.schemas.end();
      });
  if (holds_extension) return {call(work, restore + " --clean --if-exists", dump)};
  return {call(work, "psql", "-c " + shell_word("DROP SCHEMA " + join(names, ", ") + " CASCADE")),
          call(work, restore, dump)};
}

}  // namespace

std::string dump_before(AlternateWork& work) {
  if (!work.state.dump.empty()) remove_tree(work.state.dump);
  const fs::path file = work.directory / fmt::format("before-{}.dump", work.world.clock.unix_ms() / 1000);
  write_file_durably(file, "", 0600);  // pg_dump keeps what the file has
  {
    const auto snapshot = work.world.source.snapshot(work.state.database);
    Copying all = work.copying(work.world.source);
    all.snapshot = snapshot->id();
    check(work, run_watched(work, dump_to_keep(all, file)), "dump");
  }
  check(work, run_watched(work, read_archive(file)), "read the dump of");
  fsync_file(file);
  work.state.dump = file.native();
  work.state.way_back = way_back(work);
  work.save();
  work.reach("dumped");
  return fmt::format("{}, {}", printable(file.native(), 500), human_bytes(fs::file_size(file)));
}

void apply_one(AlternateWork& work, const Script& script) {
  work.state.under_way = script.sha256;
  work.state.boot = this_boot();
  work.state.cluster = cluster_of(work);
  work.save();
  try {
    run_in(work, script, work.state.database, work.state.applied.size());
  } catch (const Error&) {
    // What was rolled back leaves nothing.
    end_our_sessions(work.world.source, work.state.database, kScriptSession);
    if (script.one_transaction && is_committed(work, work.state.applied.size()) == std::optional(false)) {
      work.state.under_way.clear();
      work.save();
    }
    throw;
  }
  work.reach("ran");
  work.state.applied.push_back(script);
  work.state.under_way.clear();
  work.save();
  work.reach("applied");
}

// A transaction's number means something in its own cluster only: an upgrade, or a restore, may have put
// another in its place.
void settle(AlternateWork& work) {
  if (work.state.under_way.empty()) return;
  const bool is_same = work.state.cluster == cluster_of(work);
  const Script& script = work.asked.scripts.at(work.state.applied.size());
  const auto committed =
      script.one_transaction && is_same ? is_committed(work, work.state.applied.size()) : std::nullopt;
  if (!committed)
    throw Error(
        ErrorKind::refused, "E-APPLIED-PARTLY",
        fmt::format(
            "cannot continue: {} was cut off or failed in database {}, and it is not known how far it came",
            name_of(script), migrate::quoted(work.state.database)),
        "look at the database; go back by the dump, or rehearse what is still to be done");
  if (*committed) work.state.applied.push_back(script);
  work.state.under_way.clear();
  work.save();
}

}  // namespace pgupgrade::migrate
