#include "postgres/held_rows.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "postgres/fingerprint.hpp"
#include "postgres/names.hpp"
#include "postgres/print_work.hpp"
#include "postgres/session.hpp"

namespace pgupgrade::postgres {
namespace {

// Of a table that can be rewritten: its names in a fingerprint, where its rows may count as those of a
// partitioned table above it.
struct HeldTable {
  std::string file;
  std::vector<std::string> names;
};
using HeldTables = std::map<std::string, HeldTable>;  // by oid

struct HeldDatabase {
  std::string name;
  std::unique_ptr<Session> session;  // in whose transaction the snapshot lives
  std::string snapshot;
  HeldTables tables;
};

constexpr const char* kTables =
    "SELECT c.oid::text, c.relfilenode::text, n.nspname, o.relname FROM pg_class c, LATERAL (SELECT c.oid "
    "UNION SELECT "
    "a.relid FROM pg_partition_ancestors(c.oid) a(relid)) k(oid) JOIN pg_class o ON o.oid = k.oid JOIN "
    "pg_namespace n "
    "ON n.oid = o.relnamespace WHERE c.relkind = 'r' AND c.oid >= 16384 AND c.relpersistence <> 't'";

HeldTables read_tables(Session& session) {
  HeldTables tables;
  for (const Row& row : session.rows(kTables, "read the tables")) {
    HeldTable& table = tables[text_of(row.at(0))];
    table.file = text_of(row.at(1));
    table.names.push_back(display_name(text_of(row.at(2)), text_of(row.at(3))));
  }
  return tables;
}

class LibpqHeldRows final : public HeldRows {
 public:
  LibpqHeldRows(const Endpoint& endpoint, const std::vector<std::string>& databases,
                const Cancellation& cancellation)
      : endpoint_(endpoint), cancellation_(cancellation) {
    for (const std::string& database : databases) hold(database);
  }

  ReadRows read(const std::string& row_hash, int jobs, const PrintProgress& progress) override {
    ReadRows result{.print = {.row_hash = row_hash}, .changed = {}};
    for (HeldDatabase& held : held_) {
      std::set<std::string>& changed = result.changed[held.name];
      const auto told = [&](const std::string& table) {
        if (progress) progress(held.name, table);
      };
      result.print.databases[held.name] =
          read_print(endpoint_,
                     {.database = held.name,
                      .row_hash = row_hash,
                      .snapshot = held.snapshot,
                      .jobs = jobs,
                      .progress = told,
                      .changed = [&](const std::string& table) { add_with_whole(held, table, changed); }},
                     cancellation_);
      result.print.version_num = held.session->version_num();
      held.session.reset();
      add_rewritten(held, changed);
    }
    held_.clear();
    result.print = only_rows(std::move(result.print));
    return result;
  }

 private:
  void hold(const std::string& database) {
    HeldDatabase held{.name = database,
                      .session = std::make_unique<Session>(endpoint_, database, cancellation_),
                      .snapshot = {},
                      .tables = {}};
    held.session->execute(kBeginReading, "begin to read");
    held.snapshot = held.session->column("SELECT pg_export_snapshot()", "export a snapshot").at(0);
    held.tables = read_tables(*held.session);
    held_.push_back(std::move(held));
  }

  static void add_with_whole(const HeldDatabase& held, const std::string& table,
                             std::set<std::string>& changed) {
    changed.insert(table);
    for (const auto& [oid, known] : held.tables)
      if (std::find(known.names.begin(), known.names.end(), table) != known.names.end())
        changed.insert(known.names.begin(), known.names.end());
  }

  // A snapshot does not keep the rows of a table that gets another file.
  void add_rewritten(const HeldDatabase& held, std::set<std::string>& changed) const {
    Session session(endpoint_, held.name, cancellation_);
    const HeldTables now = read_tables(session);
    for (const auto& [oid, table] : held.tables) {
      const auto found = now.find(oid);
      if (found == now.end() || found->second.file != table.file)
        changed.insert(table.names.begin(), table.names.end());
    }
  }

  Endpoint endpoint_;
  const Cancellation& cancellation_;
  std::vector<HeldDatabase> held_;
};

}  // namespace

std::unique_ptr<HeldRows> hold_rows(const Endpoint& endpoint, const std::vector<std::string>& databases,
                                    const Cancellation& cancellation) {
  return std::make_unique<LibpqHeldRows>(endpoint, databases, cancellation);
}

}  // namespace pgupgrade::postgres
