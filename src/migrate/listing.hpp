#pragma once

#include <string>

namespace pgupgrade::migrate {

// Who restores: anybody else than a superuser owns what it makes, and so all of a database that it has
// created; as a guest it found extensions there that are others'.
enum class Restorer { superuser, owner, guest };

// The entries of pg_restore --list, to be used with --use-list.
struct SplitEntries {
  std::string kept;   // all but views' contents and what the restorer cannot make
  std::string views;  // contents of materialized views
};

// What can be said at the target of the schema public, which is there already.
struct PublicSchema {
  std::string foreign_owner = {};  // who owns it at the source and cannot at the target
  bool may_comment = true;
};
SplitEntries split_entries(const std::string& listing, Restorer restorer, const PublicSchema& schema);

// All but the schemas themselves and their comments: they are there, with others. Their grants stay.
std::string without_schemas(const std::string& listing);

}  // namespace pgupgrade::migrate
