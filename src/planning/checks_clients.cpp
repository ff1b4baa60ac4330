#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "pgupgrade/base/text.hpp"
#include "planning/checks.hpp"

namespace pgupgrade::planning {

namespace {

constexpr std::array<std::string_view, 5> kPoolers = {"pgbouncer", "pgpool", "odyssey", "pgcat", "supavisor"};

bool looks_like_pooler(const ClientFacts& client) {
  return std::any_of(kPoolers.begin(), kPoolers.end(), [&](std::string_view pooler) {
    return client.service.find(pooler) != std::string::npos ||
           client.container_name.find(pooler) != std::string::npos;
  });
}

bool becomes_scram(const Subject& subject, const RoleFacts& role) {
  return role.verifier == VerifierKind::md5 && !origin_of_password(subject.service, role.name).empty();
}

}  // namespace

Diagnostics check_md5_passwords(const Subject& subject) {
  std::vector<std::string> unknown;
  for (const RoleFacts& role : subject.inventory.roles) {
    // Nobody logs in with the password of a role that cannot log in.
    if (role.can_login && role.verifier == VerifierKind::md5 && !becomes_scram(subject, role)) {
      unknown.push_back(role.name);
    }
  }
  if (unknown.empty()) return {};
  const std::string who = fmt::format("{} {} of {}", unknown.size() == 1 ? "role" : "roles",
                                      quoted_list(unknown), service_name(subject.service));
  const std::string verb = unknown.size() == 1 ? "keeps an md5 password" : "keep md5 passwords";
  if (subject.request.md5_policy == Md5Policy::keep) {
    return {{.severity = Severity::warning,
             .code = "W-MD5-KEPT",
             .message = fmt::format("{} {}", who, verb),
             .hint = "set new passwords when you can: PostgreSQL will drop md5"}};
  }
  return {{.severity = Severity::error,
           .code = "E-MD5-UNKNOWN",
           .message = fmt::format("{} {}: none of the known passwords matches", who, verb),
           .hint = "pass --password-file with the password, or --keep-md5"}};
}

Diagnostics check_password_encryption(const Subject& subject) {
  for (const SettingFacts& setting : subject.inventory.settings) {
    // Before 14 "on" meant md5.
    if (setting.name != "password_encryption" || (setting.value != "md5" && setting.value != "on")) continue;
    return {{.severity = Severity::warning,
             .code = "W-PASSWORD-ENCRYPTION",
             .message = fmt::format("{} sets password_encryption to md5, so new passwords will be md5 again",
                                    service_name(subject.service)),
             .hint = "leave the setting out once all clients speak SCRAM"}};
  }
  return {};
}

Diagnostics check_poolers(const Subject& subject) {
  const auto& roles = subject.inventory.roles;
  const bool any_becomes_scram =
      std::any_of(roles.begin(), roles.end(), [&](const RoleFacts& r) { return becomes_scram(subject, r); });
  Diagnostics result;
  for (const ClientFacts& client : subject.service.clients) {
    if (!any_becomes_scram || !looks_like_pooler(client)) continue;
    result.push_back(
        {.severity = Severity::warning,
         .code = "W-POOLER",
         .message = fmt::format("container {} looks like a connection pooler, which may hold md5 hashes of "
                                "passwords that {} turns to SCRAM",
                                printable(client.container_name), service_name(subject.service)),
         .hint = "put the passwords or the SCRAM secrets in its user list, or let it use auth_query"});
  }
  return result;
}

// pg_dump refuses a server that is newer than itself.
Diagnostics check_dumpers(const Subject& subject) {
  Diagnostics result;
  for (const auto& [container, major] : subject.service.dumpers) {
    if (major >= subject.request.target_major) continue;
    result.push_back(
        {.severity = Severity::warning,
         .code = "W-CLIENT-DUMP",
         .message = fmt::format("container {} makes dumps of {} with pg_dump {}, which refuses a server of "
                                "PostgreSQL {}: there will be no more backups by it",
                                printable(container), service_name(subject.service), major,
                                subject.request.target_major),
         .hint = fmt::format("give it an image with pg_dump {} before you rely on its backups",
                             subject.request.target_major)});
  }
  return result;
}

// A new container is not the one that they are bound to, whatever its name.
Diagnostics check_bound_containers(const Subject& subject) {
  if (subject.service.bound_containers.empty() || subject.request.strategy == kRehearsal) return {};
  return {
      {.severity = Severity::error,
       .code = "E-CONTAINER-BOUND",
       .message = fmt::format("{} is made again, and these would stay bound to the old one: {}",
                              service_name(subject.service), plain_list(subject.service.bound_containers)),
       .hint = "connect them by a network of their own (docker network create), or remove them and make them "
               "again afterwards"}};
}

Diagnostics check_host_clients(const Subject& subject) {
  if (subject.service.host_clients.empty()) return {};
  return {{.severity = Severity::warning,
           .code = "W-CLIENT-HOST",
           .message = fmt::format("{} has connections that no container explains and that cannot be stopped: "
                                  "{}",
                                  service_name(subject.service), plain_list(subject.service.host_clients)),
           .hint = "end them first: they are cut off when the server stops"}};
}

}  // namespace pgupgrade::planning
