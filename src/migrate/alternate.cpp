// A rehearsal within one server, and the application of what has passed: the order of their parts.
#include "pgupgrade/migrate/alternate.hpp"

#include <fmt/format.h>

#include "migrate/alternate_work.hpp"
#include "migrate/checks.hpp"
#include "migrate/context.hpp"
#include "pgupgrade/base/error.hpp"

namespace pgupgrade::migrate {

Copying AlternateWork::copying(const postgres::RemoteServer& server) const {
  return {.plan = asked.plan,
          .database = asked.plan.databases.front(),
          .source = world.source.endpoint(),
          .target = server.endpoint(),
          .snapshot = {}};
}

namespace {

constexpr const char* kLockKey = "7166112010119825440";  // the same for every run, in every database

class Run {
 public:
  Run(const AlternatePlan& plan, World& world, upgrade::Listener& listener)
      : lock_(lock_run(directory_of(plan.plan))),
        work_{.asked = plan,
              .world = world,
              .listener = listener,
              .directory = directory_of(plan.plan),
              .state =
                  load_alternate(plan.plan.state_root, plan.server, plan.state.database, plan.state.into)} {
    // Kept by the session until it ends, however it does.
    const std::string& database = work_.state.database;
    const auto free =
        world.source.query(database, fmt::format("SELECT pg_try_advisory_lock({})::text", kLockKey));
    if (free.at(0) != "true")
      throw Error(ErrorKind::locked, "E-LOCKED",
                  fmt::format("cannot work on database {}: another run rehearses or applies scripts",
                              migrate::quoted(database)),
                  "wait for it to finish");
    for (const std::string& one : {database, work_.state.into})
      end_our_sessions(world.source, one, kScriptSession);
  }

  AlternateState rehearse() {
    AlternateState& state = work_.state;
    forget_earlier();
    step(fmt::format("copy {} into {}", printable(state.database), printable(state.into)),
         [&] { return copy_schemas(work_); });
    for (const Script& script : work_.asked.scripts) {
      step("run " + name_of(script), [&] {
        run_in(work_, script, state.into, state.passed.size());
        return std::string();
      });
      state.passed.push_back(script);
      state.tried_ms = work_.world.clock.unix_ms();
      work_.save();
    }
    return state;
  }

  AlternateState apply() {
    AlternateState& state = work_.state;
    const std::vector<Script>& scripts = work_.asked.scripts;
    require_passed(state, work_.asked.state.schemas, scripts);
    if (state.applied_ms != 0) return state;
    settle(work_);
    if (state.applied.empty()) step("dump", [&] { return dump_before(work_); });
    number_ = static_cast<int>(state.applied.size()) + 1;
    for (std::size_t i = state.applied.size(); i < scripts.size(); ++i)
      step("apply " + name_of(scripts[i]), [&] {
        apply_one(work_, scripts[i]);
        return std::string();
      });
    state.applied_ms = work_.world.clock.unix_ms();
    work_.save();
    return state;
  }

 private:
  void forget_earlier() {
    AlternateState& state = work_.state;
    state = {.id = state.id,
             .database = state.database,
             .into = state.into,
             .schemas = work_.asked.state.schemas,
             .creating = state.creating,
             .tried_ms = state.tried_ms,
             .boot = state.boot};
    work_.save();
  }

  void step(const std::string& name, const std::function<std::string()>& work) {
    work_.world.cancellation.throw_if_requested();
    const int total = static_cast<int>(work_.asked.scripts.size()) + 1;
    upgrade::StepEvent event{.number = ++number_, .total = total, .step = name};
    work_.listener.step(event);
    const auto begun = work_.world.clock.monotonic();
    const auto end = [&](upgrade::StepEventKind kind) {
      event.kind = kind;
      event.duration_ms = (work_.world.clock.monotonic() - begun).count();
      work_.listener.step(event);
    };
    try {
      event.detail = work();
    } catch (const std::exception&) {
      end(upgrade::StepEventKind::failed);
      throw;
    }
    end(upgrade::StepEventKind::done);
  }

  FileLock lock_;
  AlternateWork work_;
  int number_ = 0;
};

}  // namespace

AlternateState rehearse_scripts(const AlternatePlan& plan, World& world, upgrade::Listener& listener) {
  return Run(plan, world, listener).rehearse();
}

AlternateState apply_scripts(const AlternatePlan& plan, World& world, upgrade::Listener& listener) {
  return Run(plan, world, listener).apply();
}

}  // namespace pgupgrade::migrate
