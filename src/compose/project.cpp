#include "pgupgrade/compose/project.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "pgupgrade/planning/image_reference.hpp"

namespace pgupgrade::compose {

namespace {

constexpr std::string_view kDataRoot = "/var/lib/postgresql";

// Names that end in one of these are servers ("my-postgres"), those that go on are tools about them
// ("postgres-exporter", "postgres-backup-local").
constexpr std::array<std::string_view, 10> kServerNames = {
    "postgres",       "postgresql", "postgis", "pgvector",      "timescaledb",
    "timescaledb-ha", "pgvecto-rs", "citus",   "pgautoupgrade", "paradedb"};

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool names_server(const std::string& image) {
  const auto reference = planning::parse_image_reference(image);
  if (!reference) return false;
  const std::string_view repository = reference->repository;
  const std::string_view last = repository.substr(repository.rfind('/') + 1);
  return std::any_of(kServerNames.begin(), kServerNames.end(),
                     [&](std::string_view name) { return ends_with(last, name); });
}

bool below_data_root(std::string_view path) {
  return path.substr(0, kDataRoot.size()) == kDataRoot &&
         (path.size() == kDataRoot.size() || path[kDataRoot.size()] == '/');
}

bool needs(const Service& service, const std::set<std::string>& names) {
  return std::any_of(service.depends_on.begin(), service.depends_on.end(),
                     [&](const Dependency& dependency) { return names.count(dependency.service) != 0; });
}

}  // namespace

std::vector<std::string> Project::dependents_of(const std::string& service) const {
  std::set<std::string> reached = {service};
  for (std::size_t before = 0; before != reached.size();) {
    before = reached.size();
    for (const auto& [key, candidate] : services) {
      if (needs(candidate, reached)) reached.insert(key);
    }
  }
  reached.erase(service);

  std::vector<std::string> result;
  while (!reached.empty()) {
    // The first that needs none of those still waiting; a cycle, which Compose refuses, gives up its first.
    auto next = std::find_if(reached.begin(), reached.end(), [&](const std::string& candidate) {
      std::set<std::string> others = reached;
      others.erase(candidate);
      return !needs(services.at(candidate), others);
    });
    if (next == reached.end()) next = reached.begin();
    result.push_back(*next);
    reached.erase(next);
  }
  return result;
}

bool looks_like_postgres(const Service& service) {
  if (names_server(service.image)) return true;
  const auto has = [&](const char* name) { return service.environment.count(name) != 0; };
  if (!has("POSTGRES_PASSWORD") && !has("POSTGRES_PASSWORD_FILE") && !has("PGDATA")) return false;
  return std::any_of(service.mounts.begin(), service.mounts.end(),
                     [](const ServiceMount& mount) { return below_data_root(mount.target); });
}

}  // namespace pgupgrade::compose
