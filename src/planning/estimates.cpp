#include "pgupgrade/planning/estimates.hpp"

#include <algorithm>

namespace pgupgrade::planning {

namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20;
constexpr std::int64_t kGiB = std::int64_t{1} << 30;
constexpr std::int64_t kBytesPerMegabyte = 1'000'000;
// Of strategy dump, as downtime_ms says.
constexpr std::int64_t kSerialMs = 18'400;
constexpr std::int64_t kContainersMs = 20'000;

}  // namespace

// zstd makes most clusters much smaller, but one of pictures or encrypted columns not at all. Beside the
// databases the directory holds WAL, as much as was loaded of late but not more than max_wal_size (1 GiB):
// 1.5 GB of pgbench tables made a volume of 2.5 GB. The rest is the catalogs, the manifest and tar's
// padding.
std::int64_t backup_bytes(std::int64_t data_bytes) {
  return data_bytes + std::min(data_bytes, kGiB) + 128 * kMiB;
}

// A dump has no indexes, often a quarter of a cluster and more, but its data is text: bytea doubles in
// hexadecimal digits, and fast compression does not win that back. Three quarters doubled is one and a half.
std::int64_t dump_bytes(std::int64_t data_bytes) {
  return data_bytes + data_bytes / 2 + 64 * kMiB;
}

// The new cluster takes the place of the old, without its bloat. Beyond it: sort files of the largest indexes
// (a quarter), WAL up to the 16 GiB that a restore is allowed (of half the data, since COPY into tables made
// in the same transaction writes none), and an empty cluster of templates and first WAL segments.
std::int64_t restore_extra_bytes(std::int64_t data_bytes) {
  return data_bytes / 4 + std::min(data_bytes / 2, 16 * kGiB) + 256 * kMiB;
}

// Measured with two jobs on two cores and 1.5 GB of databases: backup 9.2 s, reading it again the same, dump
// 6.4 s, two fingerprints that read all rows like the dump, restore 14.2 s. The first two run in one thread,
// the others share the jobs. With a margin of one half the 1.5 of both sides cancel out: 18.4 s a gigabyte
// in one thread, 66.8 s shared. Containers that stop and start cost 20 s, a table's own objects 30 ms.
std::int64_t downtime_ms(std::int64_t data_bytes, int tables, int jobs) {
  constexpr std::int64_t kSharedMs = 66'800;
  const std::int64_t ms_per_gigabyte = kSerialMs + kSharedMs / std::clamp(jobs, 1, 8);
  const std::int64_t megabytes = data_bytes / kBytesPerMegabyte;
  return kContainersMs + 30 * std::int64_t{tables} + megabytes * ms_per_gigabyte / 1000;
}

// A copy is read and written once, by one thread, and not compressed.
std::int64_t aside_downtime_ms(std::int64_t data_bytes, std::int64_t copied_bytes, int tables, int jobs) {
  constexpr std::int64_t kCopyMs = 8'000;
  return downtime_ms(data_bytes, tables, jobs) - data_bytes / kBytesPerMegabyte * kSerialMs / 1000 +
         copied_bytes / kBytesPerMegabyte * kCopyMs / 1000;
}

std::int64_t unrehearsed_ms(std::int64_t data_bytes) {
  return kContainersMs + data_bytes / kBytesPerMegabyte * kSerialMs / 1000;
}

// The copy with its WAL, as a backup is; the new cluster shares its files. Beyond it: the old version's
// programs, and an empty cluster with its first WAL segments.
std::int64_t copy_bytes(std::int64_t data_bytes) {
  return data_bytes + std::min(data_bytes, kGiB) + 512 * kMiB;
}

// What does not grow with the rows (stop, promote, pg_upgrade, start) and two fingerprints that read them
// all; the indexes of text where they are rebuilt.
std::int64_t warm_downtime_ms(std::int64_t data_bytes, int tables, int jobs, bool libc_changes) {
  constexpr std::int64_t kPrintsMs = 25'600;
  constexpr std::int64_t kIndexesMs = 10'000;
  const std::int64_t ms_per_gigabyte = kPrintsMs / std::clamp(jobs, 1, 8) + (libc_changes ? kIndexesMs : 0);
  return 15'000 + 15 * std::int64_t{tables} + data_bytes / kBytesPerMegabyte * ms_per_gigabyte / 1000;
}

}  // namespace pgupgrade::planning
