#include <fmt/format.h>

#include <algorithm>

#include "cli/command/commands.hpp"
#include "cli/command/diagnostics.hpp"
#include "cli/command/upgrade_parts.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/arguments/confirm.hpp"
#include "pgupgrade/cli/arguments/locate.hpp"
#include "pgupgrade/upgrade/command/saved_plan.hpp"
#include "pgupgrade/upgrade/data/held_locks.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"

namespace pgupgrade::cli {

namespace {

constexpr std::size_t kMostClauses = 12;

void refuse_drift(const std::string& file, std::vector<std::string> drift) {
  if (drift.empty()) return;
  if (drift.size() > kMostClauses) {
    const std::size_t more = drift.size() - kMostClauses;
    drift.resize(kMostClauses);
    drift.push_back(fmt::format("and {} more", more));
  }
  throw Error(ErrorKind::refused, "E-PLAN-DRIFT",
              fmt::format("cannot apply {}: {}", printable(file, 500), join(drift, "\n")),
              "nothing was started; review a new plan: pgupgrade plan --out FILE");
}

// What planning says today and did not say when the plan was made.
void tell_news(Session& session, const Diagnostics& then, const Diagnostics& now) {
  Diagnostics news;
  for (const Diagnostic& diagnostic : now)
    if (std::find(then.begin(), then.end(), diagnostic) == then.end()) news.push_back(diagnostic);
  tell_diagnostics(session, news);
}

}  // namespace

int apply_command(Session& session) {
  const std::string& name = session.arguments.file;
  const SavedPlan saved = upgrade::load_plan(session.directory / name);
  // What the plan has chosen is chosen: a database that has grown since is no reason for another way.
  Request request = saved.request;
  request.strategy = saved.plan.strategy;
  upgrade::refuse_applied(saved, name);
  check_files_of(request);
  upgrade::refuse_held_state_root(request.state_root, session.clock);
  refuse_unfinished_run(session, request);
  const auto connection = session.connect();
  upgrade::give_up_rehearsals(request.state_root, connection->world());
  const LookedAt now = look_and_plan(session, *connection, request, saved.plan.run_id);
  session.cancellation.throw_if_requested();
  if (!now.planned.ok && !now.planned.nothing_to_do) return refuse(session, now.planned.diagnostics);
  refuse_drift(name,
               upgrade::plan_drift(
                   saved, {.request = request, .plan = now.planned.plan, .new_images = now.new_images}));
  const Plan& plan = saved.plan;
  tell_plan(session, plan);
  tell_news(session, plan.diagnostics, now.planned.diagnostics);
  if (session.arguments.dry_run) return finish_dry_run(session, {"The plan still fits."});
  const Phrase phrase = confirmation_phrase(plan);
  require_consent(session, phrase.noun, phrase.text);
  session.state_file = request.state_root / plan.run_id / "state.json";
  return go(session, *connection, plan.project, [&](upgrade::Listener& listener) {
    return upgrade::start_upgrade(plan, connection->world(), listener);
  });
}

}  // namespace pgupgrade::cli
