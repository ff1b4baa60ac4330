#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pgupgrade/migrate/plan.hpp"
#include "pgupgrade/migrate/programs.hpp"
#include "pgupgrade/postgres/endpoint.hpp"

// The command lines of PostgreSQL's programs between two servers. Files are paths of this machine, which a
// container sees under the same names.
namespace pgupgrade::migrate {

// What all commands about one database go by.
struct Copying {
  const Plan& plan;
  const DatabasePlan& database;
  const postgres::Endpoint& source;
  const postgres::Endpoint& target;
  std::string snapshot;  // of the source
};

// Definitions without rows, into a small archive.
Command dump_definitions(const Copying& copying, const std::string& file);
// Rows to standard output: of one table ("schema"."name"), or of all but those that travel apart.
Command dump_rows(const Copying& copying, const std::optional<std::string>& table);
// All of it, in the plan's form.
Command dump_whole(const Copying& copying, const std::string& path);

// The schemas, for anybody's pg_restore into the very database: under its own settings.
Command dump_to_keep(const Copying& copying, const std::string& path);

enum class Section { definitions, rows, rest };
// Rows from standard input.
Command restore_rows(const Copying& copying);
// A section of an archive; `list` is a file of entries that it keeps to, empty: all. Only the views that are
// computed, not exchanged, see what the database itself sets.
enum class Values { exchanged, computed };
Command restore_section(const Copying& copying, Section section, const std::string& archive,
                        const std::string& list, Values values = Values::exchanged);
Command list_archive(const std::string& archive);
Command analyze(const Copying& copying);
Command read_archive(const std::string& archive);  // whole, and throws it away

// How sessions of scripts are called at the server.
inline constexpr const char* kScriptSession = "pgupgrade script";
struct ScriptFiles {
  std::string script;
  std::string output;        // what its queries yield, which may be any amount
  std::string confirmation;  // empty, or where its one transaction writes its own number at its end:
                             // "transaction 4711"
};
// A script of the user's, to its first error.
Command run_script(const postgres::Endpoint& server, const std::string& database, const ScriptFiles& files);
inline constexpr const char* kTransaction = "transaction ";

}  // namespace pgupgrade::migrate
