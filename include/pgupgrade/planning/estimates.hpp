#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pgupgrade/model/facts.hpp"
#include "pgupgrade/model/plan.hpp"

namespace pgupgrade::planning {

// Bytes that a run needs at most, from the size of the cluster. The ratios are worst cases of measurements
// (see the .cpp), not averages: an upgrade that runs out of space costs more than a refusal.
std::int64_t backup_bytes(std::int64_t data_bytes);
std::int64_t dump_bytes(std::int64_t data_bytes);
std::int64_t restore_extra_bytes(std::int64_t data_bytes);  // beyond the old cluster's own space
std::int64_t copy_bytes(std::int64_t data_bytes);           // of strategy warm, beside the data

// Of strategy dump the part that a rehearsal does not go through: the backup, and containers that stop and
// start.
std::int64_t unrehearsed_ms(std::int64_t data_bytes);

// Of strategy dump, and of strategy warm, where indexes have to be rebuilt when the C libraries differ.
std::int64_t downtime_ms(std::int64_t data_bytes, int tables, int jobs);
// Of strategy dump without the backup and its proof; `copied_bytes` of the data are copied before the dump.
std::int64_t aside_downtime_ms(std::int64_t data_bytes, std::int64_t copied_bytes, int tables, int jobs);
std::int64_t warm_downtime_ms(std::int64_t data_bytes, int tables, int jobs, bool libc_changes);

// What of it the targets tell: bytes, tables, and what of the data is copied to be dumped.
Workload workload_of(const std::vector<TargetPlan>& targets);

// By default rates, or by those of a past run of that strategy with much the same amount of data; `basis`
// says which: "default rates", "rates of run 7f3a21bc".
struct Forecast {
  std::int64_t ms = 0;
  std::string basis;
};
Forecast forecast(const std::string& strategy, const Workload& workload,
                  const std::vector<PastRun>& past_runs);

}  // namespace pgupgrade::planning
