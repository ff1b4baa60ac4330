#include "planning/facts_builder.hpp"

#include <fmt/format.h>

namespace pgupgrade::planning {

Request request_to(int target_major) {
  Request request;
  request.project.files = {"/srv/shop/docker-compose.yml"};
  request.target_major = target_major;
  request.state_root = "/srv/shop/.pgupgrade";
  return request;
}

Inventory inventory_of_15() {
  Inventory inventory;
  inventory.version_num = 150008;
  inventory.version = "15.8";
  inventory.data_directory = "/var/lib/postgresql/data";
  inventory.config_file = "/var/lib/postgresql/data/postgresql.conf";
  inventory.superuser = "postgres";
  inventory.checksums = true;
  inventory.wal_segment_bytes = 16 << 20;
  inventory.password_encryption = "scram-sha-256";
  inventory.databases = {{.name = "postgres", .collate = "C", .ctype = "C"},
                         {.name = "shop",
                          .size_bytes = 2'000'000'000,
                          .encoding = "UTF8",
                          .collate = "C",
                          .ctype = "C",
                          .tables = 100,
                          .extensions = {{.name = "plpgsql", .version = "1.0"}}}};
  inventory.roles = {
      {.name = "app", .can_login = true, .verifier = VerifierKind::scram},
      {.name = "postgres", .superuser = true, .can_login = true, .verifier = VerifierKind::scram}};
  inventory.settings = {
      {.name = "work_mem", .value = "64MB", .file = "/var/lib/postgresql/data/postgresql.conf"}};
  inventory.connections = {{.client_address = "172.18.0.3", .database = "shop", .role = "app"}};
  return inventory;
}

ImageFacts image_of(int major) {
  const std::string number = std::to_string(major);
  return {.reference = "postgres:" + number,
          .id = "sha256:" + number,
          .version = number + ".1",
          .major = major,
          .default_pgdata =
              major >= 18 ? "/var/lib/postgresql/" + number + "/docker" : "/var/lib/postgresql/data",
          .volumes = {major >= 18 ? "/var/lib/postgresql" : "/var/lib/postgresql/data"},
          .binary_directory = "/usr/lib/postgresql/" + number + "/bin",
          .locales = {"C", "C.utf8", "POSIX", "de_DE.utf8", "de_DE.iso885915@euro"},
          .extensions = {{"plpgsql", "1.0"}, {"hstore", "1.8"}},
          .libraries = {"plpgsql", "hstore", "pg_stat_statements"},
          .settings = {"work_mem", "DateStyle", "shared_buffers"},
          .libc = "glibc 2.36"};
}

ServiceFacts service_db() {
  ServiceFacts service;
  service.service = "db";
  service.project = "shop";
  service.container_id = "c0ffee";
  service.container_name = "shop-db-1";
  service.running = true;
  service.compose_image = "postgres:15";
  service.image_id = "sha256:15";
  service.image_pgdata = "/var/lib/postgresql/data";
  service.pgdata = "/var/lib/postgresql/data";
  service.environment = {{"TZ", "UTC"}};
  service.user = "999:999";
  service.shm_bytes = 64 << 20;
  service.restart = {.name = "always"};
  service.mounts = {{.source = "shop_pgdata", .target = "/var/lib/postgresql/data"},
                    {.kind = MountKind::bind,
                     .source = "/srv/shop/init",
                     .target = "/docker-entrypoint-initdb.d",
                     .read_only = true},
                    {.kind = MountKind::bind, .source = "/srv/shop/certs", .target = "/certs"}};
  service.pg_version_file = 15;
  service.data_volume = VolumeFacts{.name = "shop_pgdata", .driver = "local", .created_at = "2024-01-02"};
  service.inventory = inventory_of_15();
  service.new_image = "postgres:17";
  service.edits = {{.file = "/srv/shop/docker-compose.yml",
                    .offset = 33,
                    .line = 7,
                    .old_text = "postgres:15",
                    .new_text = "postgres:17"}};
  service.clients = {{.container_id = "beef",
                      .container_name = "shop-web-1",
                      .project = "shop",
                      .service = "web",
                      .why = "depends on db"}};
  return service;
}

Facts facts_of_shop() {
  Facts facts;
  facts.engine_id = "ABCD";
  facts.engine_endpoint = "unix:///var/run/docker.sock";
  facts.processors = 4;
  facts.project = "shop";
  facts.project_directory = "/srv/shop";
  facts.file_digests = {{"/srv/shop/docker-compose.yml", "9c1e"}, {"/srv/shop/.env", "77aa"}};
  facts.services = {service_db()};
  facts.state_free_bytes = 100'000'000'000;
  facts.engine_free_bytes = 200'000'000'000;
  return facts;
}

std::string shown(const Diagnostics& diagnostics) {
  std::string result;
  for (const Diagnostic& diagnostic : diagnostics) {
    const char* severity = diagnostic.severity == Severity::error     ? "error"
                           : diagnostic.severity == Severity::warning ? "warning"
                                                                      : "note";
    result += fmt::format("{}{} {}: {} | {}", result.empty() ? "" : "\n", severity, diagnostic.code,
                          diagnostic.message, diagnostic.hint);
  }
  return result;
}

Planned planned(const Request& request, const Facts& facts) {
  return make_plan(request, facts, "7f3a0b1c", "0.1.0");
}

}  // namespace pgupgrade::planning
