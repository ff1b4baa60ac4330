#include "support/catch.hpp"
#include "upgrade/cluster/dump_files.hpp"

namespace pgupgrade::upgrade {

TEST_CASE("the record of a dump keeps the views that are filled last, and an older one has none") {
  DumpRecord record;
  record.databases = {{.name = "shop", .directory = "db-0", .objects = {{"TABLE", 2}}, .missing = {"public"}},
                      {.name = "b", .directory = "db-1", .objects = {}, .missing = {}}};
  record.databases[0].remote_views = {{.oid = "16505", .name = "s.\"A b\"", .quoted = "\"s\".\"A b\""}};
  const std::string text = dump_record_text(record);
  const DumpRecord read = parse_dump_record(text);
  REQUIRE(read.databases.size() == 2);
  CHECK(read.databases[0].remote_views == record.databases[0].remote_views);
  CHECK(read.databases[0].missing == record.databases[0].missing);
  CHECK(read.databases[1].remote_views.empty());
  CHECK(dump_record_text(read) == text);
  CHECK(parse_dump_record(
            R"({"databases":[{"name":"a","directory":"db-0","objects":{},"missing":[]}],"digests":{},)"
            R"("all_role_settings":{},"hidden_settings":{}})")
            .databases.at(0)
            .remote_views.empty());
}

}  // namespace pgupgrade::upgrade
