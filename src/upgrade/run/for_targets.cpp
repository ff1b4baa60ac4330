#include "upgrade/run/for_targets.hpp"

#include <fmt/format.h>

#include <mutex>
#include <set>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/side_by_side.hpp"
#include "pgupgrade/postgres/without_passwords.hpp"

namespace pgupgrade::upgrade {
namespace {

// Not what stops all of them: an interruption, an engine that is gone, a fault of this program.
bool is_of_target(const Error& error) {
  return error.kind() == ErrorKind::failed || error.kind() == ErrorKind::refused ||
         error.kind() == ErrorKind::difference;
}

// What several threads tell, one after the other.
class Funnel {
 public:
  explicit Funnel(Listener& listener) : listener_(listener) {}

  void begin(std::size_t index) {
    const std::lock_guard lock(mutex_);
    under_way_.insert(index);
  }
  void end(std::size_t index) {
    const std::lock_guard lock(mutex_);
    under_way_.erase(index);
  }
  void message(const Diagnostic& diagnostic) {
    const std::lock_guard lock(mutex_);
    listener_.message(diagnostic);
  }
  // Of the first target alone: a bar that jumps from one to the other says nothing.
  void progress(std::size_t index, const Progress& progress) {
    const std::lock_guard lock(mutex_);
    if (!under_way_.empty() && *under_way_.begin() == index) listener_.progress(progress);
  }

 private:
  Listener& listener_;
  std::mutex mutex_;
  std::set<std::size_t> under_way_;
};

// What one target tells while it is worked on.
class OwnListener final : public Listener {
 public:
  OwnListener(Funnel& funnel, std::size_t index) : funnel_(funnel), index_(index) { funnel_.begin(index_); }
  ~OwnListener() override { funnel_.end(index_); }
  OwnListener(const OwnListener&) = delete;
  OwnListener& operator=(const OwnListener&) = delete;

  void step(const StepEvent&) override {}  // which is the runner's to tell
  void progress(const Progress& progress) override { funnel_.progress(index_, progress); }
  void message(const Diagnostic& diagnostic) override { funnel_.message(diagnostic); }

 private:
  Funnel& funnel_;
  std::size_t index_;
};

}  // namespace

bool done_for(StepContext& context, const TargetPlan& target, const std::function<void()>& action) {
  // Once clients write, going back loses what they wrote: that is for the user to say.
  if (!context.plan().keep_going || context.journal.begun(Point::releases_clients)) {
    action();
    return true;
  }
  try {
    action();
    return true;
  } catch (const Error& error) {
    const std::string failure =
        fmt::format("{}: {}", error.code(), postgres::without_passwords(error.what()));
    if (!is_of_target(error)) throw;
    context.reach("one-failed");
    if (!can_go_back_alone(context, target) || !context.journal.give_up(target.service, failure)) throw;
    context.warn("W-GIVEN-UP",
                 fmt::format("service {} is given up and goes back: {}", target.service, failure));
    context.reach("one-given-up");
    return false;
  }
}

void for_targets(StepContext& context,
                 const std::function<void(StepContext& own, const TargetPlan& target)>& action) {
  const auto targets = context.targets();
  Funnel funnel(context.listener);
  side_by_side(targets.size(), context.at_once(), [&](std::size_t index) {
    OwnListener listener(funnel, index);
    StepContext own{
        .journal = context.journal, .world = context.world, .listener = listener, .step = context.step};
    own.world.cancellation.throw_if_requested();
    done_for(own, *targets[index], [&] { action(own, *targets[index]); });
  });
}

}  // namespace pgupgrade::upgrade
