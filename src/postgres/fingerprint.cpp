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

// One statement for a worker: the rows of a table, or the large objects of a database.
struct Work {
  std::string database;
  std::string subject;  // "public.orders"
  std::string sql;
  std::int64_t pages = 0;
  bool count_only = false;
  TablePrint* table = nullptr;    // where the result goes: here,
  std::int64_t* rows = nullptr;   // here
  std::string* digest = nullptr;  // or here
};

// What users have made; what is built-in or an extension's goes by the new server's own version.
Objects read_objects(Session& session, CatalogScope scope) {
  Objects objects;
  const AskSql ask = [&](const std::string& sql) { return session.column(sql, "read the catalogs"); };
  for (CatalogObject& object : read_catalog(ask, scope)) {
    objects.emplace_hint(objects.end(), object.kind + " " + object.identity, std::move(object.attributes));
  }
  return objects;
}

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

void plan_tables(Session& session, const std::string& row_hash, DatabasePrint& print,
                 std::vector<Work>& work) {
  for (const Row& row : session.rows(tables_sql(row_hash, session.version_num()), "read the tables")) {
    const std::string name = display_name(text_of(row.at(0)), text_of(row.at(1)));
    const bool of_extension = row.at(5) == "true";
    if (of_extension && row.at(6) != "true") {
      if (row.at(2) == "r")
        work.push_back({.database = session.database(),
                        .subject = name,
                        .sql = table_hash_sql(text_of(row.at(7))),
                        .pages = to_number(row.at(4)),
                        .rows = &print.not_dumped[name]});
      continue;
    }
    TablePrint& table = print.tables[name];
    if (row.at(2) == "m") {
      // A restore computes it anew, from the tables as they are now: rows need not be those of the last
      // refresh.
      table.digest = row.at(3) == "true" ? "populated" : "not populated";
      continue;
    }
    work.push_back({.database = session.database(),
                    .subject = name,
                    .sql = table_hash_sql(text_of(row.at(7))),
                    .pages = to_number(row.at(4)),
                    .count_only = of_extension,
                    .table = &table});
  }
}

void plan_large_objects(Session& session, const std::string& row_hash, DatabasePrint& print,
                        std::vector<Work>& work) {
  const std::vector<std::string> count = session.column(large_objects_count_sql(), "count the large objects");
  print.large_objects = to_number(count.at(0));
  if (print.large_objects == 0) return;
  work.push_back({.database = session.database(),
                  .subject = "large objects",
                  .sql = large_objects_hash_sql(row_hash),
                  .pages = print.large_objects,
                  .digest = &print.large_objects_digest});
}

void read_catalogue(Session& session, const std::string& row_hash, DatabasePrint& print,
                    std::vector<Work>& work) {
  session.execute(kBegin, "begin to read");
  print.objects = read_objects(session, CatalogScope::database);
  read_sequences(session, print);
  plan_tables(session, row_hash, print, work);
  plan_large_objects(session, row_hash, print, work);
  session.execute("COMMIT", "end reading");
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

// Workers take one statement after the other, the largest tables of a database first.
class Workers {
 public:
  Workers(const SocketEndpoint& endpoint, std::vector<Work> work, const PrintProgress& progress,
          const Cancellation& cancellation)
      : endpoint_(endpoint), work_(std::move(work)), progress_(progress), cancellation_(cancellation) {
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
      std::unique_ptr<Session> session;
      for (std::size_t i = next_++; i < work_.size() && !stop_; i = next_++) {
        const Work& work = work_[i];
        if (!session || session->database() != work.database) {
          session = std::make_unique<Session>(endpoint_, work.database, cancellation_);
          session->execute(kBegin, "begin to read");
        }
        report(work);
        apply(work, session->rows(work.sql, "read the rows of " + work.subject).at(0));
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

  // Every result has its own place, so no lock is needed.
  static void apply(const Work& work, const Row& row) {
    if (work.digest != nullptr) {
      *work.digest = text_of(row.at(0));
      return;
    }
    if (work.rows != nullptr) {
      *work.rows = to_number(row.at(0));
      return;
    }
    work.table->rows = to_number(row.at(0));
    // Columns of an extension's table may change with the extension's version.
    work.table->digest = work.count_only ? "of an extension" : text_of(row.at(1));
  }

  const SocketEndpoint& endpoint_;
  std::vector<Work> work_;
  const PrintProgress& progress_;
  const Cancellation& cancellation_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::exception_ptr failure_;
};

}  // namespace

Fingerprint read_fingerprint(const SocketEndpoint& endpoint, const std::string& connect_database,
                             const std::string& row_hash, int jobs, const PrintProgress& progress,
                             const Cancellation& cancellation) {
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
  std::vector<Work> work;
  for (const std::string& database : open) {
    Session session(endpoint, database, cancellation);
    read_catalogue(session, row_hash, fingerprint.databases[database], work);
  }
  Workers(endpoint, std::move(work), progress, cancellation).run(jobs);
  return fingerprint;
}

}  // namespace pgupgrade::postgres
