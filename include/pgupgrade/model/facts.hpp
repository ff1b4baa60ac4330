#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pgupgrade/model/diagnostic.hpp"
#include "pgupgrade/model/inventory.hpp"
#include "pgupgrade/model/mount.hpp"

namespace pgupgrade {

struct RestartPolicy {
  std::string name = "no";  // no, always, unless-stopped, on-failure
  int maximum_retries = 0;
  bool operator==(const RestartPolicy&) const = default;
};

// One replacement of bytes in a file of the project.
struct FileEdit {
  std::string file;          // absolute
  std::uint64_t offset = 0;  // bytes from the start
  int line = 0;              // from 1
  std::string old_text;      // what must stand at `offset` now
  std::string new_text;
  std::vector<std::string> services = {};  // in a plan: whose image or data it is about
  // What of its line is to be shown around it: "image: postgres:" before 15. Nothing of other keys.
  std::string before = {};
  std::string after = {};
  bool operator==(const FileEdit&) const = default;
};

// What an image offers, read in a container of it.
struct ImageFacts {
  std::string reference;  // as asked for
  std::string id;         // sha256:…
  std::string version;    // "17.6"
  int major = 0;
  std::string default_pgdata;        // ENV PGDATA
  std::vector<std::string> volumes;  // VOLUME paths
  std::string binary_directory;      // where postgres and pg_dump are
  std::int64_t postgres_uid = 0;
  std::int64_t postgres_gid = 0;
  std::vector<std::string> locales;               // locale -a, as printed
  std::map<std::string, std::string> extensions;  // name -> default version, from the control files
  std::vector<std::string> libraries;             // names in $libdir, without .so
  std::vector<std::string> settings;              // postgres --describe-config: the names it knows
  std::string libc;                               // "glibc 2.36", "musl", "" when unknown
  // Of the old server's settings those whose value this server refuses: name -> its reason.
  std::map<std::string, std::string> refused_settings;
  bool operator==(const ImageFacts&) const = default;
};

// A container that talks to a target and is stopped while we work.
struct ClientFacts {
  std::string container_id;
  std::string container_name;
  std::string project;  // its Compose project, empty if none
  std::string service;
  bool running = true;
  RestartPolicy restart;
  std::string why;  // "depends on db", "connected as app"
  bool operator==(const ClientFacts&) const = default;
};

struct VolumeFacts {
  std::string name;
  std::string driver;
  std::string created_at;  // the engine's text; with the name, a volume's identity
  std::map<std::string, std::string> labels;
  bool operator==(const VolumeFacts&) const = default;
};

// Where one md5 password's plaintext is known from; never the password itself.
struct PasswordMatch {
  std::string role;
  std::string origin;  // "POSTGRES_PASSWORD of service db", "--password-file"; empty: no candidate fits
  bool operator==(const PasswordMatch&) const = default;
};

// What a physical copy of the running server asks of it.
struct CopyFacts {
  std::string problem;  // why it could not be found out; what follows then says nothing
  std::string wal_level;
  int free_wal_senders = 0;
  int free_replication_slots = 0;
  std::string refusal;                // why it lets no replication connection in, empty: it does
  std::vector<std::string> unlogged;  // "database.schema.table": a copy has them empty
  std::vector<std::string> marked;    // databases whose server has put marks of its own into the catalogs
  std::string data_directory;         // where the data mount is on the host; empty: not known
  bool plain_volume = true;           // it is a bind mount, or a volume of the local driver without options
  std::string no_exchange;  // why the data cannot change places with a new cluster; empty: nothing is known
  std::string old_libc;     // of the old image, as ImageFacts::libc
  bool operator==(const CopyFacts&) const = default;
};

// What the downtime of a run depends on.
struct Workload {
  std::int64_t bytes = 0;  // of all databases
  int tables = 0;
  int jobs = 1;
  bool reads_rows = true;         // both sides' rows are read and compared in the downtime
  bool libc_changes = false;      // indexes of text may have to be rebuilt
  bool backs_up = true;           // a dump begins with a backup of the data, else it stays aside
  std::int64_t copied_bytes = 0;  // of the data that stays aside, what is copied to be dumped
  bool operator==(const Workload&) const = default;
};

// A run that has succeeded on this machine without an interruption, and how long it was down.
struct PastRun {
  std::string run_id;
  std::string strategy;
  Workload workload;
  std::int64_t downtime_ms = 0;
  bool operator==(const PastRun&) const = default;
};

// A cluster on a mount of a service that the service does not use.
// A cluster on a mount of a service that the service does not use. The mount is the container's, or one that
// only the Compose file has.
struct UnusedCluster {
  Mount mount;
  std::string path;  // of its data directory, in the container
  int major = 0;
  bool operator==(const UnusedCluster&) const = default;
};

struct ServiceFacts {
  std::string service;
  std::string project;  // empty of a plain container
  // No Compose file describes it: its container is made again from its inspection. The service has its name.
  bool plain_container = false;
  std::string run_line;  // the `docker run` lines that the new container would amount to, and the old one
  std::string old_run_line;
  // Containers that would stay bound to the old one, and how: "pooler (it has its network)".
  std::vector<std::string> bound_containers;
  std::string container_id;
  std::string container_name;
  bool running = false;
  bool ended = false;            // the container has run, and does not now
  std::string compose_image;     // as `docker compose config` resolves it
  std::string image_id;          // of the container
  int image_major = 0;           // that this image says it has (ENV PG_MAJOR), 0: it does not say
  std::string made_from;         // the container: its Compose files, with commas
  std::string image_pgdata;      // ENV PGDATA of that image
  std::string pgdata;            // of the container's environment
  bool declares_pgdata = false;  // the Compose file sets it, to whatever value
  // Where PGDATA will be when it names the major version and is edited with the image; empty: it stays.
  std::string new_pgdata;
  // Where the image is of another version than the data: one that the data needs (--old-image, or derived;
  // empty: not known), and the edits that make the files name it again.
  std::string old_image;
  std::vector<FileEdit> back_edits;
  std::string lone_volume;  // there is no container, but this volume or directory of it
  std::map<std::string, std::string> environment;  // only LANG, LC_*, TZ, PGTZ, LD_PRELOAD, and the like
  std::string user;                                // of the container, empty: the image's
  std::int64_t shm_bytes = 0;
  RestartPolicy restart;
  std::vector<Mount> mounts;
  int pg_version_file = 0;  // PG_VERSION in the data directory, 0: none found
  std::vector<UnusedCluster> unused_clusters;
  std::optional<VolumeFacts> data_volume;  // when the data mount is a volume
  std::vector<std::string> other_users;    // containers that also mount the data, with state
  // Of the data mount, as the running container sees it; -1: cannot be told.
  std::int64_t data_device = -1;
  std::int64_t data_free_bytes = -1;
  std::vector<std::string> with_attributes;  // some of the data's files with extended attributes, if any
  std::optional<Inventory> inventory;        // when the server answered
  std::string inventory_problem;             // why it did not
  std::string inventory_hint;                // and what cures that, where it is known
  std::vector<PasswordMatch> md5_passwords;  // one per role with an md5 verifier
  std::string new_image;                     // reference, derived or given
  std::vector<FileEdit> edits;               // with --no-edit what the user would set
  std::vector<std::string> moved_along;  // services without a cluster whose image the edits change as well
  std::optional<Diagnostic> edit_problem;
  std::optional<CopyFacts> copy;
  std::optional<ImageFacts> new_image_facts;  // when the image is on the engine
  std::vector<ClientFacts> clients;
  std::vector<std::string> host_clients;  // connections that no container explains
  std::map<std::string, int> dumpers;     // running clients that make dumps -> major of their pg_dump
  bool operator==(const ServiceFacts&) const = default;
};

// All that planning needs to know of the world. Gathered by observation; holds no secret.
struct Facts {
  std::string engine_id;
  std::string engine_endpoint;    // unix:///var/run/docker.sock
  int processors = 1;             // of the engine
  std::int64_t memory_bytes = 0;  // of the engine
  std::string project;
  std::string project_directory;
  std::map<std::string, std::string> file_digests;  // absolute path -> sha256 of each file that may be edited
  std::vector<ServiceFacts> services;               // the targets asked for
  std::int64_t state_free_bytes = 0;                // where the state directory is, or --backup-dir
  std::int64_t engine_free_bytes = -1;              // where volumes are; -1: cannot be told
  bool same_file_system = false;                    // the two are one
  std::int64_t engine_device = -1;                  // of the engine's volumes, -1: cannot be told
  std::vector<PastRun> past_runs;                   // of the state directory, the newest first
  // Where --keep-dumps puts dumps; -1: they are not kept, or it cannot be told.
  std::int64_t dumps_free_bytes = -1;
  bool dumps_with_state = false;   // on the file system of the state directory
  bool dumps_with_engine = false;  // on that of the engine's volumes
  bool operator==(const Facts&) const = default;
};

}  // namespace pgupgrade
