#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "cli/command/commands.hpp"
#include "pgupgrade/cli/arguments/age.hpp"
#include "pgupgrade/cli/arguments/locate.hpp"
#include "pgupgrade/cli/text/render_report.hpp"
#include "pgupgrade/cli/view/events.hpp"
#include "pgupgrade/upgrade/command/commands.hpp"
#include "pgupgrade/upgrade/data/held_locks.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"

namespace pgupgrade::cli {

int status_command(Session& session) {
  try {
    session.state_file = find_state_file(session.arguments, session.environment, session.directory);
  } catch (const Error& error) {
    if (!error.is("E-NO-RUN")) throw;
    tell(session, "No run has been started here.\n",
         [](std::int64_t now) { return plain_summary("no_run", {}, 0, now); });
    return 0;
  }
  if (is_migration(session.state_file)) return show_migration(session);
  if (is_alternate(session.state_file)) return show_alternate(session);
  const upgrade::Journal journal = upgrade::Journal::open_file(session.state_file);
  RunStatus status{.state = journal.state(),
                   .state_file = session.state_file.native(),
                   .data = upgrade::data_state(journal.state()),
                   .next = upgrade::next_commands(journal.state(), session.state_file),
                   .preparation = {},
                   .leftovers = {},
                   .engine_problem = {}};
  try {
    const auto connection = session.connect();
    status.leftovers = upgrade::leftovers(journal.state().plan.run_id, connection->world());
    status.preparation = upgrade::preparation(journal.state(), connection->world());
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    status.engine_problem = error.what();
  }
  tell(session,
       render_status(status, session.directory.native(), session.out_style) + alternates_beside(session),
       [&](std::int64_t now) { return status_summary(status, now); });
  return 0;
}

namespace {

void add_report(upgrade::CleanupReport& sum, const upgrade::CleanupReport& one) {
  sum.removed.insert(sum.removed.end(), one.removed.begin(), one.removed.end());
  sum.kept.insert(sum.kept.end(), one.kept.begin(), one.kept.end());
  sum.freed_bytes += one.freed_bytes;
}

// What all of these runs have left, in one question.
int clean_up_runs(Session& session, const std::vector<std::filesystem::path>& runs) {
  const auto connection = session.connect();
  upgrade::CleanupReport planned;
  for (const std::filesystem::path& run : runs)
    add_report(planned, upgrade::plan_cleanup(run, connection->world()));
  if (planned.removed.empty()) {
    tell(session, render_cleanup(planned, false, session.out_style),
         [](std::int64_t now) { return plain_summary("nothing_to_do", {}, 0, now); });
    return 0;
  }
  if (!session.json()) session.out << render_cleanup(planned, false, session.out_style) << std::flush;
  require_consent(session, "word", "yes");
  upgrade::CleanupReport done;
  for (const std::filesystem::path& run : runs) {
    session.state_file = run;  // an error tells of this one
    add_report(done, upgrade::clean_up(run, connection->world()));
  }
  tell(session, render_cleanup(done, true, session.out_style),
       [&](std::int64_t now) { return plain_summary("cleaned", done.removed, 0, now); });
  return 0;
}

}  // namespace

int cleanup_command(Session& session) {
  if (!session.arguments.older_than.empty()) {
    if (!session.arguments.state.empty())
      throw Error(ErrorKind::usage, "E-USAGE",
                  "--state names one run, --older-than all that ended so long ago", "leave one of them out");
    const std::int64_t before = session.clock.unix_ms() - age_ms(session.arguments.older_than);
    return clean_up_runs(session,
                         find_ended_runs(session.arguments, session.environment, session.directory, before));
  }
  session.state_file = find_state_file(session.arguments, session.environment, session.directory);
  if (is_migration(session.state_file)) return clean_up_migration(session);
  if (is_alternate(session.state_file)) return clean_up_alternate(session);
  return clean_up_runs(session, {session.state_file});
}

int unlock_command(Session& session) {
  const bool one_run = !session.arguments.state.empty();
  if (one_run)
    session.state_file = find_state_file(session.arguments, session.environment, session.directory);
  refuse_alternate(session, "unlock");
  const auto connection = session.connect();
  auto locks = upgrade::find_locks(connection->world());
  if (one_run) {
    const std::string run = upgrade::Journal::open_file(session.state_file).state().plan.run_id;
    std::erase_if(locks, [&](const upgrade::HeldLock& lock) { return lock.run_id != run; });
  }
  if (locks.empty()) {
    tell(session, "No locks are held.\n",
         [](std::int64_t now) { return plain_summary("nothing_to_do", {}, 0, now); });
    return 0;
  }
  if (!session.json()) session.out << render_locks(locks, session.out_style) << std::flush;
  require_consent(session, "word", "yes");
  std::vector<std::string> released;
  for (const auto& lock : locks) {
    upgrade::release_lock(lock, connection->world());
    released.push_back(lock.data);
    if (!session.json()) session.out << fmt::format("Released {}.\n", lock.data) << std::flush;
  }
  if (session.json())
    session.out << plain_summary("unlocked", released, 0, session.clock.unix_ms()) << std::endl;
  return 0;
}

}  // namespace pgupgrade::cli
