#include "upgrade/clients/live_rows.hpp"

#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "upgrade/clients/logins.hpp"
#include "upgrade/sandbox/service_container.hpp"

namespace pgupgrade::upgrade {

void LiveRows::hold(StepContext& context, const TargetPlan& target) {
  const auto container = find_service_container(context.world, context.plan(), target.service);
  const auto login = container ? superuser_login(context, target, container->id) : std::nullopt;
  if (!login)
    throw Error(
        ErrorKind::failed, "E-ROWS",
        fmt::format("could not hold the rows of service \"{}\" for their comparison: its superuser, whose "
                    "password let it into the old server, does not get into the new one",
                    target.service),
        "pgupgrade resume tries again; pgupgrade rollback brings the old cluster back");
  std::vector<std::string> databases;
  for (const DatabaseFacts& database : target.inventory.databases)
    if (database.allow_connections) databases.push_back(database.name);
  auto held = context.world.connector.hold_rows(*login, databases);
  const std::lock_guard lock(mutex_);
  held_[target.service] = std::move(held);
}

bool LiveRows::holds(const TargetPlan& target) const {
  const std::lock_guard lock(mutex_);
  return held_.contains(target.service);
}

postgres::ReadRows LiveRows::read(StepContext& context, const TargetPlan& target,
                                  const std::string& row_hash) {
  std::unique_ptr<postgres::HeldRows> held;
  {
    const std::lock_guard lock(mutex_);
    held = std::move(held_.extract(target.service).mapped());
  }
  std::int64_t done = 0;
  return held->read(row_hash, context.plan().jobs, [&](const std::string& database, const std::string&) {
    context.progress("new rows of " + database, ++done, 0, Progress::Unit::items);
  });
}

}  // namespace pgupgrade::upgrade
