#include "pgupgrade/compose/project.hpp"

#include "support/catch.hpp"

using namespace pgupgrade::compose;

namespace {

Project project_of(const std::map<std::string, std::vector<std::string>>& needs) {
  Project project;
  for (const auto& [name, others] : needs) {
    Service service{.name = name};
    for (const std::string& other : others) service.depends_on.push_back({other, "service_started"});
    project.services.emplace(name, service);
  }
  return project;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("dependents come after what they need") {
  const Project project = project_of(
      {{"db", {}}, {"z", {"db"}}, {"a", {"z", "cache"}}, {"m", {"db"}}, {"cache", {}}, {"b", {"a"}}});
  CHECK(project.dependents_of("db") == Names{"m", "z", "a", "b"});
  CHECK(project.dependents_of("cache") == Names{"a", "b"});
  CHECK(project.dependents_of("b").empty());
  CHECK(project.dependents_of("absent").empty());
}

TEST_CASE("a cycle of dependents ends") {
  CHECK(project_of({{"db", {"b"}}, {"a", {"db"}}, {"b", {"a"}}}).dependents_of("db") == Names{"a", "b"});
  CHECK(project_of({{"db", {}}, {"a", {"db", "b"}}, {"b", {"a"}}}).dependents_of("db") == Names{"a", "b"});
}

TEST_CASE("servers are told from tools by their image") {
  for (const std::string& image : std::vector<std::string>{
           "postgres", "postgres:15", "registry.example.com:5000/our/my-postgres:x", "postgis/postgis:15-3.4",
           "pgvector/pgvector:pg15", "timescale/timescaledb-ha:pg15", "bitnami/postgresql",
           "citusdata/citus:12.1", "tensorchord/pgvecto-rs:pg14-v0.2.0",
           "postgres@sha256:" + std::string(64, 'a')}) {
    CAPTURE(image);
    CHECK(looks_like_postgres({.image = image}));
  }
  for (const std::string& image : std::vector<std::string>{
           "", "nginx", "prometheuscommunity/postgres-exporter", "dpage/pgadmin4",
           "prodrigestivill/postgres-backup-local:15", "postgres/web", "edoburu/pgbouncer"}) {
    CAPTURE(image);
    CHECK_FALSE(looks_like_postgres({.image = image}));
  }
}

TEST_CASE("an own image is told by its environment and mount together") {
  const std::vector<ServiceMount> data = {{"volume", "pg", "/var/lib/postgresql/data"}};
  const std::vector<ServiceMount> root = {{"volume", "pg", "/var/lib/postgresql"}};
  const std::vector<ServiceMount> other = {{"volume", "pg", "/var/lib/postgresqlx"}};
  CHECK(
      looks_like_postgres({.has_build = true, .environment = {{"POSTGRES_PASSWORD", "x"}}, .mounts = data}));
  CHECK(looks_like_postgres(
      {.has_build = true, .environment = {{"POSTGRES_PASSWORD_FILE", "x"}}, .mounts = root}));
  CHECK(looks_like_postgres({.has_build = true, .environment = {{"PGDATA", "/x"}}, .mounts = root}));
  CHECK_FALSE(looks_like_postgres({.has_build = true, .environment = {{"PGDATA", "/x"}}, .mounts = other}));
  CHECK_FALSE(looks_like_postgres({.has_build = true, .environment = {{"POSTGRES_PASSWORD", "x"}}}));
  CHECK_FALSE(looks_like_postgres({.has_build = true, .mounts = data}));
}
