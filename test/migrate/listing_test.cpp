#include "migrate/listing.hpp"

#include "support/catch.hpp"

using namespace pgupgrade::migrate;

namespace {

constexpr const char* kListing =
    ";\n"
    "2; 3079 16385 EXTENSION - pg_trgm \n"
    "3300; 0 0 COMMENT - EXTENSION pg_trgm \n"
    "205; 1259 16400 TABLE public t app\n"
    "3301; 0 0 COMMENT public TABLE t app\n"
    "3290; 0 16410 MATERIALIZED VIEW DATA public m app\n"
    "3291; 3466 16420 EVENT TRIGGER - audit postgres\n"
    "3292; 6104 16421 PUBLICATION - p postgres\n"
    "3293; 6106 16422 PUBLICATION TABLE public p t postgres\n";

}  // namespace

TEST_CASE("a superuser restores all, views last") {
  const SplitEntries split = split_entries(kListing, Restorer::superuser, {});
  CHECK(split.views == "3290; 0 16410 MATERIALIZED VIEW DATA public m app\n");
  CHECK(split.kept.find("EVENT TRIGGER") != std::string::npos);
  CHECK(split.kept.find("COMMENT - EXTENSION") != std::string::npos);
}

TEST_CASE("another role leaves out what only a superuser or another owner makes") {
  const std::string owned =
      ";\n"
      "2; 3079 16385 EXTENSION - pg_trgm \n"
      "3300; 0 0 COMMENT - EXTENSION pg_trgm \n"
      "205; 1259 16400 TABLE public t app\n"
      "3301; 0 0 COMMENT public TABLE t app\n";
  CHECK(split_entries(kListing, Restorer::owner, {}).kept == owned);
  std::string found_there = owned;
  found_there.erase(found_there.find("3300"), std::string("3300; 0 0 COMMENT - EXTENSION pg_trgm \n").size());
  CHECK(split_entries(kListing, Restorer::guest, {}).kept == found_there);
}

TEST_CASE("the schema public is not given to a role that the target's superuser is not") {
  const std::string listing =
      "7; 2615 2200 SCHEMA - public postgres\n8; 2615 16400 SCHEMA - sales postgres\n3302; 0 0 ACL - SCHEMA "
      "public "
      "postgres\n";
  CHECK(split_entries(listing, Restorer::superuser, {}).kept == listing);
  CHECK(split_entries(listing, Restorer::superuser, {.foreign_owner = "postgres"}).kept ==
        "8; 2615 16400 SCHEMA - sales postgres\n3302; 0 0 ACL - SCHEMA public postgres\n");
  CHECK(split_entries(listing, Restorer::superuser, {.foreign_owner = "admin"}).kept == listing);
  const std::string comment = "3303; 0 0 COMMENT - SCHEMA \"public\" postgres\n";
  CHECK(split_entries(listing + comment, Restorer::owner, {}).kept == listing + comment);
  CHECK(split_entries(listing + comment, Restorer::owner, {.may_comment = false}).kept == listing);
}
