#pragma once

#include <string>
#include <vector>

namespace pgupgrade::postgres {

// A query over the catalogue that yields four text columns: kind, schema (or NULL), name, facts.
struct ObjectQuery {
  std::string subject;  // completes "cannot read the …"
  std::string sql;
  bool verbatim_name = false;  // the name is a signature or an identity already and gets no quotes
};

// What a database holds outside of its rows, sequences and extensions, in queries that yield the same facts
// on each version from 10 on. `version_num` decides which columns exist.
std::vector<ObjectQuery> object_queries(int version_num);

// The three parts of it.
std::vector<ObjectQuery> relation_queries(int version_num);
std::vector<ObjectQuery> routine_queries(int version_num);
std::vector<ObjectQuery> other_queries(int version_num);

}  // namespace pgupgrade::postgres
