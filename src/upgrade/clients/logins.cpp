#include "upgrade/clients/logins.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/base/wait.hpp"
#include "upgrade/clients/passwords.hpp"
#include "upgrade/sandbox/service_container.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr Patience kRecoveryPatience{.most = std::chrono::minutes(30)};  // of a large WAL

struct KnownLogin {
  std::string role;
  Secret password;
};

// A candidate that names a role is that role's; one that does not is tried for the roles the plan matched it
// with, and for the bootstrap superuser, whose it usually is.
std::vector<KnownLogin> known_logins(const std::vector<postgres::PasswordCandidate>& candidates,
                                     const TargetPlan& target) {
  std::vector<KnownLogin> logins;
  for (const RoleFacts& role : target.inventory.roles) {
    if (!role.can_login || role.verifier == VerifierKind::none) continue;
    const auto planned = std::find_if(target.roles.begin(), target.roles.end(),
                                      [&](const RolePlan& plan) { return plan.role == role.name; });
    std::set<std::string> seen;
    for (const auto& candidate : candidates) {
      const bool names_it = candidate.role == role.name;
      const bool matched = planned != target.roles.end() && candidate.origin == planned->origin;
      const bool superuser = candidate.role.empty() && role.name == target.inventory.superuser;
      if (!(names_it || matched || superuser)) continue;
      if (seen.insert(candidate.password.reveal()).second) {
        logins.push_back({.role = role.name, .password = candidate.password});
      }
    }
  }
  return logins;
}

std::string address_of(const docker::ContainerInfo& info) {
  for (const auto& network : info.networks) {
    if (!network.ip_address.empty()) return network.ip_address;
    if (!network.ip6_address.empty()) return network.ip6_address;
  }
  return {};
}

int port_of(const TargetPlan& target) {
  for (const SettingFacts& setting : target.inventory.settings) {
    if (setting.name == "port") return std::stoi(setting.value);
  }
  return 5432;
}

// "postgres" is always there; a role that may not connect to it still proves its password, since the server
// checks that first, but we could not tell the two refusals apart.
postgres::LoginAttempt attempt_of(const std::string& address, int port, const KnownLogin& login) {
  return {
      .host = address, .port = port, .role = login.role, .database = "postgres", .password = login.password};
}

postgres::LoginResult attempt(World& world, const std::string& address, int port, const KnownLogin& login) {
  return world.connector.login(attempt_of(address, port, login));
}

bool answers_inside(StepContext& context, const TargetPlan& target, const docker::ContainerInfo& container) {
  try {
    read_running_server(context.world, container, target.inventory.superuser);
    return true;
  } catch (const Error& error) {
    if (!error.is("E-SQL")) throw;
    return false;
  }
}

// An engine that was started again has brought the server back by itself, which recovers first. Returns when
// it answers, has ended, or took too long.
void wait_for_recovery(StepContext& context, const TargetPlan& target) {
  wait_until(context.world.clock, context.world.cancellation, kRecoveryPatience, [&] {
    const auto info = context.world.engine.inspect_container(target.container_id);
    return !info || !info->running() || answers_inside(context, target, *info);
  });
}

}  // namespace

void record_working_logins(StepContext& context, const TargetPlan& target) {
  if (!context.known(target).logins.empty()) return;  // a resumed run keeps what the first attempt saw
  const auto info = context.world.engine.inspect_container(target.container_id);
  const std::string address = info && info->running() ? address_of(*info) : std::string();
  if (address.empty()) return;
  std::vector<std::string> roles;
  for (const KnownLogin& login :
       known_logins(collect_passwords(context, target, target.container_id), target)) {
    auto result = attempt(context.world, address, port_of(target), login);
    if (result.outcome == postgres::LoginOutcome::unreachable) {
      wait_for_recovery(context, target);
      result = attempt(context.world, address, port_of(target), login);
    }
    if (result.outcome == postgres::LoginOutcome::unreachable) break;
    if (result.outcome == postgres::LoginOutcome::accepted) roles.push_back(login.role);
  }
  context.learn(target, [&](TargetState& state) { state.logins = roles; });
}

std::optional<postgres::LoginAttempt> superuser_login(StepContext& context, const TargetPlan& target,
                                                      const std::string& container_id) {
  const auto info = context.world.engine.inspect_container(container_id);
  const std::string address = info ? address_of(*info) : std::string();
  if (address.empty()) return std::nullopt;
  for (const KnownLogin& login : known_logins(collect_passwords(context, target, container_id), target)) {
    if (login.role != target.inventory.superuser) continue;
    if (attempt(context.world, address, port_of(target), login).outcome == postgres::LoginOutcome::accepted)
      return attempt_of(address, port_of(target), login);
  }
  return std::nullopt;
}

LoginCheck repeat_logins(StepContext& context, const TargetPlan& target, const std::string& container_id) {
  LoginCheck check;
  const std::vector<std::string> roles = context.known(target).logins;
  const auto info = context.world.engine.inspect_container(container_id);
  const std::string address = info ? address_of(*info) : std::string();
  if (roles.empty() || address.empty()) return check;
  const auto logins = known_logins(collect_passwords(context, target, container_id), target);
  for (const std::string& role : roles) {
    const bool known = std::any_of(logins.begin(), logins.end(),
                                   [&](const KnownLogin& login) { return login.role == role; });
    if (!known) {
      context.warn("W-LOGIN-UNTRIED",
                   fmt::format("the password of role {} of service {} is not tried again: the "
                               "place where it was known from is gone",
                               printable(role), target.service));
      continue;
    }
    std::string reason;
    bool accepted = false;
    bool reachable = true;
    for (const KnownLogin& login : logins) {
      if (login.role != role || accepted) continue;
      const auto result = attempt(context.world, address, port_of(target), login);
      accepted = result.outcome == postgres::LoginOutcome::accepted;
      reachable = result.outcome != postgres::LoginOutcome::unreachable;
      reason = result.reason;
    }
    if (!reachable) continue;
    check.tried += 1;
    if (!accepted) check.refused.push_back(fmt::format("{}: {}", printable(role), printable(reason)));
  }
  return check;
}

}  // namespace pgupgrade::upgrade
