#include "postgres/fingerprint.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "pgupgrade/base/error.hpp"
#include "postgres/catalog.hpp"
#include "postgres/fingerprint_sql.hpp"
#include "postgres/names.hpp"
#include "postgres/session.hpp"

namespace pgupgrade::postgres {
namespace {

constexpr const char* kBegin = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
constexpr std::size_t kSequencesAtOnce = 100;

std::int64_t to_number(const std::optional<std::string>& text) {
  std::int64_t number = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

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

// Where the sessions lead to, and as of when they read.
struct Origin {
  std::function<std::unique_ptr<Session>(const std::string& database)> connect;
  std::string snapshot = {};
  LargeObjectReading large_objects = LargeObjectReading::pages;

  void begin(Session& session) const {
    session.execute(kBegin, "begin to read");
    if (!snapshot.empty())
      session.execute("SET TRANSACTION SNAPSHOT " + session.quote_literal(snapshot),
                      "read as of the snapshot");
  }
};

// One statement for a worker: the rows of a table, or the large objects of a database.
struct Work {
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

// What users have made; what is built-in or an extension's goes by the new server's own version.
Objects read_objects(Session& session, CatalogScope scope) {
  return objects_by_name([&](const std::string& sql) { return session.column(sql, "read the catalogs"); },
                         scope);
}

// Names that are not valid UTF-8 are read as the bytes that they are.
void in_its_encoding(Session& session, const std::function<void()>& read) {
  try {
    read();
  } catch (const Error&) {
    if (!session.cannot_convert()) throw;
    session.execute("ROLLBACK", "end reading");
    session.use_own_encoding();
    read();
  }
}

void plan_tables(Session& session, const RowHash& hash, DatabasePrint& print, std::vector<Work>& work) {
  const int version = session.version_num();
  const Forms forms = row_forms(session.rows(types_sql(version), "read the types of columns"), hash);
  for (const Row& row : session.rows(tables_sql(hash, forms, version), "read the tables")) {
    const std::string name = display_name(text_of(row.at(0)), text_of(row.at(1)));
    const bool of_extension = row.at(5) == "true";
    if (of_extension && row.at(6) != "true") {
      if (row.at(2) == "r")
        work.push_back({.database = session.database(),
                        .subject = name,
                        .sql = text_of(row.at(7)),
                        .pages = to_number(row.at(4)),
                        .rows = &print.not_dumped[name]});
      continue;
    }
    TablePrint& table = print.tables[row.at(8) ? display_name(*row.at(8), text_of(row.at(9))) : name];
    if (row.at(2) == "m") {
      // A restore computes it anew, from the tables as they are now: rows need not be those of the last
      // refresh.
      table.digest = row.at(3) == "true" ? "populated" : "not populated";
      continue;
    }
    work.push_back({.database = session.database(),
                    .subject = name,
                    .sql = text_of(row.at(7)),
                    .pages = to_number(row.at(4)),
                    .count_only = of_extension,
                    .table = &table});
  }
}

void plan_large_objects(Session& session, const RowHash& hash, LargeObjectReading reading,
                        DatabasePrint& print, std::vector<Work>& work) {
  const std::vector<std::string> count = session.column(large_objects_count_sql(), "count the large objects");
  print.large_objects = to_number(count.at(0));
  if (print.large_objects == 0) return;
  work.push_back({.database = session.database(),
                  .subject = "large objects",
                  .sql = reading == LargeObjectReading::pages ? large_objects_hash_sql(hash)
                                                              : large_objects_one_by_one_sql(hash),
                  .pages = print.large_objects,
                  .digest = &print.large_objects_digest});
}

void print_catalog(Session& session, const Origin& origin, const RowHash& hash, DatabasePrint& print,
                   std::vector<Work>& work) {
  origin.begin(session);
  print.objects = read_objects(session, CatalogScope::database);
  read_sequences(session, print);
  plan_tables(session, hash, print, work);
  plan_large_objects(session, hash, origin.large_objects, print, work);
  session.execute("COMMIT", "end reading");
}

// What is read in one go, and the statements for what is left to read.
void print_database(const Origin& origin, const std::string& database, const RowHash& hash,
                    DatabasePrint& print, std::vector<Work>& work) {
  const auto session = origin.connect(database);
  const std::size_t before = work.size();
  const DatabasePrint empty = print;
  try {
    print_catalog(*session, origin, hash, print, work);
  } catch (const Error&) {
    if (!session->cannot_convert()) throw;
    session->execute("ROLLBACK", "end reading");
    session->use_own_encoding();
    print = empty;
    work.resize(before);
    print_catalog(*session, origin, hash, print, work);
    for (std::size_t i = before; i < work.size(); ++i) work[i].own_encoding = true;
  }
}

// The names of those that can be connected to; the others have an entry, too.
std::vector<std::string> read_databases(Session& session, Fingerprint& fingerprint) {
  std::vector<std::string> open;
  for (const Row& row : session.rows(fingerprint_databases_sql(), "read the databases")) {
    const std::string name = text_of(row.at(0));
    fingerprint.databases[name];
    if (row.at(1) == "true") open.push_back(name);
  }
  return open;
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
  RowReader(const Origin& origin, const Work& first, const RowHash& hash)
      : origin_(origin), session_owner_(origin.connect(first.database)), session_(*session_owner_) {
    if (first.own_encoding) session_.use_own_encoding();
    // From 12 on the text of a floating-point number is as short as can be, and exact; up to 11 it is
    // neither.
    if (!hash.binary_floats) session_.execute("SET extra_float_digits = 1", "set up a session");
    origin_.begin(session_);
  }

  const std::string& database() const { return session_.database(); }

  Row row(const Work& work) {
    const std::string purpose = "read the rows of " + work.subject;
    try {
      return session_.rows(work.sql, purpose).at(0);
    } catch (const Error& error) {
      if (!error.is("E-SQL") || !needs_path(session_.sqlstate())) throw;
      return row_with_path(work.sql, purpose, error);
    }
  }

 private:
  // Class 42: a name that is not known; P0001: what a function says of its own.
  static bool needs_path(const std::string& sqlstate) {
    return sqlstate.starts_with("42") || sqlstate == "P0001";
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
  Workers(const Origin& origin, std::vector<Work> work, const RowHash& hash, const PrintProgress& progress)
      : origin_(origin), work_(std::move(work)), hash_(hash), progress_(progress) {
    std::stable_sort(work_.begin(), work_.end(), [](const Work& a, const Work& b) {
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
        const Work& work = work_[i];
        if (!reader || reader->database() != work.database)
          reader = std::make_unique<RowReader>(origin_, work, hash_);
        report(work);
        const Row row = reader->row(work);
        const std::lock_guard lock(mutex_);
        apply(work, row);
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      stop_ = true;
    }
  }

  void report(const Work& work) {
    if (!progress_) return;
    const std::lock_guard lock(mutex_);
    progress_(work.database, work.subject);
  }

  static void apply(const Work& work, const Row& row) {
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
  std::vector<Work> work_;
  const RowHash& hash_;
  const PrintProgress& progress_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::exception_ptr failure_;
};

}  // namespace

// The state of a sequence stands in a relation of its own; many are asked for in one statement.
void read_sequences(Session& session, DatabasePrint& print) {
  const std::vector<Row> sequences = session.rows(sequences_sql(), "read the sequences");
  for (std::size_t start = 0; start < sequences.size(); start += kSequencesAtOnce) {
    const std::size_t end = std::min(start + kSequencesAtOnce, sequences.size());
    std::string sql;
    for (std::size_t i = start; i < end; ++i) {
      sql += (sql.empty() ? "" : " UNION ALL ") + std::string("SELECT (") + text_of(sequences[i].at(3)) + ")";
    }
    const std::vector<std::string> states = session.column(sql, "read the values of sequences");
    for (std::size_t i = start; i < end; ++i) {
      const std::string name = display_name(text_of(sequences[i].at(0)), text_of(sequences[i].at(1)));
      print.sequences[name] = "value " + states.at(i - start) + "; " + text_of(sequences[i].at(2));
    }
  }
}

Fingerprint read_catalogs(const SocketEndpoint& endpoint, const std::string& connect_database,
                          const Cancellation& cancellation) {
  Fingerprint fingerprint;
  std::vector<std::string> open;
  {
    Session session(endpoint, connect_database, cancellation);
    fingerprint.version_num = session.version_num();
    open = read_databases(session, fingerprint);
    fingerprint.shared = read_objects(session, CatalogScope::shared);
  }
  for (const std::string& database : open) {
    Session session(endpoint, database, cancellation);
    in_its_encoding(session, [&] {
      session.execute(kBegin, "begin to read");
      fingerprint.databases[database].objects = read_objects(session, CatalogScope::database);
      session.execute("COMMIT", "end reading");
    });
  }
  return fingerprint;
}

Fingerprint read_fingerprint(const SocketEndpoint& endpoint, const std::string& connect_database,
                             const std::string& row_hash, int jobs, const PrintProgress& progress,
                             const Cancellation& cancellation) {
  const bool with_rows = row_hash != kNoRows;
  const RowHash hash = with_rows ? row_hash_named(row_hash) : RowHash{};
  Fingerprint fingerprint;
  fingerprint.row_hash = row_hash;
  std::vector<std::string> open;
  {
    Session session(endpoint, connect_database, cancellation);
    fingerprint.version_num = session.version_num();
    session.execute(kBegin, "begin to read");
    open = read_databases(session, fingerprint);
    fingerprint.shared = read_objects(session, CatalogScope::shared);
    session.execute("COMMIT", "end reading");
  }
  const Origin origin{.connect = [&](const std::string& database) {
    return std::make_unique<Session>(endpoint, database, cancellation);
  }};
  std::vector<Work> work;
  for (const std::string& database : open)
    print_database(origin, database, hash, fingerprint.databases[database], work);
  // What an extension keeps in its own tables is counted all the same.
  if (!with_rows) std::erase_if(work, [](const Work& one) { return one.rows == nullptr; });
  Workers(origin, std::move(work), hash, progress).run(jobs);
  return fingerprint;
}

DatabasePrint read_print(const Endpoint& endpoint, const PrintTask& task, const Cancellation& cancellation) {
  const RowHash hash = row_hash_named(task.row_hash);
  const Origin origin{.connect =
                          [&](const std::string& database) {
                            return std::make_unique<Session>(endpoint, database, cancellation);
                          },
                      .snapshot = task.snapshot,
                      .large_objects = task.large_objects};
  DatabasePrint print;
  std::vector<Work> work;
  print_database(origin, task.database, hash, print, work);
  const PrintProgress progress = [&](const std::string&, const std::string& table) {
    if (task.progress) task.progress(table);
  };
  Workers(origin, std::move(work), hash, progress).run(task.jobs);
  return print;
}

}  // namespace pgupgrade::postgres
