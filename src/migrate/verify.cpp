#include <fmt/format.h>

#include "migrate/context.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/migrate/compare.hpp"

namespace pgupgrade::migrate {
namespace {

// What this plan carries over.
Coverage coverage_of(const Plan& plan, const DatabasePlan& database) {
  return {.owners = plan.ownership == Ownership::keep,
          .owner_of_public = plan.keeps_owner_of_public(),
          .user_mappings = plan.source.superuser && plan.target.superuser,
          .superusers_objects = plan.target.superuser,
          .extension_comments = plan.target.superuser || database.create,
          .tablespaces = plan.tablespaces,
          .schemas = database.schemas};
}

}  // namespace

void verify(const Context& context, postgres::Snapshot& snapshot,
            const std::map<std::string, std::string>& sequences_before) {
  constexpr std::int64_t kPingTicks = 60;
  const DatabasePlan& database = context.database();
  std::int64_t ticks = 0;
  const Compared compared = compare({.source = context.world.source,
                                     .target = context.world.target,
                                     .database = database.name,
                                     .into = database.into,
                                     .coverage = coverage_of(context.plan(), database),
                                     .snapshot = snapshot.id(),
                                     .sequences_before = sequences_before,
                                     .jobs = context.plan().jobs},
                                    [&](std::int64_t tables) {
                                      if (++ticks % kPingTicks == 0) snapshot.keep_alive();
                                      context.listener.progress({.step = "verify",
                                                                 .what = context.subject(),
                                                                 .done = tables,
                                                                 .total = 2 * database.tables,
                                                                 .unit = upgrade::Progress::Unit::items});
                                    });
  if (!compared.differences.empty())
    throw Error(ErrorKind::difference, "E-DIFFERENCE",
                fmt::format("the copy of {} differs from the source: {}", context.subject(),
                            join(compared.differences, "; ")),
                "report this; the source is as it was");
  DatabaseState& record = context.record();
  record.tables = compared.tables;
  record.rows = compared.rows;
  record.sequences = compared.sequences;
}

}  // namespace pgupgrade::migrate
