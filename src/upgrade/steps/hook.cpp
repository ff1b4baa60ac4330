#include <fmt/format.h>

#include <chrono>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/process.hpp"
#include "pgupgrade/base/text.hpp"
#include "upgrade/run/context.hpp"
#include "upgrade/sandbox/work.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr const char* kEnded = "ended";
// A backup of the user's own may take long; a hook that hangs is ended by Ctrl-C.
constexpr std::chrono::hours kPatience{24 * 7};

// A command of the user's at a moment of the run. It is run again until it has ended with 0 once. What it did
// is the user's to take back.
class HookStep final : public Step {
 public:
  HookStep(std::string name, std::string command) : name_(std::move(name)), command_(std::move(command)) {}

  std::string_view name() const override { return name_; }
  std::string describe(const Plan&) const override { return command_; }
  bool opens_window() const override { return true; }

  void apply(StepContext& context) override {
    const ProcessResult result = run(context);
    for (const std::string* output : {&result.standard_output, &result.standard_error})
      for (const std::string& line : split_lines(*output)) tell(context, line);
    if (!result.succeeded()) fail(result);
    context.journal.record_data(context.step, kEnded, "yes");
  }

  bool holds(StepContext& context) override { return context.journal.datum(context.step, kEnded) == "yes"; }

 private:
  ProcessResult run(const StepContext& context) const {
    const Plan& plan = context.plan();
    std::vector<std::string> services;
    std::vector<std::string> from;
    for (const TargetPlan* target : context.targets()) {
      services.push_back(target->service);
      from.push_back(std::to_string(target->old_major));
    }
    ProcessOptions options{
        .working_directory = plan.project_directory,
        .extra_environment = {{"PGUPGRADE_RUN", plan.run_id},
                              {"PGUPGRADE_PROJECT", plan.project},
                              {"PGUPGRADE_SERVICES", join(services, ",")},
                              {"PGUPGRADE_FROM", join(from, ",")},
                              {"PGUPGRADE_TO", std::to_string(plan.targets.front().new_major)},
                              {"PGUPGRADE_STATE", context.journal.files().state().string()}},
        .timeout = kPatience,
        .cancellation = &context.world.cancellation};
    return run_process({"sh", "-c", command_}, options);
  }

  void tell(const StepContext& context, const std::string& line) const {
    context.listener.message({.severity = Severity::note,
                              .code = "N-HOOK",
                              .message = fmt::format("{}: {}", name_, printable(line, 2000)),
                              .hint = {}});
  }

  [[noreturn]] void fail(const ProcessResult& result) const {
    const std::string end = result.signal_number != 0
                                ? fmt::format("was ended by signal {}", result.signal_number)
                                : fmt::format("failed with exit code {}", result.exit_code);
    const std::string& output =
        trim(result.standard_error).empty() ? result.standard_output : result.standard_error;
    const std::string words = last_words(output);
    throw Error(
        ErrorKind::failed, "E-HOOK",
        fmt::format("the command of --{} {}{}{}", name_, end, words.empty() ? "" : "; last lines: ", words),
        "fix the cause, then run `pgupgrade resume`: it runs the command again");
  }

  std::string name_;
  std::string command_;
};

}  // namespace

std::unique_ptr<Step> make_hook_step(std::string name, std::string command) {
  return std::make_unique<HookStep>(std::move(name), std::move(command));
}

}  // namespace pgupgrade::upgrade
