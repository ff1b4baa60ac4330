#pragma once

#include <array>

#include "model/fields.hpp"
#include "model/left_behind_fields.hpp"
#include "pgupgrade/model/inventory.hpp"

namespace pgupgrade {

inline constexpr std::array<fields::Text<VerifierKind>, 4> texts_of(VerifierKind) {
  return {{{VerifierKind::none, "none"},
           {VerifierKind::md5, "md5"},
           {VerifierKind::scram, "scram-sha-256"},
           {VerifierKind::plain, "plain"}}};
}

// The words of pg_settings.source, and the file's own name for ALTER SYSTEM.
inline constexpr std::array<fields::Text<SettingFacts::Origin>, 3> texts_of(SettingFacts::Origin) {
  return {{{SettingFacts::Origin::configuration_file, "configuration file"},
           {SettingFacts::Origin::auto_conf, "postgresql.auto.conf"},
           {SettingFacts::Origin::command_line, "command line"}}};
}

template <class Archive, fields::Of<ExtensionFacts> T>
void describe(Archive& archive, T& value) {
  archive("name", value.name);
  archive("version", value.version);
  archive.optional("schema", value.schema);
}

template <class Archive, fields::Of<DatabaseFacts> T>
void describe(Archive& archive, T& value) {
  archive("name", value.name);
  archive("size_bytes", value.size_bytes);
  archive("encoding", value.encoding);
  archive("collate", value.collate);
  archive("ctype", value.ctype);
  archive("locale_provider", value.locale_provider);
  archive("icu_locale", value.icu_locale);
  archive("icu_rules", value.icu_rules);
  archive("allow_connections", value.allow_connections);
  archive("is_template", value.is_template);
  archive("tables", value.tables);
  archive("estimated_rows", value.estimated_rows);
  archive("large_objects", value.large_objects);
  archive("extensions", value.extensions);
  archive("procedural_libraries", value.procedural_libraries);
  archive.optional("invalid", value.invalid);
  archive.optional("left_behind", value.left_behind);
}

template <class Archive, fields::Of<MembershipFacts> T>
void describe(Archive& archive, T& value) {
  archive("role", value.role);
  archive("admin", value.admin);
}

template <class Archive, fields::Of<RoleFacts> T>
void describe(Archive& archive, T& value) {
  archive("name", value.name);
  archive("superuser", value.superuser);
  archive("can_login", value.can_login);
  archive("verifier", value.verifier);
  archive.optional("create_role", value.create_role);
  archive.optional("replication", value.replication);
  archive.optional("member_of", value.member_of);
}

template <class Archive, fields::Of<SettingFacts> T>
void describe(Archive& archive, T& value) {
  archive("name", value.name);
  archive("value", value.value);
  archive("origin", value.origin);
  archive("file", value.file);
}

template <class Archive, fields::Of<ConnectionFacts> T>
void describe(Archive& archive, T& value) {
  archive("client_address", value.client_address);
  archive("database", value.database);
  archive("role", value.role);
  archive("application", value.application);
}

template <class Archive, fields::Of<Inventory> T>
void describe(Archive& archive, T& value) {
  archive("version_num", value.version_num);
  archive("version", value.version);
  archive("data_directory", value.data_directory);
  archive("config_file", value.config_file);
  archive("hba_file", value.hba_file);
  archive("ident_file", value.ident_file);
  archive("superuser", value.superuser);
  archive("checksums", value.checksums);
  archive("wal_segment_bytes", value.wal_segment_bytes);
  archive("password_encryption", value.password_encryption);
  archive("preload_libraries", value.preload_libraries);
  archive("databases", value.databases);
  archive("roles", value.roles);
  archive("settings", value.settings);
  archive("tablespaces", value.tablespaces);
  archive("replication_slots", value.replication_slots);
  archive("standbys", value.standbys);
  archive("subscriptions", value.subscriptions);
  archive("prepared_transactions", value.prepared_transactions);
  archive("connections", value.connections);
  archive("wal_outside_data", value.wal_outside_data);
  archive("in_recovery", value.in_recovery);
  archive.optional("replication_origins", value.replication_origins);
}

}  // namespace pgupgrade
