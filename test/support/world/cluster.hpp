#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "support/world/tree.hpp"

namespace pgupgrade::test {

// What a simulated cluster holds. It is kept as text in the files of its data directory, so that losing or
// restoring files loses or restores it.
struct Database {
  std::map<std::string, std::vector<std::string>> tables;  // "public.orders" -> rows
  std::set<std::string> unlogged;                          // of the tables
  std::set<std::string> members;                 // of the tables: of extension "hstore", so not dumped
  std::map<std::string, std::string> sequences;  // "public.orders_id_seq" -> last value
  bool marked = false;  // the server keeps marks of its own in the catalogs, which no other one knows

  // The same but for the marks.
  bool operator==(const Database& other) const;
};

struct Cluster {
  std::string superuser = "postgres";
  std::map<std::string, Database> databases;
  std::map<std::string, std::string> roles;  // name -> verifier, empty for none
  std::map<std::string, std::string> settings_for_all_roles;
  std::set<std::string> grants;    // "reader to app"
  std::set<std::string> creators;  // roles with CREATEROLE
  bool analyzed = false;

  // The same but for what an upgrade may change: verifiers and statistics.
  bool same_content(const Cluster& other) const;
};

// What the recovery of a server that was killed does to unlogged tables.
void empty_unlogged_tables(Cluster& cluster);

std::string database_text(const Database& database);
std::optional<Database> parse_database(const std::string& text);

// Writes the files that initdb makes, and the content.
void create_cluster(Tree& tree, const std::string& directory, int major, const Cluster& cluster,
                    const std::string& owner, std::int64_t mtime);
// Nothing when the directory holds no cluster, or a damaged one.
std::optional<Cluster> read_cluster(const Tree& tree, const std::string& directory);
// Writes only files whose content changes.
void write_cluster(Tree& tree, const std::string& directory, const Cluster& cluster, std::int64_t mtime);

int version_of(const Tree& tree, const std::string& directory);  // 0: none
std::string control_state(const Tree& tree, const std::string& directory);
void set_control_state(Tree& tree, const std::string& directory, const std::string& state,
                       std::int64_t mtime);

}  // namespace pgupgrade::test
