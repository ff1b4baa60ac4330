#include "upgrade/clients/passwords.hpp"

#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "upgrade/run/site.hpp"
#include "upgrade/sandbox/work_files.hpp"

namespace pgupgrade::upgrade {
namespace {

std::map<std::string, std::string> to_map(const std::vector<std::string>& environment) {
  std::map<std::string, std::string> map;
  for (const std::string& line : environment) {
    const auto equals = line.find('=');
    if (equals != std::string::npos) map[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return map;
}

// As the official image reads it: the whole file but the line ends at its end.
Secret password_in_container(docker::Engine& engine, const std::string& container, const std::string& path) {
  std::string content = file_in_container(engine, container, path).value_or("");
  while (!content.empty() && (content.back() == '\n' || content.back() == '\r')) content.pop_back();
  return Secret(content);
}

}  // namespace

std::vector<postgres::PasswordCandidate> collect_passwords(docker::Engine& engine,
                                                           const compose::Project& project,
                                                           const std::string& service,
                                                           const docker::ContainerInfo* container,
                                                           const std::string& password_file) {
  std::vector<postgres::PasswordCandidate> all;
  const auto add = [&](std::vector<postgres::PasswordCandidate> more) {
    all.insert(all.end(), more.begin(), more.end());
  };
  if (!password_file.empty()) add(postgres::parse_password_file(read_file(password_file), password_file));
  if (container != nullptr) {
    const auto environment = to_map(container->environment);
    add(postgres::candidates_in_environment(service, environment));
    if (const auto file = environment.find("POSTGRES_PASSWORD_FILE"); file != environment.end()) {
      try {
        add({{.role = {},
              .password = password_in_container(engine, container->id, file->second),
              .origin = fmt::format("POSTGRES_PASSWORD_FILE of service {}", service)}});
      } catch (const Error&) {
        // Not readable: then it is no candidate, and the plan says which passwords are unknown.
      }
    }
  }
  for (const auto& [name, other] : project.services) {
    add(postgres::candidates_in_environment(name, other.environment));
  }
  for (const auto& [name, path] : project.secret_files) {
    try {
      std::string content = read_file(path);
      while (!content.empty() && (content.back() == '\n' || content.back() == '\r')) content.pop_back();
      if (!content.empty() && content.size() < 1024) {
        add({{.role = {}, .password = Secret(content), .origin = fmt::format("secret {}", name)}});
      }
    } catch (const Error&) {
      // As above.
    }
  }
  return all;
}

std::vector<postgres::PasswordCandidate> collect_passwords(StepContext& context, const TargetPlan& target,
                                                           const std::string& container_id) {
  const Plan& plan = context.plan();
  const compose::Project project = site_of(plan).load(context.world, plan);
  const auto container = context.world.engine.inspect_container(container_id);
  return collect_passwords(context.world.engine, project, target.service, container ? &*container : nullptr,
                           plan.password_file);
}

}  // namespace pgupgrade::upgrade
