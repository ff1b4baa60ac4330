#include "support/catch.hpp"
#include "upgrade/cluster/dump_files.hpp"
#include "upgrade/cluster/old_cluster.hpp"

namespace pgupgrade::upgrade {

TEST_CASE("the record of a dump is read as it was written") {
  DumpRecord record;
  record.databases = {{.name = "shop", .directory = "db-0", .objects = {{"TABLE", 2}}, .missing = {"public"}},
                      {.name = "b\xFF", .directory = "db-1", .objects = {}, .missing = {}}};
  record.digests = {{"globals.sql", "9c1e"}};
  const std::string text = dump_record_text(record);
  const DumpRecord read = parse_dump_record(text);
  REQUIRE(read.databases.size() == 2);
  CHECK(read.databases[0].missing == record.databases[0].missing);
  CHECK(read.databases[1].name == record.databases[1].name);
  CHECK(dump_record_text(read) == text);
}

TEST_CASE("the record of an old cluster is read as it was written, bytes and all") {
  OldCluster record;
  record.remote_views["s\xFF"] = {{.oid = "16505", .name = "s.\"A b\"", .quoted = "\"s\".\"A b\""}};
  record.carried["certificates/key\xFF"] = {.sha256 = "9c1e", .mode = 0400};
  record.carried["latest.log"] = {.sha256 = "", .link = "log/today\xFF.log"};
  record.all_role_settings = {{"statement_timeout", "5s"}};
  record.hidden_settings = {{"ssl_passphrase_command", "echo \xFF"}};
  const std::string text = old_cluster_text(record);
  const OldCluster read = parse_old_cluster(text);
  CHECK(read.remote_views == record.remote_views);
  CHECK(read.carried.at("certificates/key\xFF").mode == 0400);
  CHECK(read.carried.at("latest.log").link == "log/today\xFF.log");
  CHECK(read.hidden_settings == record.hidden_settings);
  CHECK(old_cluster_text(read) == text);
}

TEST_CASE("the record that programs before format 3 kept of dump and old cluster is read as either") {
  const std::string text =
      R"({"databases":[{"name":"a","directory":"db-0","objects":{"TABLE":3},"missing":[],"remote_views":)"
      R"([{"oid":"7","name":"v","quoted":"\"v\""}]},{"name":"b","directory":"db-1","objects":{},"missing":[]}],)"
      R"("digests":{"f":"1"},"carried":{"pg_hba.conf":{"sha256":"2","mode":384,"link":""}},)"
      R"("all_role_settings":{"work_mem":"1MB"},"hidden_settings":{}})";
  const DumpRecord dump = parse_dump_record(text);
  CHECK(dump.databases.at(0).objects.at("TABLE") == 3);
  CHECK(dump.digests.at("f") == "1");
  const OldCluster old_cluster = parse_old_cluster(text);
  CHECK(old_cluster.remote_views.size() == 1);
  CHECK(old_cluster.remote_views.at("a").at(0).oid == "7");
  CHECK(old_cluster.carried.at("pg_hba.conf").mode == 0600);
  CHECK(old_cluster.all_role_settings.at("work_mem") == "1MB");
}

}  // namespace pgupgrade::upgrade
