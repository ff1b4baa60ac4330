#include "postgres/print_work.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <exception>
#include <mutex>
#include <thread>

#include "pgupgrade/base/error.hpp"

namespace pgupgrade::postgres {
namespace {

// Sums of hashes stand for sets of rows, so those of partitions add up: modulo 2^64, in which unsigned
// numbers are computed anyway.
std::uint64_t sum_of(const std::string& text) {
  const bool negative = text.starts_with('-');
  std::uint64_t sum = 0;
  for (const char c : std::string_view(text).substr(negative ? 1 : 0))
    sum = sum * 10 + static_cast<std::uint64_t>(c - '0');
  return negative ? 0 - sum : sum;
}

void add_to(std::string& digest, const std::optional<std::string>& sum) {
  digest = std::to_string(sum_of(digest) + sum_of(text_of(sum)));
}

// A search path with everything in it: that of the database (or of ALTER ROLE ALL), then all schemas, those
// of extensions first.
constexpr const char* kWidePath =
    "SELECT set_config('search_path', concat_ws(', ', coalesce((SELECT substr(u.t, 13) FROM "
    "pg_db_role_setting s, "
    "LATERAL unnest(s.setconfig) u(t) WHERE u.t LIKE 'search\\_path=%' AND s.setrole = 0::oid AND "
    "(s.setdatabase = "
    "0::oid OR s.setdatabase = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())) ORDER "
    "BY "
    "s.setdatabase DESC LIMIT 1), 'public'), (SELECT string_agg(quote_ident(n.nspname::text), ', ' ORDER BY "
    "NOT "
    "EXISTS (SELECT 1 FROM pg_extension e WHERE e.extnamespace = n.oid), n.nspname) FROM pg_namespace n "
    "WHERE "
    "n.nspname NOT LIKE 'pg\\_%')), false)";
constexpr const char* kOwnPath = "SET search_path = pg_catalog";

// Reads rows in one database. The planner looks into the functions of a table's indexes and statistics, and a
// function may name what only the search path of its users finds. The answer does not depend on the path.
class RowReader {
 public:
  RowReader(const Origin& origin, const PrintWork& first, const RowHash& hash)
      : origin_(origin), session_owner_(origin.connect(first.database)), session_(*session_owner_) {
    if (first.own_encoding) session_.use_own_encoding();
    // From 12 on the text of a floating-point number is as short as can be, and exact; up to 11 it is
    // neither.
    if (!hash.binary_floats) session_.execute("SET extra_float_digits = 1", "set up a session");
    origin_.begin(session_);
  }

  const std::string& database() const { return session_.database(); }

  // Nothing where the table was changed meanwhile.
  std::optional<Row> row(const PrintWork& work) {
    try {
      Row found = row_of(work);
      if (origin_.changed) begin_with(kOwnPath);  // lets go of the table
      return found;
    } catch (const Error& error) {
      if (!origin_.changed || !error.is("E-SQL") || !is_unknown_name(session_.sqlstate())) throw;
      begin_with(kOwnPath);
      return std::nullopt;
    }
  }

 private:
  static bool is_unknown_name(const std::string& sqlstate) { return sqlstate.starts_with("42"); }
  // P0001: what a function says of its own.
  static bool needs_path(const std::string& sqlstate) {
    return is_unknown_name(sqlstate) || sqlstate == "P0001";
  }

  Row row_of(const PrintWork& work) {
    const std::string purpose = "read the rows of " + work.subject;
    try {
      return session_.rows(work.sql, purpose).at(0);
    } catch (const Error& error) {
      if (!error.is("E-SQL") || !needs_path(session_.sqlstate())) throw;
      return row_with_path(work.sql, purpose, error);
    }
  }

  Row row_with_path(const std::string& sql, const std::string& purpose, const Error& first) {
    begin_with(kWidePath);
    Row row;
    try {
      row = session_.rows(sql, purpose).at(0);
    } catch (const Error& error) {
      if (!error.is("E-SQL")) throw;
      throw Error(first);
    }
    begin_with(kOwnPath);
    return row;
  }

  void begin_with(const std::string& path) {
    session_.execute("ROLLBACK", "end reading");
    session_.execute(path, "set the search path");
    origin_.begin(session_);
  }

  const Origin& origin_;
  std::unique_ptr<Session> session_owner_;
  Session& session_;
};

// Workers take one statement after the other, the largest tables of a database first.
class Workers {
 public:
  Workers(const Origin& origin, std::vector<PrintWork> work, const RowHash& hash,
          const PrintProgress& progress)
      : origin_(origin), work_(std::move(work)), hash_(hash), progress_(progress) {
    std::stable_sort(work_.begin(), work_.end(), [](const PrintWork& a, const PrintWork& b) {
      return a.database != b.database ? a.database < b.database : a.pages > b.pages;
    });
  }

  void run(int jobs) {
    const std::size_t count = std::clamp<std::size_t>(static_cast<std::size_t>(std::max(jobs, 1)), 1,
                                                      std::max<std::size_t>(work_.size(), 1));
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < count; ++i) threads.emplace_back([this] { run_one(); });
    }
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void run_one() {
    try {
      std::unique_ptr<RowReader> reader;
      for (std::size_t i = next_++; i < work_.size() && !stop_; i = next_++) {
        const PrintWork& work = work_[i];
        if (!reader || reader->database() != work.database)
          reader = std::make_unique<RowReader>(origin_, work, hash_);
        report(work);
        const std::optional<Row> row = reader->row(work);
        const std::lock_guard lock(mutex_);
        if (row)
          apply(work, *row);
        else
          origin_.changed(work.subject);
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      stop_ = true;
    }
  }

  void report(const PrintWork& work) {
    if (!progress_) return;
    const std::lock_guard lock(mutex_);
    progress_(work.database, work.subject);
  }

  static void apply(const PrintWork& work, const Row& row) {
    if (work.digest != nullptr) {
      *work.digest = text_of(row.at(0));
      return;
    }
    if (work.rows != nullptr) {
      *work.rows = to_number(row.at(0));
      return;
    }
    // Columns of an extension's table may change with the extension's version.
    TablePrint& table = *work.table;
    table.rows += to_number(row.at(0));
    if (work.count_only) {
      table.digest = "of an extension";
      return;
    }
    add_to(table.digest, row.at(1));
    for (std::size_t i = 2; i + 1 < row.size(); i += 2) {
      const std::string column = text_of(row.at(i));
      add_to(column.empty() ? table.ordinary : table.generated[column], row.at(i + 1));
    }
  }

  const Origin& origin_;
  std::vector<PrintWork> work_;
  const RowHash& hash_;
  const PrintProgress& progress_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::exception_ptr failure_;
};

}  // namespace

std::int64_t to_number(const std::optional<std::string>& text) {
  std::int64_t number = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

void Origin::begin(Session& session) const {
  session.execute(kBeginReading, "begin to read");
  if (!snapshot.empty())
    session.execute("SET TRANSACTION SNAPSHOT " + session.quote_literal(snapshot), "read as of the snapshot");
}

void run_print_work(const Origin& origin, std::vector<PrintWork> work, const RowHash& hash, int jobs,
                    const PrintProgress& progress) {
  Workers(origin, std::move(work), hash, progress).run(jobs);
}

}  // namespace pgupgrade::postgres
