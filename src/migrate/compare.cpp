#include "pgupgrade/migrate/compare.hpp"

#include <algorithm>
#include <atomic>
#include <future>

#include "migrate/comparable.hpp"
#include "pgupgrade/postgres/server.hpp"

namespace pgupgrade::migrate {
namespace {

constexpr std::chrono::milliseconds kTick{500};

Fingerprint fingerprint_of(const std::string& database, const DatabasePrint& print, int version_num) {
  Fingerprint fingerprint;
  fingerprint.version_num = version_num;
  fingerprint.databases[database] = print;
  return fingerprint;
}

}  // namespace

Compared compare(const Comparing& comparing, const std::function<void(std::int64_t tables)>& tick) {
  postgres::RemoteServer& source = comparing.source;
  postgres::RemoteServer& target = comparing.target;
  const bool superusers = source.is_superuser() && target.is_superuser();
  std::atomic<std::int64_t> tables{0};
  postgres::PrintTask task{
      .database = comparing.database,
      .row_hash = postgres::best_row_hash(std::min(source.version_num(), target.version_num())),
      .large_objects =
          superusers ? postgres::LargeObjectReading::pages : postgres::LargeObjectReading::objects,
      .snapshot = comparing.snapshot,
      .schemas = comparing.coverage.schemas,
      .jobs = comparing.jobs,
      .progress = [&](const std::string&) { ++tables; }};
  auto of_source = std::async(std::launch::async, [&source, task] { return source.print(task); });
  task.database = comparing.into;
  task.snapshot.clear();
  auto of_copy = std::async(std::launch::async, [&target, task] { return target.print(task); });
  for (auto* print : {&of_source, &of_copy})
    while (print->wait_for(kTick) != std::future_status::ready) tick(tables.load());
  DatabasePrint expected = of_source.get();
  DatabasePrint actual = of_copy.get();
  settle_sequences(comparing.sequences_before, expected.sequences, actual.sequences);
  for (DatabasePrint* print : {&expected, &actual}) leave_out(comparing.coverage, *print);
  target.settle_expressions(comparing.into, expected, actual);
  Compared result{.differences = differences(fingerprint_of(comparing.into, expected, source.version_num()),
                                             fingerprint_of(comparing.into, actual, target.version_num())),
                  .tables = static_cast<std::int64_t>(actual.tables.size()),
                  .sequences = static_cast<std::int64_t>(actual.sequences.size())};
  for (const auto& [name, table] : actual.tables) result.rows += table.rows;
  return result;
}

}  // namespace pgupgrade::migrate
