#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pgupgrade::compose {

struct Dependency {
  std::string service;
  std::string condition;
};

struct ServiceMount {
  std::string type;    // volume, bind, tmpfs, …
  std::string source;  // the key under `volumes:` or the host's path
  std::string target;
};

struct Service {
  std::string name;
  std::string image;  // empty for a mere build:
  bool has_build = false;
  std::string dockerfile;                          // of the build:, absolute; empty where it is not a file
  std::map<std::string, std::string> environment;  // may hold secrets
  std::vector<std::string> command;
  std::vector<std::string> profiles;
  std::vector<Dependency> depends_on;
  std::vector<ServiceMount> mounts;
  int scale = 1;
};

// What `docker compose config` says the project means.
struct Project {
  std::string name;
  std::map<std::string, Service> services;
  std::map<std::string, std::string> volumes;       // key -> real name
  std::map<std::string, std::string> secret_files;  // secrets: key -> file, where one is declared

  // Services that need `service`, directly or through others; sorted, dependents after what they need.
  std::vector<std::string> dependents_of(const std::string& service) const;
};

// Whether a service looks like a PostgreSQL server: the image's last path component is postgres, postgresql,
// postgis, pgvector, timescaledb… (or ends so), or its environment has POSTGRES_PASSWORD/PGDATA together with
// a mount below /var/lib/postgresql. A guess that serves only to choose the service; the container decides.
bool looks_like_postgres(const Service& service);

}  // namespace pgupgrade::compose
