#include "pgupgrade/postgres/left_behind.hpp"

#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::postgres;

namespace {

class StandingClock final : public Clock {
 public:
  std::chrono::milliseconds now{0};
  std::int64_t unix_ms() const override { return 0; }
  std::chrono::milliseconds monotonic() const override { return now; }
  void pause(std::chrono::milliseconds length) override { now += length; }
};

// Answers by what a statement reads from; each question about rows takes a while.
class RowsReader final : public SqlReader {
 public:
  explicit RowsReader(StandingClock& clock) : clock_(clock) {}

  std::chrono::milliseconds takes{0};
  std::string refused;  // part of a statement
  std::vector<std::string> asked;

  std::vector<std::string> query(const std::string& database, const std::string& sql) override {
    asked.push_back(sql);
    if (!refused.empty() && sql.find(refused) != std::string::npos)
      throw Error(ErrorKind::failed, "E-SQL",
                  "could not query database \"" + database + "\": it took too long");
    if (sql.find("SET LOCAL") != std::string::npos) clock_.now += takes;
    if (sql.find("FILTER (WHERE gross differs)") != std::string::npos) return {R"({"counts":["2","0"]})"};
    if (sql.find("WHERE gross differs LIMIT") != std::string::npos)
      return {R"({"key":"1"})", R"({"key":"2"})"};
    if (sql.find("regclass, count") != std::string::npos)
      return {R"({"regclass":1,"regproc":0,"regtype":0,"regnamespace":0,"regrole":4,"other":2})"};
    if (sql.find("AS gone FROM ONLY audit.log") != std::string::npos) return {R"({"gone":3})"};
    if (sql.find("indisvalid") == std::string::npos) return {};
    std::vector<std::string> rows = {
        R"({"what":"invalid index","row":{"object":"public.bad","cure":"DROP"}})",
        R"({"what":"oid column","row":{"column":"audit.log.relid","target":"ONLY audit.log","name":"relid","type":"oid","required":"true"}})",
        R"({"what":"oid column","row":{"column":"audit.log.gone","target":"ONLY audit.log","name":"gone","type":"regclass","required":"false"}})",
        R"({"what":"column order","row":{"oid":"2","identity":"public.heir","columns":["id","a"],"parents":["1"]}})",
        R"({"what":"column order","row":{"oid":"1","identity":"public.testator","columns":["a"],"parents":[]}})",
        R"({"what":"counter","row":{"object":"public.queue.tx","cure":"xid8"}})"};
    if (sql.find("attgenerated") != std::string::npos)
      rows.push_back(
          R"({"what":"generated table","row":{"schema":"public","table":"invoice","owner":"\"clerk\"",)"
          R"("target":"ONLY public.invoice","key":"id::text","columns":["gross","twice"],)"
          R"("changed":["gross differs","twice differs"]}})");
    return rows;
  }

 private:
  StandingClock& clock_;
};

LeftBehind read(RowsReader& reader, const StandingClock& clock, int version_num = 150008) {
  Inventory inventory;
  inventory.version_num = version_num;
  inventory.databases = {{.name = "shop"}, {.name = "closed", .allow_connections = false}};
  read_left_behind(reader, inventory, clock);
  REQUIRE(inventory.databases[1].left_behind == LeftBehind{});
  return inventory.databases[0].left_behind;
}

}  // namespace

TEST_CASE("what a dump leaves behind is read from the answers of a server") {
  StandingClock clock;
  RowsReader reader(clock);
  const LeftBehind found = read(reader, clock);
  CHECK(found.invalid_indexes == std::vector<LeftObject>{{.object = "public.bad", .cure = "DROP"}});
  CHECK(found.generated_columns ==
        std::vector<GeneratedColumnFacts>{
            {.table = "public.invoice", .column = "gross", .changed = 2, .first_keys = "1; 2"}});
  CHECK(found.oid_columns ==
        std::vector<OidColumnFacts>{
            {.column = "audit.log.relid",
             .values = 7,
             .cure = "ALTER TABLE audit.log ALTER COLUMN relid TYPE regrole USING relid::regrole"},
            {.column = "audit.log.gone",
             .values = 3,
             .gone = true,
             .cure = "UPDATE audit.log SET gone = NULL WHERE gone::text ~ '^[0-9]+$'"}});
  CHECK(found.column_orders ==
        std::vector<LeftObject>{{.object = "public.heir (id, a becomes a, id)",
                                 .cure = "name the columns wherever rows are inserted into it or read by "
                                         "their place"}});
  CHECK(found.counters == std::vector<LeftObject>{{.object = "public.queue.tx", .cure = "xid8"}});
  CHECK(found.problems.empty());
  // A table's expressions run with the rights of its owner and for a bounded time.
  bool as_owner = false;
  for (const std::string& sql : reader.asked)
    as_owner |= sql.starts_with(
        "SET LOCAL lc_messages = 'C'; SET LOCAL statement_timeout = 5000; SET LOCAL row_security = off; SET "
        "LOCAL ROLE \"clerk\"; "
        "SELECT ");
  CHECK(as_owner);
}

TEST_CASE("rows that could not be read in time are told, and so is what the server refuses") {
  StandingClock clock;
  RowsReader slow(clock);
  slow.takes = std::chrono::seconds(40);
  const LeftBehind found = read(slow, clock);
  CHECK(found.oid_columns.at(0).problem.empty());
  REQUIRE(found.generated_columns.size() == 2);
  CHECK(found.generated_columns[0].problem == "the time for such checks was over");

  RowsReader refusing(clock);
  refusing.refused = "FILTER (WHERE gross";
  const LeftBehind unchecked = read(refusing, clock);
  REQUIRE(unchecked.generated_columns.size() == 2);
  CHECK(unchecked.generated_columns[1].problem == "could not query database \"shop\": it took too long");

  refusing.refused = "indisvalid";
  CHECK(read(refusing, clock).problems ==
        std::vector<std::string>{"could not look for what a dump leaves behind: could not query database "
                                 "\"shop\": it took too long"});
}

TEST_CASE("PostgreSQL 10 reads no rows, since it could not be stopped, and has no generated columns") {
  StandingClock clock;
  RowsReader reader(clock);
  const LeftBehind found = read(reader, clock, 100023);
  CHECK(found.generated_columns.empty());
  REQUIRE(found.oid_columns.size() == 2);
  CHECK(found.oid_columns[0].problem == "PostgreSQL 10 could not be stopped if it takes long");
}
