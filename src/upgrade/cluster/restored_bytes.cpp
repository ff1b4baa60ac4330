#include "upgrade/cluster/restored_bytes.hpp"

#include <algorithm>

#include "pgupgrade/base/error.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr std::chrono::milliseconds kPause{2'000};

}  // namespace

RestoredBytes::RestoredBytes(StepContext& context, const TargetPlan& target,
                             std::vector<std::string> databases)
    : context_(context),
      target_(target),
      databases_(std::move(databases)),
      due_(context.world.clock.monotonic() + kPause) {
  for (const DatabaseFacts& database : target.inventory.databases)
    if (std::find(databases_.begin(), databases_.end(), database.name) != databases_.end())
      total_ += database.size_bytes;
}

std::optional<RestoredBytes::Amount> RestoredBytes::look() {
  if (context_.world.clock.monotonic() < due_) return amount_;
  try {
    ask();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    amount_.reset();
  }
  due_ = context_.world.clock.monotonic() + kPause;
  return amount_;
}

void RestoredBytes::ask() {
  // No session stays in a database that the restore may have to make anew.
  const auto server = find_work_server(context_.world, context_.plan(), target_, Side::fresh);
  if (!server) return amount_.reset();
  const std::int64_t done = server->size_of(databases_);
  amount_ = Amount{.done = done, .total = done <= total_ ? total_ : 0};
}

}  // namespace pgupgrade::upgrade
