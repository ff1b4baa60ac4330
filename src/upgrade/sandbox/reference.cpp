#include "upgrade/sandbox/reference.hpp"

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

// Arguments: the query for built-in objects, perhaps empty, the query for members, then for each set of
// extensions the statements that create it. One line a fact, and a last one that proves that nothing was cut.
// What cannot be created is missing in the answer.
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
# Files: a pipe would hide that psql failed.
if [ -n "$1" ]; then
  PGOPTIONS='-c search_path=pg_catalog' ask --dbname=postgres --command="$1" >"$work/built-ins"
  sed 's/^/built-in\t/' "$work/built-ins"
fi
members=$2
shift 2
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

using Members = std::vector<ExtensionMember>;

// The arguments of the script.
struct Asked {
  std::string built_ins = {};
  std::string members = {};
  std::vector<std::string> sets = {};
};

// What one set of extensions is like when it is new.
struct Reference {
  std::map<std::string, std::string> versions;  // of those that could be created
  Members members;
  std::string problem;  // of those that could not
};

// What the image makes.
struct Made {
  std::vector<Reference> sets;
  Members built_ins;
};

Made read_references(const std::string& output) {
  Made made;
  std::vector<Reference>& references = made.sets;
  for (const std::string& line : split_lines(output)) {
    const auto tab = line.find('\t');
    if (tab == std::string::npos) continue;
    const std::string key = line.substr(0, tab);
    const std::string value = line.substr(tab + 1);
    if (key == "built-in") {
      made.built_ins.push_back(postgres::member_of_json(value));
    } else if (key == "set") {
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
  return made;
}

Made make_references(World& world, const std::string& run, const std::string& service,
                     const std::string& image, const Asked& asked) {
  WorkSpec spec{.run = run,
                .service = service,
                .purpose = "extensions",
                .image = image,
                .argv = {"sh", "-c", kScript, "sh", asked.built_ins, asked.members},
                .user = "postgres",
                .last_line = "end"};
  spec.argv.insert(spec.argv.end(), asked.sets.begin(), asked.sets.end());
  const WorkResult result =
      run_work_checked(world, spec, "E-IMAGE", "make a cluster to compare with in a work container");
  return read_references(result.standard_output);
}

bool is_of_initdb(const ExtensionMember& member) {
  return member.extension.empty();
}

// Leaves the extensions that are not as new in the reference out of both.
void forget_unknown(DatabaseFacts& database, const Reference& reference, Members& expected, Members& found) {
  std::set<std::string> known = {""};
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
  const auto unknown = [&](const ExtensionMember& member) { return !known.contains(member.extension); };
  std::erase_if(expected, unknown);
  std::erase_if(found, unknown);
}

void compare_database(DatabaseFacts& database, const Reference& reference, const Members& built_ins,
                      Members found, postgres::SqlReader& live, int version_num) {
  LeftBehind& left = database.left_behind;
  Members expected = reference.members;
  forget_unknown(database, reference, expected, found);
  std::set<std::string> touched;
  for (const ExtensionMember& member : found)
    if (is_of_initdb(member)) touched.insert(postgres::name_of(member));
  for (const ExtensionMember& member : built_ins)
    if (touched.contains(postgres::name_of(member))) expected.push_back(member);
  left.members = planning::member_changes(expected, found);
  std::vector<std::string> removed;
  for (const MemberChange& change : left.members)
    if (change.kind == MemberChangeKind::removed)
      removed.push_back(postgres::name_of({.type = change.type, .identity = change.identity}));
  if (removed.empty()) return;
  planning::carry_removed(left.members, expected,
                          postgres::read_others(live, database.name, version_num, removed));
}

}  // namespace

void compare_with_reference(World& world, const std::string& run, const std::string& service,
                            const std::string& image, postgres::SqlReader& live, Inventory& inventory) {
  Asked asked{.members = postgres::members_sql(inventory.version_num)};
  std::map<std::string, std::size_t> place;  // many databases have the same set
  std::map<std::string, Members> found;
  std::set<std::string> touched;
  for (DatabaseFacts& database : inventory.databases) {
    if (!database.allow_connections) continue;
    const std::string set = statements(compared(database));
    if (!set.empty() && place.try_emplace(set, asked.sets.size()).second) asked.sets.push_back(set);
    Members& members = found[database.name];
    members = postgres::read_members(live, database.name, inventory.version_num);
    database.left_behind.members_digest = postgres::digest_of_members(members);
    database.left_behind.built_ins_digest = postgres::digest_of_built_ins(members);
    for (const ExtensionMember& member : members)
      if (is_of_initdb(member)) touched.insert(postgres::name_of(member));
  }
  if (!touched.empty())
    asked.built_ins = postgres::built_ins_sql(inventory.version_num, {touched.begin(), touched.end()});
  if (asked.sets.empty() && touched.empty()) return;
  Made made;
  std::string problem;
  try {
    made = make_references(world, run, service, image, asked);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::failed) throw;
    problem = error.what();
  }
  made.sets.resize(asked.sets.size(), Reference{.problem = problem});
  for (DatabaseFacts& database : inventory.databases) {
    if (!database.allow_connections) continue;
    Members& members = found[database.name];
    if (!problem.empty() && std::erase_if(members, is_of_initdb) > 0)
      database.left_behind.problems.push_back("could not look for changes to built-in objects: " + problem);
    const auto set = place.find(statements(compared(database)));
    compare_database(database, set == place.end() ? Reference() : made.sets.at(set->second), made.built_ins,
                     members, live, inventory.version_num);
  }
}

}  // namespace pgupgrade::upgrade
