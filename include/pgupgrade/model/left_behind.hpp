#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pgupgrade {

// An object that a dump would leave out or fail on.
struct LeftObject {
  std::string object;  // "function pg_catalog.company_name()"
  std::string cure;    // the SQL statement that a user types
  bool operator==(const LeftObject&) const = default;
};

// A stored generated column, which a restore computes anew.
struct GeneratedColumnFacts {
  std::string table;         // as in a fingerprint: "public.invoice"
  std::string whole;         // where the table is a part of a hash partitioned one: that
  std::string column;        // "gross"
  std::int64_t changed = 0;  // rows whose stored value is not what the expression gives now
  std::string first_keys;    // of such rows: "id=1; id=2"
  std::string problem;       // why its rows could not be checked
  bool operator==(const GeneratedColumnFacts&) const = default;
};

// A column of type oid with values that are oids of objects, which have others after a restore; or one of a
// type that shows names (regclass, …) with oids of objects that are gone, which others may get there.
struct OidColumnFacts {
  std::string column;       // "audit.logged_actions.relid"
  std::int64_t values = 0;  // rows whose value is the oid of an object, or of one that is gone
  bool gone = false;        // the latter
  std::string cure;         // the statement that makes it a column of names, or forgets those that are gone
  std::string problem;      // why its rows could not be checked
  bool operator==(const OidColumnFacts&) const = default;
};

// A rule that the rows of a table are to keep, and that some do not, as only reading them shows: a restore
// refuses them.
struct RowFinding {
  std::string rule;        // "constraint k on table public.t", "index public.i on table public.t"
  std::int64_t rows = 0;   // that break it; of equal rows under a unique index all but one
  std::string first_keys;  // of such rows: "id=1; id=2"
  std::string cure;        // the statement that shows them all, where it is short
  std::string problem;     // why its rows could not be checked, or why the restore may take them all the same
  bool operator==(const RowFinding&) const = default;
};

// An object that belongs to an extension, or that initdb has made, with what a user can have changed of it:
// "owner" -> "app".
struct ExtensionMember {
  std::string extension;  // empty: initdb's
  std::string type;       // as pg_identify_object has it: "function"
  std::string identity;   // "public.similarity(text,text)"
  std::map<std::string, std::string> attributes;
  bool operator==(const ExtensionMember&) const = default;
};

enum class MemberChangeKind { added, removed, altered };

// In what an extension is not what its own script makes, or a built-in object not what initdb makes. A dump
// holds nothing of that.
struct MemberChange {
  MemberChangeKind kind = MemberChangeKind::altered;
  std::string extension;
  std::string type;
  std::string identity;   // in the old cluster
  std::string attribute;  // of an altered one; of a removed one that is gone altogether kDropped
  std::string expected;   // what the script makes of it
  std::string value;      // what it is
  std::string statement;  // makes the new cluster's so; empty: it cannot be carried over
  bool operator==(const MemberChange&) const = default;

  static constexpr const char* kDropped = "existence";
};

// What a dump of one database leaves behind or fails on, as far as its running server tells.
struct LeftBehind {
  std::vector<LeftObject> catalog_objects;  // users' own in the schemas of the system
  std::vector<LeftObject> ownerless;        // owned by, or granted to, a role that does not exist
  std::vector<LeftObject> invalid_indexes;  // on tables that are not partitioned
  std::vector<LeftObject> key_states;       // constraints with triggers that are not simply enabled; the cure
                                            // makes the new cluster's so
  std::vector<LeftObject> constructors;     // of range types, with privileges or an owner; the cure likewise
  std::vector<LeftObject> counters;         // columns of transaction ids or WAL positions, with rows
  std::vector<LeftObject> column_orders;    // children by INHERITS whose columns a dump arranges anew
  std::vector<LeftObject> views;            // populated materialized views, which a restore computes anew
  std::vector<GeneratedColumnFacts> generated_columns;  // those that changed or could not be checked
  std::vector<OidColumnFacts> oid_columns;              // those with such values or that could not be checked
  std::vector<RowFinding> rows;                         // when rows were asked for: likewise
  std::vector<MemberChange> members;                    // when a reference could be made
  std::string members_digest;                           // of all members as they were, empty: not looked at
  std::string built_ins_digest;                 // of initdb's objects that somebody has touched, likewise
  std::vector<std::string> unknown_extensions;  // "postgis 3.1.0: <why there is no reference>"
  std::vector<std::string> problems;            // "could not look for …: <the server's words>"
  bool operator==(const LeftBehind&) const = default;
};

}  // namespace pgupgrade
