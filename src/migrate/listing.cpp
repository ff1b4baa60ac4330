#include "migrate/listing.hpp"

#include <array>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/commands.hpp"

namespace pgupgrade::migrate {
namespace {

// Kinds that only a superuser may make.
constexpr std::array<const char*, 4> kSuperusers = {"EVENT TRIGGER", "PUBLICATION", "PUBLICATION TABLE",
                                                    "PUBLICATION TABLES IN SCHEMA"};
// The entry of a schema that is there already says no more than whose it is.
std::string without_public(const std::string& listing, const std::string& owner) {
  std::string kept;
  for (const std::string& line : split_lines(listing))
    if (!line.ends_with(" SCHEMA - public " + owner)) kept += line + "\n";
  return kept;
}

std::string without_comments(const std::string& listing, const std::string& of) {
  std::string kept;
  for (const std::string& line : split_lines(listing))
    if (line.find("COMMENT - " + of + " ") == std::string::npos) kept += line + "\n";
  return kept;
}

}  // namespace

std::string without_schemas(const std::string& listing) {
  return without_comments(postgres::split_listing(listing, "SCHEMA").others, "SCHEMA");
}

SplitEntries split_entries(const std::string& listing, Restorer restorer, const PublicSchema& schema) {
  const postgres::SplitListing views = postgres::split_listing(listing, "MATERIALIZED VIEW DATA");
  SplitEntries split{.kept = views.others, .views = views.of_kind};
  if (!schema.foreign_owner.empty()) split.kept = without_public(split.kept, schema.foreign_owner);
  if (!schema.may_comment) split.kept = without_comments(split.kept, "SCHEMA \"public\"");
  if (restorer == Restorer::superuser) return split;
  for (const char* kind : kSuperusers) split.kept = postgres::split_listing(split.kept, kind).others;
  for (const char* of : {"EVENT TRIGGER", "PUBLICATION"}) split.kept = without_comments(split.kept, of);
  if (restorer == Restorer::guest) split.kept = without_comments(split.kept, "EXTENSION");
  return split;
}

}  // namespace pgupgrade::migrate
