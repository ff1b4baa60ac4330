#include <fmt/format.h>

#include <filesystem>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/commands.hpp"
#include "pgupgrade/postgres/user_script.hpp"
#include "upgrade/cluster/dump_files.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/sandbox/client_work.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr const char* kRan = "ran";
constexpr const char* kScript = "script.sql";

// Scripts of the user's, on the new cluster, each in a transaction unless it says otherwise. The first error
// ends it.
class RunScriptsStep final : public TargetStep {
 public:
  std::string_view name() const override { return "run-scripts"; }

  std::string describe(const Plan& plan) const override { return join(plan.rehearsal.scripts, ", "); }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    WorkServer server(context, target, Side::fresh);
    server.start({});
    context.reach("server-started");
    std::int64_t done = 0;
    const auto& scripts = context.plan().rehearsal.scripts;
    for (const std::string& script : scripts) {
      context.progress(script, done++, static_cast<std::int64_t>(scripts.size()), Progress::Unit::items);
      server.used_by([&] { run(context, target, server, script); });
      context.reach("one-ran");
    }
    server.stop();
    context.record(target, kRan, "yes");
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    return context.recorded(target, kRan);
  }

  std::string detail_of(StepContext& context, const TargetPlan&) override {
    return plural(context.plan().rehearsal.scripts.size(), "script");
  }

 private:
  static void run(StepContext& context, const TargetPlan& target, const WorkServer& server,
                  const std::string& script) {
    const std::string& database = context.plan().rehearsal.database;
    const std::string content = read_file(script);
    write_dump_files(context, target, {{kScript, content}});
    auto argv = postgres::run_sql_file(
        {.socket = server.socket_in_container(), .superuser = target.inventory.superuser}, database,
        std::string(kDumpMount) + "/" + kScript);
    const bool own = postgres::sees_to_transactions(content);
    if (!own) argv.insert(argv.begin() + 1, "--single-transaction");
    WorkSpec spec = server.client("script", std::move(argv), WorkServer::Values::computed);
    spec.environment["PGCLIENTENCODING"] = "UTF8";
    const std::string name = std::filesystem::path(script).filename().string();
    try {
      run_client(context.world, spec,
                 {.code = "E-SCRIPT",
                  .verb = "run",
                  .whole = fmt::format("script {}", printable(name)),
                  .database = database,
                  .script = content});
    } catch (Error& error) {
      if (!error.is("E-SCRIPT")) throw;
      error.add_context(fmt::format("running {} on the new cluster", printable(script, 500)));
      const bool blocked =
          std::string(error.what()).find("cannot run inside a transaction block") != std::string::npos;
      if (blocked)
        error.set_hint(fmt::format("put the line \"{}\" at its beginning", postgres::kNoTransaction));
      throw;
    }
  }
};

}  // namespace

std::unique_ptr<Step> make_run_scripts_step() {
  return std::make_unique<RunScriptsStep>();
}

}  // namespace pgupgrade::upgrade
