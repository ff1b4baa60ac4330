#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "pgupgrade/model/left_behind.hpp"

namespace pgupgrade {

struct ExtensionFacts {
  std::string name;
  std::string version;  // pg_extension.extversion
  std::string schema;   // its extnamespace
  bool operator==(const ExtensionFacts&) const = default;
};

struct DatabaseFacts {
  std::string name;
  std::int64_t size_bytes = 0;  // pg_database_size
  std::string encoding;         // "UTF8"
  std::string collate;          // datcollate
  std::string ctype;            // datctype
  char locale_provider = 'c';   // 'c' libc, 'i' ICU, 'b' builtin (datlocprovider; 'c' before 15)
  std::string icu_locale;       // daticulocale (15, 16) or datlocale (17 on), else empty
  std::string icu_rules;        // 16 on
  bool allow_connections = true;
  bool invalid = false;  // left by an interrupted DROP DATABASE; allows no connections
  bool is_template = false;
  std::int64_t tables = 0;  // ordinary and partitioned, outside the system's schemas
  std::int64_t estimated_rows = 0;
  std::int64_t large_objects = 0;
  std::vector<ExtensionFacts> extensions;
  std::vector<std::string> procedural_libraries;  // distinct probin of C functions outside extensions
  LeftBehind left_behind;                         // filled by read_left_behind alone
  bool operator==(const DatabaseFacts&) const = default;
};

// That a role is a member of another.
struct MembershipFacts {
  std::string role;    // what was granted
  bool admin = false;  // with admin option
  bool operator==(const MembershipFacts&) const = default;
};

enum class VerifierKind { none, md5, scram, plain };

struct RoleFacts {
  std::string name;
  bool superuser = false;
  bool can_login = false;
  bool create_role = false;
  bool replication = false;
  std::vector<MembershipFacts> member_of;  // by name
  VerifierKind verifier = VerifierKind::none;
  bool operator==(const RoleFacts&) const = default;
};

// A setting that is not at its default.
struct SettingFacts {
  enum class Origin { configuration_file, auto_conf, command_line };
  std::string name;
  std::string value;  // as pg_settings.setting or the file has it
  Origin origin = Origin::configuration_file;
  std::string file;  // sourcefile, empty for command_line
  int line = 0;      // of the file, 0: not known
  bool operator==(const SettingFacts&) const = default;
};

struct ConnectionFacts {
  std::string client_address;  // empty: a Unix socket
  std::string database;
  std::string role;
  std::string application;
  bool operator==(const ConnectionFacts&) const = default;
};

// What one running cluster is and holds, as far as planning needs to know. Holds no secret.
struct Inventory {
  int version_num = 0;         // server_version_num
  std::string version;         // "15.8"
  std::string data_directory;  // SHOW data_directory
  std::string config_file;
  std::string hba_file;
  std::string ident_file;
  std::string superuser;  // the role with oid 10
  bool checksums = false;
  std::int64_t wal_segment_bytes = 0;
  std::string password_encryption;
  std::vector<std::string> preload_libraries;  // shared_, session_ and local_preload_libraries
  std::vector<DatabaseFacts> databases;        // all but template0, by name
  std::vector<RoleFacts> roles;                // all but pg_*, by name
  std::vector<SettingFacts> settings;          // files and command line
  std::vector<std::string> tablespaces;        // names, but the two built in
  std::vector<std::string> replication_slots;
  std::vector<std::string> replication_origins;    // but those of subscriptions
  std::vector<std::string> standbys;               // application_name of each walsender
  std::vector<std::string> subscriptions;          // "database.name"
  std::vector<std::string> prepared_transactions;  // gid
  std::vector<ConnectionFacts> connections;        // client backends but ours
  bool wal_outside_data = false;                   // pg_wal is a symbolic link
  bool in_recovery = false;                        // a standby itself

  int major() const { return version_num / 10000; }
  bool operator==(const Inventory&) const = default;
};

}  // namespace pgupgrade
