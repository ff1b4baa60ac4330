#include "upgrade/sandbox/extension_reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/sql_text.hpp"
#include "pgupgrade/planning/member_changes.hpp"
#include "pgupgrade/postgres/members.hpp"
#include "upgrade/sandbox/work.hpp"

namespace pgupgrade::upgrade {
namespace {

// Arguments: the query for members, then for each set of extensions the statements that create it. One line a
// fact, and a last one that proves that nothing was cut. What cannot be created is missing in the answer.
constexpr const char* kScript = R"sh(
set -eu
server=$(readlink -f "$(command -v postgres)")
bin=${server%/*}
work=$(mktemp -d)
"$bin/initdb" --pgdata="$work/data" --username=postgres --auth=trust --no-sync --encoding=UTF8 --locale=C >"$work/log" 2>&1 ||
  { cat "$work/log" >&2; exit 4; }
"$bin/pg_ctl" --pgdata="$work/data" --log="$work/log" --wait --silent \
  --options="-c listen_addresses='' -c unix_socket_directories='$work' -c fsync=off" start ||
  { cat "$work/log" >&2; exit 5; }
ask() { "$bin/psql" --no-psqlrc --quiet --no-align --tuples-only --host="$work" --username=postgres "$@"; }
members=$1
shift
number=0
for extensions in "$@"; do
  database=set$number
  number=$((number + 1))
  ask --dbname=postgres --command="CREATE DATABASE $database TEMPLATE template0"
  printf 'set\t%s\n' "$database"
  # Some need others, which are created in the round before.
  for round in 1 2 3; do printf '%s' "$extensions" | ask --dbname=$database >/dev/null 2>"$work/errors" || true; done
  sed 's/^/problem\t/' "$work/errors"
  ask --dbname=$database --field-separator="$(printf '\t')" --command="SELECT 'extension', extname, extversion FROM pg_extension"
  PGOPTIONS='-c search_path=pg_catalog' ask --dbname=$database --command="$members" | sed 's/^/member\t/'
done
"$bin/pg_ctl" --pgdata="$work/data" --mode=immediate --silent stop
echo end
)sh";

std::vector<ExtensionFacts> compared(const DatabaseFacts& database) {
  std::vector<ExtensionFacts> result = database.extensions;
  std::erase_if(result, [](const ExtensionFacts& extension) { return extension.name == "plpgsql"; });
  return result;
}

std::string statements(const std::vector<ExtensionFacts>& extensions) {
  std::string sql;
  for (const ExtensionFacts& extension : extensions) {
    const std::string schema = sql_identifier(extension.schema);
    if (extension.schema != "pg_catalog") sql += fmt::format("CREATE SCHEMA IF NOT EXISTS {};\n", schema);
    sql += fmt::format("CREATE EXTENSION IF NOT EXISTS {} SCHEMA {} VERSION {};\n",
                       sql_identifier(extension.name), schema, sql_literal(extension.version));
  }
  return sql;
}

// What one set of extensions is like when it is new.
struct Reference {
  std::map<std::string, std::string> versions;  // of those that could be created
  std::vector<ExtensionMember> members;
  std::string problem;  // of those that could not
};

std::vector<Reference> read_references(const std::string& output) {
  std::vector<Reference> references;
  for (const std::string& line : split_lines(output)) {
    const auto tab = line.find('\t');
    if (tab == std::string::npos) continue;
    const std::string key = line.substr(0, tab);
    const std::string value = line.substr(tab + 1);
    if (key == "set") {
      references.emplace_back();
    } else if (!references.empty() && key == "extension") {
      const auto end = value.find('\t');
      if (end != std::string::npos) references.back().versions[value.substr(0, end)] = value.substr(end + 1);
    } else if (!references.empty() && key == "member") {
      references.back().members.push_back(postgres::member_of_json(value));
    } else if (!references.empty() && key == "problem" && references.back().problem.empty()) {
      references.back().problem = value;
    }
  }
  return references;
}

std::vector<Reference> make_references(World& world, const std::string& run, const std::string& service,
                                       const std::string& image, int version_num,
                                       const std::vector<std::string>& sets) {
  WorkSpec spec{.run = run,
                .service = service,
                .purpose = "extensions",
                .image = image,
                .argv = {"sh", "-c", kScript, "sh", postgres::members_sql(version_num)},
                .user = "postgres",
                .last_line = "end"};
  spec.argv.insert(spec.argv.end(), sets.begin(), sets.end());
  const WorkResult result = run_work_checked(world, spec, "E-IMAGE", "create extensions in a work container");
  return read_references(result.standard_output);
}

void compare_database(DatabaseFacts& database, const Reference& reference, postgres::SqlReader& live,
                      int version_num) {
  std::set<std::string> known;
  for (const ExtensionFacts& extension : compared(database)) {
    const auto created = reference.versions.find(extension.name);
    if (created != reference.versions.end() && created->second == extension.version) {
      known.insert(extension.name);
    } else {
      database.left_behind.unknown_extensions.push_back(
          fmt::format("{} {}: {}", extension.name, extension.version,
                      reference.problem.empty() ? "it could not be created" : reference.problem));
    }
  }
  std::vector<ExtensionMember> found = postgres::read_members(live, database.name, version_num);
  database.left_behind.members_digest = postgres::digest_of_members(found);
  std::vector<ExtensionMember> expected = reference.members;
  const auto unknown = [&](const ExtensionMember& member) { return !known.contains(member.extension); };
  std::erase_if(expected, unknown);
  std::erase_if(found, unknown);
  database.left_behind.members = planning::member_changes(expected, found);
}

}  // namespace

void compare_extensions(World& world, const std::string& run, const std::string& service,
                        const std::string& image, postgres::SqlReader& live, Inventory& inventory) {
  std::vector<std::string> sets;  // many databases have the same
  std::map<std::string, std::size_t> place;
  for (const DatabaseFacts& database : inventory.databases) {
    const std::string set = statements(compared(database));
    if (!database.allow_connections || set.empty() || !place.try_emplace(set, sets.size()).second) continue;
    sets.push_back(set);
  }
  if (sets.empty()) return;
  std::vector<Reference> references;
  std::string problem;
  try {
    references = make_references(world, run, service, image, inventory.version_num, sets);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::failed) throw;
    problem = error.what();
  }
  references.resize(sets.size(), Reference{.problem = problem});
  for (DatabaseFacts& database : inventory.databases) {
    const auto found = place.find(statements(compared(database)));
    if (!database.allow_connections || found == place.end()) continue;
    compare_database(database, references.at(found->second), live, inventory.version_num);
  }
}

}  // namespace pgupgrade::upgrade
