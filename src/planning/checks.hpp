// The preflight checks: small pure functions, each with one subject, run from the table in preflight.cpp or
// from that of a strategy.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "pgupgrade/model/facts.hpp"
#include "pgupgrade/model/request.hpp"
#include "pgupgrade/planning/data_directory.hpp"

namespace pgupgrade::planning {

// One service that runs and answers, hence has an inventory.
struct Subject {
  const Request& request;
  const ServiceFacts& service;
  const Inventory& inventory;
  const DataPlacement& place;
};

struct Check {
  const char* title;  // what is so where it finds nothing: "nothing else mounts the data"
  const char* codes;  // of all that it may find, separated by spaces
  Diagnostics (*find)(const Subject&);
  bool (*applies)(const Subject&) = nullptr;  // whether there is something to look at; null: always
};

// What those that apply find, in their order.
Diagnostics findings(std::span<const Check> checks, const Subject& subject);

// Where the data is (checks_storage.cpp).
Diagnostics check_data_directory(const Subject& subject);
Diagnostics check_data_directory_setting(const Subject& subject);
Diagnostics check_new_directory(const Subject& subject);
Diagnostics check_data_mount(const Subject& subject);
Diagnostics check_read_only_mount(const Subject& subject);
Diagnostics check_anonymous_volume(const Subject& subject);
Diagnostics check_subpaths(const Subject& subject);
Diagnostics check_nested_mounts(const Subject& subject);
Diagnostics check_shared_volume(const Subject& subject);
Diagnostics check_extended_attributes(const Subject& subject);
Diagnostics check_kept_dumps(const Subject& subject);

// What the cluster holds (checks_cluster.cpp).
Diagnostics check_tablespaces(const Subject& subject);
Diagnostics check_wal_place(const Subject& subject);
Diagnostics check_postgres_database(const Subject& subject);
Diagnostics check_recovery(const Subject& subject);
Diagnostics check_replication(const Subject& subject);
Diagnostics check_replication_origins(const Subject& subject);
Diagnostics check_subscriptions(const Subject& subject);
Diagnostics check_closed_databases(const Subject& subject);
Diagnostics check_invalid_databases(const Subject& subject);
Diagnostics check_preloaded_extensions(const Subject& subject);
Diagnostics check_prepared_transactions(const Subject& subject);
Diagnostics check_name_bytes(const Subject& subject);
Diagnostics check_names(const Subject& subject);
Diagnostics check_superuser_name(const Subject& subject);
Diagnostics check_checksums(const Subject& subject);
Diagnostics check_changed_defaults(const Subject& subject);

// What a dump leaves behind (checks_left_behind.cpp, checks_roles.cpp, checks_members.cpp).
Diagnostics check_catalog_objects(const Subject& subject);
Diagnostics check_owners(const Subject& subject);
Diagnostics check_invalid_indexes(const Subject& subject);
Diagnostics check_key_states(const Subject& subject);
Diagnostics check_constructors(const Subject& subject);
Diagnostics check_column_orders(const Subject& subject);
Diagnostics check_counters(const Subject& subject);
Diagnostics check_broken_rows(const Subject& subject);
Diagnostics check_views(const Subject& subject);
Diagnostics check_generated_columns(const Subject& subject);
Diagnostics check_oid_columns(const Subject& subject);
Diagnostics check_left_behind_problems(const Subject& subject);
Diagnostics check_create_role(const Subject& subject);
Diagnostics check_extension_members(const Subject& subject);
Diagnostics check_built_ins(const Subject& subject);  // what every strategy loses of them

// What a copy of the running server, or a new cluster beside the old one, asks of it (checks_warm.cpp).
Diagnostics check_warm_versions(const Subject& subject);
Diagnostics check_warm_libc(const Subject& subject);
Diagnostics check_rehearsed_version(const Subject& subject);
Diagnostics check_copy_known(const Subject& subject);
Diagnostics check_wal_level(const Subject& subject);
Diagnostics check_wal_senders(const Subject& subject);
Diagnostics check_slots(const Subject& subject);
Diagnostics check_replication_login(const Subject& subject);
Diagnostics check_unlogged_tables(const Subject& subject);
Diagnostics check_warm_storage(const Subject& subject);
Diagnostics check_versioned_directory(const Subject& subject);  // of strategy auto
Diagnostics check_place_aside(const Subject& subject);          // of --backup aside

// Passwords, clients and the compose file (checks_clients.cpp).
Diagnostics check_md5_passwords(const Subject& subject);
Diagnostics check_password_encryption(const Subject& subject);
Diagnostics check_poolers(const Subject& subject);
Diagnostics check_dumpers(const Subject& subject);
Diagnostics check_host_clients(const Subject& subject);
Diagnostics check_bound_containers(const Subject& subject);
Diagnostics check_compose_files(const Subject& subject);
Diagnostics check_old_image(const Subject& subject);
Diagnostics check_compose_edit(const Subject& subject);
Diagnostics check_files_left_alone(const Subject& subject);
Diagnostics check_moved_along(const Subject& subject);

// Shared by the checks.
std::string service_name(const std::string& service);            // `service db`
std::string service_name(const ServiceFacts& service);           // the same, `container pg` of a plain one
std::string mount_name(const Mount& mount);                      // `volume shop_data`, `directory /srv/data`
std::string quoted(const std::string& name);                     // `"a"`, fit to be shown
std::string quoted_list(const std::vector<std::string>& names);  // `"a", "b" and 3 more`
std::string plain_list(const std::vector<std::string>& names);   // `a, b and 3 more`
std::string statements(const std::vector<std::string>& sql);     // `A; B; and 3 more statements`
// What to type to start it, and to see its log: "docker compose up -d db", or "docker start pg".
std::string start_command(const ServiceFacts& service);
std::string log_command(const ServiceFacts& service);
std::string origin_of_password(const ServiceFacts& service, const std::string& role);  // empty: not known

}  // namespace pgupgrade::planning
