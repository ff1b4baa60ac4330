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
// `owner_of_public` cannot own the schema public at the target; empty: whoever it is can.
SplitEntries split_entries(const std::string& listing, Restorer restorer, const std::string& owner_of_public);

}  // namespace pgupgrade::migrate
