#include "pgupgrade/migrate/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <thread>

#include "cli/arguments/options.hpp"
#include "cli/command/ask_password.hpp"
#include "cli/command/commands.hpp"
#include "cli/command/sides.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/view/events.hpp"
#include "pgupgrade/migrate/observe.hpp"

namespace pgupgrade::cli {
namespace {

constexpr int kFoundDifference = 6;
constexpr int kMostJobs = 8;

// Which database of A is compared with which of B.
struct Pair {
  std::string first;
  std::string second;
};

std::vector<Pair> pairs_of(const Session& session, postgres::RemoteServer& first,
                           postgres::RemoteServer& second) {
  const MigrateArguments& own = session.arguments.migrate;
  if (session.arguments.all && !own.databases.empty())
    throw usage_error("cannot use --all together with --database", "choose one of them");
  const bool by_connection = own.databases.empty() && !session.arguments.all;
  const migrate::ServerFacts facts = migrate::observe_server(second);
  std::vector<Pair> pairs;
  for (const std::string& name : migrate::choose_databases(
           own.databases, session.arguments.all, migrate::observe_server(first), first.connect_database())) {
    Pair pair{.first = name, .second = name};
    if (by_connection && names_a_database(session, postgres::parse_endpoint(own.target, "B")))
      pair.second = second.connect_database();
    migrate::choose_databases({pair.second}, false, facts, {});
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

void refuse_unreadable(postgres::RemoteServer& server, const std::string& database) {
  std::vector<std::string> found = migrate::unreadable(server, database);
  if (found.empty()) return;
  constexpr std::size_t kShown = 5;
  const std::size_t more = found.size() > kShown ? found.size() - kShown : 0;
  found.resize(found.size() - more);
  throw Error(ErrorKind::refused, "E-NO-READ",
              fmt::format("cannot read all of database \"{}\" of {} as role {}: {}{}", printable(database),
                          server.endpoint().name, printable(server.role()), printable(join(found, ", "), 800),
                          more == 0 ? "" : fmt::format(" and {} more", more)),
              "log in as the owner, or have it grant USAGE and SELECT");
}

std::string bootstrap(postgres::RemoteServer& server) {
  return migrate::observe_server(server).bootstrap;
}

// "shop: identical (24 tables, 1,200 rows)", or what differs, a line each.
std::vector<std::string> lines_of(const Pair& pair, const migrate::Compared& compared) {
  const std::string name = pair.first == pair.second
                               ? printable(pair.first)
                               : fmt::format("{} and {}", printable(pair.first), printable(pair.second));
  if (compared.differences.empty())
    return {fmt::format("{}: identical ({}, {}, {})", name,
                        plural(static_cast<std::uint64_t>(compared.tables), "table"),
                        plural(static_cast<std::uint64_t>(compared.rows), "row"),
                        plural(static_cast<std::uint64_t>(compared.sequences), "sequence"))};
  std::vector<std::string> lines;
  for (const std::string& difference : compared.differences) lines.push_back(name + " differ: " + difference);
  return lines;
}

}  // namespace

int compare_command(Session& session) {
  const MigrateArguments& own = session.arguments.migrate;
  const auto connector = postgres::make_remote_connector(session.cancellation, asks_on_terminal(session));
  const auto first = connector->connect(endpoint_of(session, own.from, "A", "A"));
  const auto second = connector->connect(endpoint_of(session, own.target, "B", "B"));
  const bool superusers = first->is_superuser() && second->is_superuser();
  const int processors = static_cast<int>(std::thread::hardware_concurrency());
  const migrate::Coverage coverage{.owners = !own.no_owner,
                                   .owner_of_public = bootstrap(*first) == bootstrap(*second),
                                   .user_mappings = superusers};
  std::vector<std::string> lines;
  bool equal = true;
  for (const Pair& pair : pairs_of(session, *first, *second)) {
    refuse_unreadable(*first, pair.first);
    refuse_unreadable(*second, pair.second);
    const migrate::Compared compared = migrate::compare(
        {.source = *first,
         .target = *second,
         .database = pair.first,
         .into = pair.second,
         .coverage = coverage,
         .snapshot = {},
         .sequences_before = {},
         .jobs = session.arguments.jobs > 0 ? session.arguments.jobs : std::clamp(processors, 1, kMostJobs)},
        [&](std::int64_t) { session.cancellation.throw_if_requested(); });
    equal = equal && compared.differences.empty();
    for (std::string& line : lines_of(pair, compared)) lines.push_back(std::move(line));
  }
  const int code = equal ? 0 : kFoundDifference;
  tell(session, join(lines, "\n") + "\n",
       [&](std::int64_t now) { return plain_summary(equal ? "identical" : "different", lines, code, now); });
  return code;
}

}  // namespace pgupgrade::cli
