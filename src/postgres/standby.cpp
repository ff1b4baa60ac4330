#include "postgres/standby.hpp"

#include <fmt/format.h>

#include <charconv>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/physical.hpp"
#include "postgres/ask.hpp"
#include "postgres/inspect_sql.hpp"
#include "postgres/names.hpp"

namespace pgupgrade::postgres {

StandbyState read_standby_state(Session& session) {
  const auto rows = session.rows(
      "SELECT pg_catalog.pg_is_in_recovery()::text, coalesce((SELECT status = 'streaming' FROM "
      "pg_catalog.pg_stat_wal_receiver), false)::text, coalesce((SELECT "
      "greatest(pg_catalog.pg_wal_lsn_diff(latest_end_lsn, pg_catalog.pg_last_wal_replay_lsn()), 0)::bigint "
      "FROM "
      "pg_catalog.pg_stat_wal_receiver), 0)::text, coalesce(pg_catalog.pg_last_wal_replay_lsn()::text, '')",
      "read the standby's state");
  StandbyState state;
  if (rows.empty()) return state;
  state.in_recovery = text_of(rows[0].at(0)) == "true";
  state.streaming = text_of(rows[0].at(1)) == "true";
  const std::string behind = text_of(rows[0].at(2));
  std::from_chars(behind.data(), behind.data() + behind.size(), state.behind_bytes);
  state.replayed = text_of(rows[0].at(3));
  return state;
}

bool read_has_replayed(Session& session, const std::string& location) {
  const auto answer = session.column(
      "SELECT (pg_catalog.pg_last_wal_replay_lsn() > " + session.quote_literal(location) + "::pg_lsn)::text",
      "read how far the standby has come");
  return answer == std::vector<std::string>{"true"};
}

void promote_standby(Session& session) {
  const auto answer = session.column("SELECT pg_catalog.pg_promote(true, 600)::text", "promote the standby");
  if (answer == std::vector<std::string>{"true"}) return;
  throw Error(ErrorKind::failed, "E-SQL",
              "could not promote the standby: it did not end its recovery in time");
}

std::string unlogged_tables_sql() {
  return "SELECT n.nspname::text || '.' || c.relname::text FROM pg_catalog.pg_class c JOIN "
         "pg_catalog.pg_namespace n "
         "ON n.oid = c.relnamespace WHERE c.relpersistence = 'u' AND c.relkind IN ('r', 'm') ORDER BY 1";
}

std::string column_marks_sql() {
  return std::string("SELECT count(*)::text FROM pg_catalog.pg_attribute WHERE ") + kMarkedColumns;
}

CopyFacts read_copy_facts(SqlReader& reader, const std::string& connect_database,
                          const Inventory& inventory) {
  const auto row = ask_one(reader, connect_database, copy_facts_sql(), "what a copy needs");
  CopyFacts facts;
  facts.wal_level = json::get_string(row, "wal_level");
  facts.free_wal_senders = static_cast<int>(json::get_int(row, "free_wal_senders"));
  facts.free_replication_slots = static_cast<int>(json::get_int(row, "free_replication_slots"));
  for (const DatabaseFacts& database : inventory.databases) {
    if (!database.allow_connections) continue;
    for (const std::string& table : reader.query(database.name, unlogged_tables_sql()))
      facts.unlogged.push_back(database.name + "." + table);
    if (reader.query(database.name, column_marks_sql()) != std::vector<std::string>{"0"})
      facts.marked.push_back(database.name);
  }
  return facts;
}

// What initdb makes has oids below 16384, here and there.
std::map<std::string, std::string> read_relation_files(Session& session) {
  std::map<std::string, std::string> files;
  const std::string sql =
      "SELECT oid::text, pg_catalog.pg_relation_filepath(oid) FROM pg_catalog.pg_class WHERE oid >= 16384 "
      "AND "
      "relkind IN ('r', 'm', 'i', 't') AND relfilenode <> 0";
  for (const Row& row : session.rows(sql, "read the files of all tables and indexes"))
    files[text_of(row.at(0))] = text_of(row.at(1));
  return files;
}

namespace {

// Of indexes with expressions or conditions nobody can tell from the catalog what they compare.
std::string collated_indexes(bool libc_changed) {
  const std::string libc = libc_changed ? "true" : "false";
  return "WITH changed AS (SELECT c.oid FROM pg_catalog.pg_collation c WHERE c.collname NOT IN ('C', "
         "'POSIX', "
         "'ucs_basic') AND ((c.collprovider = 'c' AND " +
         libc +
         ") OR (c.collprovider = 'i' AND c.collversion IS DISTINCT FROM "
         "pg_catalog.pg_collation_actual_version(c.oid)) OR (c.oid = 100 AND (SELECT CASE WHEN "
         "d.datlocprovider = 'c' THEN " +
         libc +
         " AND d.datcollate NOT IN ('C', 'POSIX') WHEN d.datlocprovider = 'i' THEN d.datcollversion "
         "IS DISTINCT FROM "
         "pg_catalog.pg_database_collation_actual_version(d.oid) ELSE false END FROM pg_catalog.pg_database "
         "d WHERE "
         "d.datname = pg_catalog.current_database())))) "
         "SELECT n.nspname::text, c.relname::text FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON "
         "c.oid = "
         "i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'i' AND "
         "c.oid >= "
         "16384 AND c.relpersistence <> 't' AND i.indisvalid AND EXISTS (SELECT 1 FROM changed) AND (EXISTS "
         "(SELECT 1 "
         "FROM changed WHERE changed.oid = ANY (i.indcollation::oid[])) OR i.indexprs IS NOT NULL OR "
         "i.indpred IS NOT "
         "NULL) ORDER BY 1, 2";
}

}  // namespace

std::vector<std::string> rebuild_collated_indexes(Session& session, LibcCollations libc) {
  const auto rows = session.rows(collated_indexes(libc == LibcCollations::changed),
                                 "read the indexes that depend on collations");
  if (rows.empty()) return {};
  session.execute("SET maintenance_work_mem = '256MB'", "set up a session");
  for (const Row& row : rows) {
    const std::string schema = text_of(row.at(0));
    const std::string name = text_of(row.at(1));
    session.execute(
        "REINDEX INDEX " + session.quote_identifier(schema) + "." + session.quote_identifier(name),
        "rebuild the index " + display_name(schema, name));
  }
  return {fmt::format("rebuilt {} of database {}: collations have changed",
                      rows.size() == 1 ? "1 index" : fmt::format("{} indexes", rows.size()),
                      display_name(session.database()))};
}

}  // namespace pgupgrade::postgres
