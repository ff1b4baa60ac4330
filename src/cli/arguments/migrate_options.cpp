#include <fmt/format.h>

#include "cli/arguments/options.hpp"
#include "pgupgrade/postgres/endpoint.hpp"

namespace pgupgrade::cli {

void refuse_password(const std::string& text, const std::string& flag, const std::string& variable) {
  if (text.empty() || postgres::parse_endpoint(text, flag).password.empty()) return;
  throw Error(
      ErrorKind::usage, "E-CONNECTION",
      fmt::format("cannot use the connection string of {}: a password on the command line is readable for "
                  "everybody on this machine",
                  flag),
      fmt::format(
          "leave it out, and put it into ~/.pgpass, a file that passfile=FILE names, or PGPASSWORD; or "
          "put the whole string into the environment variable {}",
          variable));
}

void OptionTable::server(const std::string& flag, const std::string& variable, std::string& target,
                         const std::string& help) {
  CLI::Option* option = app_.add_option_function<std::string>(
      flag,
      [&target, flag, variable](const std::string& value) {
        refuse_password(value, flag, variable);
        target = value;
      },
      help);
  Entry& entry = remember(flag, option->type_name("URI"), help);
  takes(entry, "URI");
  entry.apply = [&target](const std::string& value) { target = value; };
}

void OptionTable::add_migration() {
  MigrateArguments& own = arguments_.migrate;
  group("Servers");
  server("--from", "PGUPGRADE_FROM", own.from,
         "the server to read: postgres://USER@HOST:PORT/DATABASE?sslmode=…, or key=value");
  server("--target", "PGUPGRADE_TARGET", own.target, "the server to copy to, likewise");
  group("What to copy");
  list("--database,-d", own.databases, "NAME", "the databases (default: the one that --from names)", ",");
  flag("--all", arguments_.all, "all databases of the source, but for templates");
  text("--into", own.into, "NAME", "the name at the target, of one database (default: the same)");
  group("How");
  text("--format", own.format, "FORM",
       "stream (default: no file between), or dump files: custom, directory, tar");
  entries_.back().description.values = {"stream", "custom", "directory", "tar"};
  group("What to copy");
  flag("--roles", own.roles, "create roles that the databases need and the target lacks");
  flag("--no-owner", own.no_owner, "leave owners and grants out: all belongs to the role that logs in");
  group("How");
  text("--image", arguments_.image, "REF",
       "run pg_dump and pg_restore in containers of this image, not those of this machine");
  number("--jobs", arguments_.jobs, "N", "parallel jobs (default: from the processors)", 1, 256,
         "it is a whole number from 1 to 256");
  text("--state-dir", arguments_.state_dir, "DIR",
       "where the run is kept, and its dump files (default: .pgupgrade in this directory)");
}

// A and B come from the environment where the command line does not have them.
void OptionTable::add_comparison() {
  MigrateArguments& own = arguments_.migrate;
  group("What to compare");
  list("--database,-d", own.databases, "NAME", "the databases (default: those that A and B name)", ",");
  flag("--all", arguments_.all, "all databases of A, but for templates");
  flag("--no-owner", own.no_owner, "leave owners and grants out");
  group("How");
  number("--jobs", arguments_.jobs, "N", "tables that are read side by side (default: from the processors)",
         1, 256, "it is a whole number from 1 to 256");
}

void OptionTable::add_alternate() {
  MigrateArguments& own = arguments_.migrate;
  group("Within one server");
  server("--from", "PGUPGRADE_FROM", own.from,
         "the database, in place of a service: postgres://USER@HOST:PORT/DATABASE?sslmode=…, or key=value");
  list("--schema", own.schemas, "NAME", "the schemas that are copied", ",");
  text("--into", own.into, "NAME",
       "the alternate database of the same server, where the schemas are copied to and the scripts of --run "
       "are "
       "tried; created where it is absent");
  flag("--apply", own.apply,
       "run scripts that have passed there on the database itself, after a dump of the schemas");
  flag("--drop", own.drop, "drop the copy; with --apply when all scripts were applied");
  flag("--no-owner", own.no_owner,
       "leave owners and grants out of the copy: all belongs to the role that logs in");
}

}  // namespace pgupgrade::cli
