// What a copy of the running server asks of it, and pg_upgrade of the copy; and what a new cluster beside the
// old one does. Each reason says what would make the service fit.
#include <fmt/format.h>

#include <optional>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/sql_text.hpp"
#include "planning/checks.hpp"

namespace pgupgrade::planning {

namespace {

constexpr int kOldestSource = 13;  // whose standbys make temporary slots of their own
constexpr int kOldestTarget = 15;  // whose databases have versions of their collations
constexpr int kSenders = 3;        // pg_basebackup's two, and one that keeps the slot; then the standby's
constexpr int kSlots = 2;

// Where the user has asked for this one; of those that auto has looked at, the plan says more.
const char* other_way(const std::string& strategy) {
  if (strategy == kWarm) return ", or use --strategy dump";
  if (strategy == kRehearsal) return ", or try what needs no copy: pgupgrade plan --rehearse";
  return "";
}

Diagnostic unfit(const Subject& subject, const std::string& why, const std::string& cure) {
  return {.severity = Severity::error,
          .code = "E-WARM",
          .message = fmt::format("{} cannot be copied while it runs: {}", service_name(subject.service), why),
          .hint = cure + other_way(subject.request.strategy)};
}

// "musl" or "glibc"; which version does not matter here.
std::string kind_of(const std::string& libc) {
  return libc.substr(0, libc.find(' '));
}

}  // namespace

Diagnostics check_warm_versions(const Subject& subject) {
  if (subject.inventory.major() >= kOldestSource && subject.request.target_major >= kOldestTarget) return {};
  return {unfit(subject,
                fmt::format("strategy warm upgrades from PostgreSQL {} or later to {} or later",
                            kOldestSource, kOldestTarget),
                "choose a later --to")};
}

Diagnostics check_warm_libc(const Subject& subject) {
  const auto& copy = subject.service.copy;
  const auto& image = subject.service.new_image_facts;
  if (!copy || !image || copy->old_libc.empty() || image->libc.empty() ||
      kind_of(copy->old_libc) == kind_of(image->libc))
    return {};
  return {unfit(subject,
                fmt::format("its image has {} and the new one {}, which sort text differently",
                            copy->old_libc, image->libc),
                "choose a new image with the same C library (--image)")};
}

Diagnostics check_rehearsed_version(const Subject& subject) {
  if (subject.inventory.major() >= kOldestSource) return {};
  return {unfit(subject, fmt::format("a rehearsal copies servers of PostgreSQL {} or later", kOldestSource),
                "upgrade it without one")};
}

Diagnostics check_copy_known(const Subject& subject) {
  const auto& copy = subject.service.copy;
  if (!copy || copy->problem.empty()) return {};
  return {unfit(subject, "what that needs could not be found out: " + printable(copy->problem, 300),
                "see to that and plan again")};
}

namespace {

// Null where nothing is known of the copy, which check_copy_known tells.
const CopyFacts* known_copy(const Subject& subject) {
  const auto& copy = subject.service.copy;
  return copy && copy->problem.empty() ? &*copy : nullptr;
}

}  // namespace

Diagnostics check_wal_level(const Subject& subject) {
  const CopyFacts* copy = known_copy(subject);
  if (copy == nullptr || copy->wal_level != "minimal") return {};
  return {unfit(subject, "its wal_level is minimal",
                "set wal_level to replica, its default, and restart the service")};
}

Diagnostics check_wal_senders(const Subject& subject) {
  const CopyFacts* copy = known_copy(subject);
  if (copy == nullptr || copy->free_wal_senders >= kSenders) return {};
  return {unfit(subject,
                fmt::format("{} of its max_wal_senders are free, {} are needed",
                            std::max(copy->free_wal_senders, 0), kSenders),
                "raise max_wal_senders and restart the service")};
}

Diagnostics check_slots(const Subject& subject) {
  const CopyFacts* copy = known_copy(subject);
  if (copy == nullptr || copy->free_replication_slots >= kSlots) return {};
  return {unfit(subject,
                fmt::format("{} of its max_replication_slots are free, {} are needed",
                            std::max(copy->free_replication_slots, 0), kSlots),
                "raise max_replication_slots and restart the service")};
}

Diagnostics check_replication_login(const Subject& subject) {
  const CopyFacts* copy = known_copy(subject);
  if (copy == nullptr || copy->refusal.empty()) return {};
  return {unfit(
      subject, "it lets no replication connection in from its own container: " + copy->refusal,
      fmt::format("put the line \"host replication {} 127.0.0.1/32 trust\" at the top of pg_hba.conf and "
                  "reload it",
                  sql_identifier(subject.inventory.superuser)))};
}

Diagnostics check_unlogged_tables(const Subject& subject) {
  if (!subject.service.copy || subject.service.copy->unlogged.empty()) return {};
  return {unfit(
      subject,
      fmt::format("a copy has the rows of no unlogged table: {}", plain_list(subject.service.copy->unlogged)),
      "ALTER TABLE … SET LOGGED")};
}

namespace {

struct Obstacle {
  std::string why;
  std::string cure;
};

// To a place beside the data with which that changes places.
std::optional<Obstacle> obstacle_of_storage(const Subject& subject) {
  const auto& copy = subject.service.copy;
  if (!copy || !copy->problem.empty() || !subject.place.data_mount) return std::nullopt;
  const std::string data = mount_name(*subject.place.data_mount);
  const std::string plain = "move the data to a plain volume or a bind mount";
  if (!copy->plain_volume)
    return Obstacle{fmt::format("the {} has another driver than \"local\", or options", data), plain};
  if (copy->data_directory.empty())
    return Obstacle{fmt::format("could not determine where the {} is on the host", data), plain};
  if (!copy->no_exchange.empty())
    return Obstacle{
        fmt::format("the {} cannot change places with a new cluster: {}", data, copy->no_exchange),
        "move the data to a directory of its own on a plain volume or a bind mount"};
  return std::nullopt;
}

}  // namespace

Diagnostics check_warm_storage(const Subject& subject) {
  const auto obstacle = obstacle_of_storage(subject);
  return obstacle ? Diagnostics{unfit(subject, obstacle->why, obstacle->cure)} : Diagnostics{};
}

Diagnostics check_place_aside(const Subject& subject) {
  auto obstacle = obstacle_of_storage(subject);
  if (subject.service.copy && !subject.service.copy->problem.empty())
    obstacle = {"what that needs could not be found out: " + printable(subject.service.copy->problem, 300),
                "see to that and plan again"};
  if (!obstacle) return {};
  return {{.severity = Severity::error,
           .code = "E-ASIDE",
           .message = fmt::format("the old data of {} cannot be kept aside: {}",
                                  service_name(subject.service), obstacle->why),
           .hint = obstacle->cure + ", or use --backup tar"}};
}

// A directory for the new version was looked for, which only a dump fills.
Diagnostics check_versioned_directory(const Subject& subject) {
  if (!subject.place.beside) return {};
  return {unfit(subject, "PGDATA names the version, and a copy stays where the old data was",
                "choose that with --strategy warm")};
}

}  // namespace pgupgrade::planning
