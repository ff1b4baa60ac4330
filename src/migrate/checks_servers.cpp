#include <fmt/format.h>

#include <algorithm>

#include "migrate/checks.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::migrate {
namespace {

constexpr int kOldestMajor = 10;
// Beside the jobs: the snapshot, what looks at sequences, the first session and one that works in the
// database.
constexpr int kOtherConnections = 4;

Diagnostic error(Code code, std::string message, std::string hint) {
  return {.severity = Severity::error,
          .code = std::string(code.text()),
          .message = std::move(message),
          .hint = std::move(hint)};
}

bool is_on_this_machine(const std::string& address) {
  return address.starts_with('/') || address.starts_with("localhost") || address.starts_with("127.") ||
         address.starts_with("::1") || address.starts_with("the local server");
}

}  // namespace

Diagnostics check_versions(const Subject& subject) {
  Diagnostics found;
  const auto look = [&](const char* side, const ServerFacts& server) {
    if (server.major() < kOldestMajor)
      found.push_back(error("E-OLD-MAJOR",
                            fmt::format("cannot migrate: the {} ({}) is PostgreSQL {}, older than {}", side,
                                        server.address, server.version, kOldestMajor),
                            "upgrade it to a supported version first"));
  };
  look("source", subject.facts.source);
  look("target", subject.facts.target);
  if (subject.facts.source.major() > subject.facts.target.major())
    found.push_back({.severity = Severity::warning,
                     .code = "W-TARGET-OLDER",
                     .message = fmt::format("the target is PostgreSQL {}, older than the source's {}",
                                            subject.facts.target.version, subject.facts.source.version),
                     .hint =
                         "what only the newer version knows is refused when it is restored, and the copy is "
                         "taken back"});
  return found;
}

Diagnostics check_standby(const Subject& subject) {
  if (!subject.facts.target.in_recovery) return {};
  return {error("E-STANDBY",
                fmt::format("cannot migrate: the target ({}) is a standby, which is read-only",
                            subject.facts.target.address),
                "connect to its primary")};
}

const ClientPrograms* fitting_programs(const Subject& subject) {
  const int wanted = std::max(subject.facts.source.major(), subject.facts.target.major());
  const ClientPrograms* best = nullptr;
  for (const ClientPrograms& programs : subject.programs)
    if (programs.major >= wanted && (best == nullptr || programs.major < best->major)) best = &programs;
  return best;
}

Diagnostics check_programs(const Subject& subject) {
  if (fitting_programs(subject) != nullptr) return {};
  const int wanted = std::max(subject.facts.source.major(), subject.facts.target.major());
  std::vector<std::string> versions;
  for (const ClientPrograms& programs : subject.programs)
    versions.push_back(programs.version + (programs.image.empty() ? " in " + programs.directory.native()
                                                                  : " in image " + programs.image));
  return {error(
      "E-CLIENT-PROGRAMS",
      fmt::format("cannot migrate: pg_dump and pg_restore of PostgreSQL {} are needed, and {}", wanted,
                  versions.empty() ? "none were found on this machine"
                                   : "only older ones were found: " + join(versions, ", ")),
      fmt::format("install the client programs of PostgreSQL {0}, or specify an image that has them with "
                  "--image postgres:{0}",
                  wanted))};
}

Diagnostics check_connections(const Subject& subject) {
  const int needed = std::max(subject.request.jobs, 1) + kOtherConnections;
  Diagnostics found;
  const auto look = [&](const char* side, const ServerFacts& server) {
    if (server.free_connections < 0 || server.free_connections >= needed) return;
    found.push_back(error(
        "E-CONNECTIONS",
        fmt::format("cannot migrate: {} are needed at the {} ({}), {} free",
                    plural(static_cast<std::uint64_t>(needed), "connection"), side, server.address,
                    server.free_connections == 1 ? "1 is" : fmt::format("{} are", server.free_connections)),
        subject.request.jobs > 1 ? "close others, or pass a smaller number to --jobs"
                                 : "close others, or raise max_connections or the role's limit"));
  };
  look("source", subject.facts.source);
  look("target", subject.facts.target);
  return found;
}

Diagnostics check_encryption(const Subject& subject) {
  Diagnostics found;
  const auto look = [&](const char* side, const ServerFacts& server) {
    if (server.encrypted || is_on_this_machine(server.address)) return;
    found.push_back(
        {.severity = Severity::warning,
         .code = "W-NOT-ENCRYPTED",
         .message = fmt::format("the connection to the {} ({}) is not encrypted", side, server.address),
         .hint = "add sslmode=require, or better verify-full, to its connection string"});
  };
  look("source", subject.facts.source);
  look("target", subject.facts.target);
  return found;
}

// A dump is removed once its database is verified, so the largest one counts. Compressed text is hardly
// larger than the tables it comes from.
Diagnostics check_room(const Subject& subject) {
  if (subject.request.form == CopyForm::stream) return {};
  std::int64_t needed = 0;
  std::string largest;
  for (const DatabaseContents& contents : subject.facts.contents) {
    const ListedDatabase* const listed = subject.facts.source.find(contents.name);
    if (listed == nullptr || listed->bytes <= needed) continue;
    needed = listed->bytes;
    largest = contents.name;
  }
  const std::string place = printable(subject.request.state_root.native(), 500);
  if (subject.facts.free_bytes < 0)
    return {{.severity = Severity::warning,
             .code = "W-DISK-UNKNOWN",
             .message = fmt::format("could not determine the free space of {}", place),
             .hint = fmt::format("make sure there is {}", human_bytes(static_cast<std::uint64_t>(needed)))}};
  if (subject.facts.free_bytes >= needed) return {};
  return {error(
      "E-DISK",
      fmt::format("cannot dump database {} to {}: up to {} is needed, {} is free", migrate::quoted(largest),
                  place, human_bytes(static_cast<std::uint64_t>(needed)),
                  human_bytes(static_cast<std::uint64_t>(subject.facts.free_bytes))),
      "free some space, specify another place with --state-dir, or pass --format stream, which needs none")};
}

}  // namespace pgupgrade::migrate
