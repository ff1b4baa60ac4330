#include "postgres/inspect_sql.hpp"

#include "postgres/sql_fragments.hpp"

namespace pgupgrade::postgres {
namespace {

std::string as_json(const std::string& select) {
  return "SELECT row_to_json(answer)::text FROM (" + select + ") answer";
}

}  // namespace

std::string version_num_sql() {
  return "SELECT current_setting('server_version_num')";
}

std::string server_sql() {
  return as_json(
      "SELECT split_part(current_setting('server_version'), ' ', 1) AS version, "
      "current_setting('data_directory') AS data_directory, current_setting('config_file') AS config_file, "
      "current_setting('hba_file') AS hba_file, current_setting('ident_file') AS ident_file, "
      "(SELECT rolname::text FROM pg_roles WHERE oid = 10) AS superuser, "
      "current_setting('data_checksums') = 'on' AS checksums, "
      "pg_size_bytes(current_setting('wal_segment_size')) AS wal_segment_bytes, "
      "current_setting('password_encryption') AS password_encryption, "
      "current_setting('shared_preload_libraries') AS shared_preload_libraries, "
      "current_setting('session_preload_libraries') AS session_preload_libraries, "
      "current_setting('local_preload_libraries') AS local_preload_libraries, "
      "pg_is_in_recovery() AS in_recovery");
}

std::string copy_facts_sql() {
  return as_json(
      "SELECT current_setting('wal_level') AS wal_level, current_setting('max_wal_senders')::int - (SELECT "
      "count(*) "
      "FROM pg_stat_replication) AS free_wal_senders, current_setting('max_replication_slots')::int - "
      "(SELECT count(*) "
      "FROM pg_replication_slots) AS free_replication_slots");
}

std::string database_names_sql() {
  return as_json(
      "SELECT d.datname::text AS name FROM pg_database d WHERE d.datname <> 'template0' AND d.datallowconn "
      "AND d.datconnlimit <> -2 ORDER BY d.datname::text COLLATE \"C\"");
}

std::string databases_sql(int version_num) {
  std::string locale = "'c' AS provider, NULL AS locale, NULL AS rules";
  if (version_num >= 170000) {
    locale = "d.datlocprovider AS provider, d.datlocale AS locale, d.daticurules AS rules";
  } else if (version_num >= 160000) {
    locale = "d.datlocprovider AS provider, d.daticulocale AS locale, d.daticurules AS rules";
  } else if (version_num >= 150000) {
    locale = "d.datlocprovider AS provider, d.daticulocale AS locale, NULL AS rules";
  }
  // A connection limit of -2 marks what an interrupted DROP DATABASE left: nobody can connect to it.
  return as_json(
      "SELECT d.datname::text AS name, pg_database_size(d.oid) AS size, "
      "pg_encoding_to_char(d.encoding)::text AS encoding, d.datcollate::text AS collate, "
      "d.datctype::text AS ctype, " +
      locale +
      ", d.datallowconn AND d.datconnlimit <> -2 AS allow, d.datconnlimit = -2 AS invalid, d.datistemplate "
      "AS template FROM pg_database "
      "d WHERE d.datname <> 'template0' ORDER BY d.datname::text COLLATE \"C\"");
}

std::string roles_facts_sql() {
  // From 16 on a membership can be granted several times, by different roles.
  const auto granted = [](const std::string& condition) {
    return "ARRAY(SELECT DISTINCT g.rolname::text COLLATE \"C\" FROM pg_auth_members m JOIN pg_roles g ON "
           "g.oid = "
           "m.roleid WHERE m.member = a.oid AND " +
           condition + " ORDER BY 1)";
  };
  return as_json(
      "SELECT rolname::text AS name, rolsuper AS superuser, rolcanlogin AS login, rolcreaterole AS "
      "create_role, "
      "rolreplication AS replication, " +
      granted("true") + " AS member_of, " + granted("m.admin_option") +
      " AS admin_of, CASE WHEN rolpassword IS "
      "NULL THEN "
      "'none' WHEN rolpassword LIKE 'SCRAM-SHA-256$%' THEN 'scram' WHEN rolpassword ~ '^md5[0-9a-f]{32}$' "
      "THEN "
      "'md5' ELSE 'plain' END AS verifier FROM pg_authid a WHERE rolname NOT LIKE 'pg\\_%' ORDER BY "
      "rolname::text "
      "COLLATE \"C\"");
}

// The files as they are now, which is what the next start goes by; of several lines the last one counts.
std::string file_settings_sql() {
  return as_json(
      "SELECT DISTINCT ON (f.name) f.name AS name, f.setting AS value, f.sourcefile AS file, "
      "f.sourceline AS line FROM pg_file_settings f WHERE f.name IS NOT NULL ORDER BY f.name, f.seqno DESC");
}

std::string command_line_settings_sql() {
  return as_json(
      "SELECT name, current_setting(name) AS value FROM pg_settings WHERE source = 'command line' AND name "
      "NOT IN "
      "('data_directory', 'config_file', 'hba_file', 'ident_file') AND context <> 'internal' ORDER BY name");
}

std::string auto_conf_sql() {
  return as_json("SELECT pg_read_file('postgresql.auto.conf', 0, 16777216, true) AS content");
}

std::string postmaster_options_sql() {
  return as_json("SELECT pg_read_file('postmaster.opts', 0, 1048576, true) AS content");
}

std::string cluster_objects_sql() {
  return as_json(
      "SELECT 'tablespace' AS kind, spcname::text AS name FROM pg_tablespace WHERE spcname NOT IN "
      "('pg_default', "
      "'pg_global') UNION ALL SELECT 'slot', slot_name::text FROM pg_replication_slots UNION ALL SELECT "
      "'standby', "
      "application_name FROM pg_stat_replication UNION ALL SELECT 'subscription', d.datname || '.' || "
      "s.subname "
      "FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid UNION ALL SELECT 'origin', roname FROM "
      "pg_replication_origin WHERE roname NOT LIKE 'pg\\_%' UNION ALL SELECT 'prepared', gid FROM "
      "pg_prepared_xacts ORDER BY 1, 2");
}

std::string connections_sql() {
  return as_json(
      "SELECT coalesce(host(client_addr), '') AS address, coalesce(datname::text, '') AS database, "
      "coalesce(usename::text, '') AS role, coalesce(application_name, '') AS application FROM "
      "pg_stat_activity "
      "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name <> 'pgupgrade' "
      "ORDER BY 1, 2, 3, 4");
}

std::string database_contents_sql() {
  const std::string tables =
      "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', "
      "'p') AND " +
      sql::user_schema("n");
  return as_json(
      "SELECT (SELECT count(*) " + tables +
      ") AS tables, (SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::int8 " + tables +
      " AND c.relkind = 'r') AS rows, (SELECT count(*) FROM pg_largeobject_metadata) AS large_objects, "
      "ARRAY(SELECT extname::text FROM pg_extension ORDER BY extname::text COLLATE \"C\") AS extensions, "
      "ARRAY(SELECT extversion FROM pg_extension ORDER BY extname::text COLLATE \"C\") AS versions, "
      "ARRAY(SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace ORDER "
      "BY "
      "e.extname::text COLLATE \"C\") AS extension_schemas, "
      "ARRAY(SELECT DISTINCT p.probin::text COLLATE \"C\" FROM pg_proc p JOIN pg_language l ON l.oid = "
      "p.prolang "
      "WHERE l.lanname = 'c' AND p.oid >= 16384 AND p.probin IS NOT NULL AND " +
      sql::not_in_extension("pg_proc", "p.oid") + " ORDER BY 1) AS libraries");
}

std::string md5_verifiers_sql() {
  return as_json(
      "SELECT rolname::text AS role, rolpassword AS verifier FROM pg_authid WHERE rolpassword ~ "
      "'^md5[0-9a-f]{32}$' ORDER BY 1");
}

}  // namespace pgupgrade::postgres
