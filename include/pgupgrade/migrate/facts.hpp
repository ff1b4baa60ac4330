#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "pgupgrade/model/inventory.hpp"

namespace pgupgrade::migrate {

// A database as its server lists it.
struct ListedDatabase {
  std::string name;
  std::string owner;
  std::int64_t bytes = -1;  // -1: the role may not know
  std::string encoding;
  std::string collate;
  std::string ctype;
  char locale_provider = 'c';
  std::string icu_locale;
  std::string icu_rules;
  bool may_connect = true;  // it allows connections, and the role has the right
  bool is_template = false;
};

// One side, as far as the role that logs in can see it.
struct ServerFacts {
  std::string address;  // "db.example:5432"
  int version_num = 0;
  std::string version;  // "13.16"
  std::string role;
  std::string bootstrap;  // the role with oid 10
  bool superuser = false;
  bool creates_databases = false;
  bool creates_roles = false;
  bool encrypted = false;
  bool in_recovery = false;
  std::string started;  // the same for two connections to one server only
  int free_connections = -1;
  std::vector<ListedDatabase> databases;
  std::set<std::string> roles;             // all that there are
  std::set<std::string> assumable_roles;   // to whom the role may give objects
  std::set<std::string> tablespaces;       // but for the two built in
  std::map<std::string, bool> extensions;  // those that can be had -> whether this role may create them

  int major() const { return version_num / 10000; }
  const ListedDatabase* find(const std::string& database) const;
};

struct TableSize {
  std::string schema;
  std::string name;
  std::int64_t bytes = 0;
};

// What one database of the source holds.
struct DatabaseContents {
  std::string name;
  std::int64_t tables = 0;
  std::int64_t estimated_rows = 0;
  std::int64_t large_objects = 0;
  std::vector<ExtensionFacts> extensions;
  std::vector<std::string> unreadable;  // "table public.pay (no SELECT)"
  std::set<std::string> owners;         // of its objects and of itself
  std::set<std::string> grantees;
  std::set<std::string> policy_roles;
  std::set<std::string> tablespaces;  // that its tables and indexes lie in
  std::vector<std::string> event_triggers;
  std::vector<std::string> subscriptions;
  std::vector<std::string> publications;
  std::vector<std::string> clients;  // "app from 10.0.0.7", other sessions in it
  std::int64_t prepared_transactions = 0;
  std::int64_t user_mappings = 0;
  std::vector<TableSize> largest_tables;  // with rows of their own and no extension's, largest first
};

// The place at the target where a database is to go.
struct DestinationFacts {
  std::string name;
  bool exists = false;
  bool may_connect = true;
  bool may_create = true;             // has the right CREATE on it
  bool may_create_public = true;      // and on its schema public, as far as it has one
  std::vector<std::string> contents;  // "table public.orders", the first few that somebody has made
  std::string encoding;
  std::string comment;  // on the database: a run marks its own with it while it fills it
};

struct Facts {
  ServerFacts source;
  ServerFacts target;
  std::vector<DatabaseContents> contents;      // of the databases that were asked for
  std::vector<DestinationFacts> destinations;  // of the same, in the same order
  std::int64_t free_bytes = -1;                // where dump files would go
};

}  // namespace pgupgrade::migrate
