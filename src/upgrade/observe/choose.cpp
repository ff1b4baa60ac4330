#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/likeness.hpp"
#include "pgupgrade/base/text.hpp"
#include "upgrade/observe/observe_parts.hpp"

namespace pgupgrade::upgrade {
namespace {

std::vector<std::string> postgres_services(const compose::Project& project) {
  std::vector<std::string> names;
  for (const auto& [name, service] : project.services) {
    if (compose::looks_like_postgres(service)) names.push_back(name);
  }
  return names;
}

std::string all_services(const compose::Project& project) {
  std::vector<std::string> names;
  for (const auto& [name, service] : project.services) names.push_back(printable(name));
  return names.empty() ? "none" : join(names, ", ");
}

std::string hint_for_unknown(const std::string& name, const compose::Project& project) {
  std::vector<std::string> names;
  for (const auto& [known, service] : project.services) names.push_back(printable(known));
  const std::string meant = did_you_mean(meant_by(printable(name), names));
  return (meant.empty() ? meant : meant + " ") + "its services are: " + all_services(project);
}

}  // namespace

std::vector<std::string> choose_services(const Request& request, const compose::Project& project,
                                         const std::vector<std::string>& clients) {
  for (const std::string& name : request.services) {
    if (project.services.contains(name)) continue;
    throw Error(
        ErrorKind::usage, "E-UNKNOWN-SERVICE",
        fmt::format("could not find service \"{}\" in project {}", printable(name), printable(project.name)),
        hint_for_unknown(name, project));
  }
  if (!request.services.empty()) {
    std::vector<std::string> once;
    for (const std::string& name : request.services) {
      if (std::find(once.begin(), once.end(), name) == once.end()) once.push_back(name);
    }
    return once;
  }
  auto found = postgres_services(project);
  std::erase_if(found, [&](const std::string& name) {
    return std::find(clients.begin(), clients.end(), name) != clients.end();
  });
  if (found.empty()) {
    throw Error(ErrorKind::usage, "E-NO-POSTGRES-SERVICE",
                fmt::format("could not find a PostgreSQL service in project {}", printable(project.name)),
                "specify it with --service; the services are: " + all_services(project));
  }
  if (found.size() > 1 && !request.all_services) {
    throw Error(ErrorKind::usage, "E-SEVERAL-SERVICES",
                fmt::format("cannot choose between the PostgreSQL services of project {}: {}",
                            printable(project.name), join(found, ", ")),
                "specify one with --service, or take all with --all");
  }
  return found;
}

}  // namespace pgupgrade::upgrade
