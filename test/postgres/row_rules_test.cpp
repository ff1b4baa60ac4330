#include "pgupgrade/postgres/row_rules.hpp"

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

// Three rules: one that two rows break, one that takes too long, one whose text is no text.
class RulesReader final : public SqlReader {
 public:
  explicit RulesReader(StandingClock& clock) : clock_(clock) {}

  std::chrono::milliseconds takes{0};
  std::vector<std::string> asked;

  std::vector<std::string> query(const std::string& database, const std::string& sql) override {
    asked.push_back(sql);
    const auto has = [&](const char* part) { return sql.find(part) != std::string::npos; };
    if (has("SET LOCAL")) clock_.now += takes;
    if (has("SELECT b.key FROM (keys of t)")) return {R"({"key":"id=1"})", R"({"key":"id=2"})"};
    if (has("(keys of t)")) return {R"({"broken":2})"};
    if (has("(slow)"))
      throw Error(ErrorKind::failed, "E-SQL", "could not query database \"" + database + "\": too slow");
    if (has("(bytes)"))
      throw Error(ErrorKind::failed, "E-SQL",
                  "could not query: ERROR:  invalid byte sequence for encoding \"UTF8\": 0xff\nCONTEXT: x");
    if (has("(sound)")) return {R"({"broken":0})"};
    return {
        R"({"kind":"rows","rule":"index i on table public.t","owner":"\"clerk\"","broken":"keys of t"})",
        R"({"kind":"rows","rule":"constraint k on table public.t","owner":"","broken":"slow"})",
        R"({"kind":"rows","rule":"constraint s on table public.t","owner":"","broken":"sound"})",
        R"({"kind":"computed","rule":"constraint c on table public.t","owner":"\"clerk\"","broken":"keys of t"})",
        R"({"kind":"withheld","rule":"constraint w on table public.t","owner":"\"clerk\"","broken":"never"})",
        R"({"kind":"encoding","rule":"encoding UTF8 of table public.t","owner":"x","broken":"bytes"})"};
  }

 private:
  StandingClock& clock_;
};

std::vector<RowFinding> read(RulesReader& reader, const StandingClock& clock) {
  Inventory inventory;
  inventory.version_num = 150008;
  inventory.databases = {{.name = "shop"}, {.name = "closed", .allow_connections = false}};
  read_row_rules(reader, inventory, clock);
  REQUIRE(inventory.databases[1].left_behind == LeftBehind{});
  return inventory.databases[0].left_behind.rows;
}

}  // namespace

TEST_CASE("rows that break a rule are told with their keys, and a rule that could not be checked as such") {
  StandingClock clock;
  RulesReader reader(clock);
  CHECK(read(reader, clock) ==
        std::vector<RowFinding>{
            {.rule = "index i on table public.t", .rows = 2, .first_keys = "id=1; id=2", .cure = "keys of t"},
            {.rule = "constraint k on table public.t",
             .problem = "could not query database \"shop\": too slow"},
            {.rule = "constraint c on table public.t",
             .rows = 2,
             .first_keys = "id=1; id=2",
             .problem = "it depends on an expression, which the settings of the restore may make another"},
            {.rule = "constraint w on table public.t",
             .problem = "it calls functions of roles that are no superusers"},
            {.rule = "encoding UTF8 of table public.t",
             .rows = 1,
             .first_keys = "invalid byte sequence for encoding \"UTF8\": 0xff"}});
  for (const std::string& sql : reader.asked) CHECK(sql.find("never") == std::string::npos);
  // The rights are the owner's where functions of users' may run, and a wrong index is not asked.
  CHECK(reader.asked.at(1).starts_with(
      "SET LOCAL lc_messages = 'C'; SET LOCAL statement_timeout = 60000; SET LOCAL row_security = off; "
      "SET LOCAL ROLE \"clerk\"; SET LOCAL enable_indexscan = off; "));
}

TEST_CASE("when the time is over, the rest of the rules is told as not checked") {
  StandingClock clock;
  RulesReader reader(clock);
  reader.takes = std::chrono::minutes(11);
  const auto found = read(reader, clock);
  REQUIRE(found.size() == 6);
  CHECK(found[0].rows == 2);
  CHECK(found[2].problem == "the time for such checks was over");
}
