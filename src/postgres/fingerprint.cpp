#include "postgres/fingerprint.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "pgupgrade/base/error.hpp"
#include "postgres/catalog.hpp"
#include "postgres/fingerprint_sql.hpp"
#include "postgres/names.hpp"
#include "postgres/print_work.hpp"
#include "postgres/session.hpp"

namespace pgupgrade::postgres {
namespace {

constexpr std::size_t kSequencesAtOnce = 100;

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

bool is_wanted(const std::vector<std::string>& schemas, const std::string& schema) {
  return schemas.empty() || std::find(schemas.begin(), schemas.end(), schema) != schemas.end();
}

void plan_tables(Session& session, const std::vector<std::string>& schemas, const RowHash& hash,
                 DatabasePrint& print, std::vector<PrintWork>& work) {
  const int version = session.version_num();
  const Forms forms = row_forms(session.rows(types_sql(version), "read the types of columns"), hash);
  for (const Row& row : session.rows(tables_sql(hash, forms, version), "read the tables")) {
    if (!is_wanted(schemas, text_of(row.at(0)))) continue;
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
                        DatabasePrint& print, std::vector<PrintWork>& work) {
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
                   std::vector<PrintWork>& work) {
  origin.begin(session);
  if (!origin
           .changed) {  // else only the rows are wanted, and no lock on a sequence of applications that go on
    print.objects = read_objects(session, CatalogScope::database);
    read_sequences(session, origin.schemas, print);
  }
  plan_tables(session, origin.schemas, hash, print, work);
  if (origin.schemas.empty()) plan_large_objects(session, hash, origin.large_objects, print, work);
  session.execute("COMMIT", "end reading");
}

// What is read in one go, and the statements for what is left to read.
void print_database(const Origin& origin, const std::string& database, const RowHash& hash,
                    DatabasePrint& print, std::vector<PrintWork>& work) {
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

}  // namespace

// The state of a sequence stands in a relation of its own; many are asked for in one statement.
void read_sequences(Session& session, const std::vector<std::string>& schemas, DatabasePrint& print) {
  std::vector<Row> sequences = session.rows(sequences_sql(), "read the sequences");
  std::erase_if(sequences, [&](const Row& row) { return !is_wanted(schemas, text_of(row.at(0))); });
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
      session.execute(kBeginReading, "begin to read");
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
    session.execute(kBeginReading, "begin to read");
    open = read_databases(session, fingerprint);
    fingerprint.shared = read_objects(session, CatalogScope::shared);
    session.execute("COMMIT", "end reading");
  }
  const Origin origin{.connect = [&](const std::string& database) {
    return std::make_unique<Session>(endpoint, database, cancellation);
  }};
  std::vector<PrintWork> work;
  for (const std::string& database : open)
    print_database(origin, database, hash, fingerprint.databases[database], work);
  // What an extension keeps in its own tables is counted all the same.
  if (!with_rows) std::erase_if(work, [](const PrintWork& one) { return one.rows == nullptr; });
  run_print_work(origin, std::move(work), hash, jobs, progress);
  return fingerprint;
}

DatabasePrint read_print(const Endpoint& endpoint, const PrintTask& task, const Cancellation& cancellation) {
  const RowHash hash = row_hash_named(task.row_hash);
  const Origin origin{.connect =
                          [&](const std::string& database) {
                            return std::make_unique<Session>(endpoint, database, cancellation);
                          },
                      .snapshot = task.snapshot,
                      .large_objects = task.large_objects,
                      .schemas = task.schemas,
                      .changed = task.changed};
  DatabasePrint print;
  std::vector<PrintWork> work;
  print_database(origin, task.database, hash, print, work);
  const PrintProgress progress = [&](const std::string&, const std::string& table) {
    if (task.progress) task.progress(table);
  };
  run_print_work(origin, std::move(work), hash, task.jobs, progress);
  return print;
}

}  // namespace pgupgrade::postgres
