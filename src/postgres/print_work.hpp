#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pgupgrade/model/fingerprint.hpp"
#include "pgupgrade/postgres/remote.hpp"
#include "pgupgrade/postgres/server.hpp"
#include "postgres/row_forms.hpp"
#include "postgres/session.hpp"

// The rows of a fingerprint: which statements are to be run, and workers that run them side by side.
namespace pgupgrade::postgres {

// A transaction that sees one state of the database, and changes nothing.
inline constexpr const char* kBeginReading = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";

// Where the sessions lead to, and as of when they read.
struct Origin {
  std::function<std::unique_ptr<Session>(const std::string& database)> connect;
  std::string snapshot = {};
  LargeObjectReading large_objects = LargeObjectReading::pages;
  std::vector<std::string> schemas = {};  // whose tables and sequences are read; empty: all
  std::function<void(const std::string& table)> changed = {};  // PrintTask::changed

  // Begins to read in a session that it has connected.
  void begin(Session& session) const;
};

// One statement for a worker: the rows of a table, or the large objects of a database.
struct PrintWork {
  std::string database;
  std::string subject;  // "public.orders"
  std::string sql;
  std::int64_t pages = 0;
  bool count_only = false;
  bool own_encoding = false;      // the names in it are not UTF-8
  TablePrint* table = nullptr;    // where the result goes: here,
  std::int64_t* rows = nullptr;   // here
  std::string* digest = nullptr;  // or here
};

// Runs them in so many sessions at a time, the largest tables of a database first, and puts each result where
// its statement says. `progress` is never called from two threads at once. The first error ends it.
void run_print_work(const Origin& origin, std::vector<PrintWork> work, const RowHash& hash, int jobs,
                    const PrintProgress& progress);

// 0 of a null.
std::int64_t to_number(const std::optional<std::string>& text);

}  // namespace pgupgrade::postgres
