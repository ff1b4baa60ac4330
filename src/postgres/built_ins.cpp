#include "postgres/built_ins.hpp"

#include <fmt/format.h>

#include "pgupgrade/postgres/rehearsal.hpp"

namespace pgupgrade::postgres {

std::vector<std::string> read_missing_built_ins(SqlReader& reader, const std::string& database) {
  return reader.query(
      database,
      fmt::format(
          "SELECT '{0}' WHERE to_regnamespace('{0}') IS NULL UNION ALL SELECT '{1}' WHERE NOT EXISTS (SELECT "
          "1 FROM pg_extension WHERE extname = '{1}') UNION ALL SELECT '{2}' WHERE "
          "obj_description(to_regnamespace('{0}'), 'pg_namespace') IS NULL AND to_regnamespace('{0}') IS NOT "
          "NULL",
          kPublic, kPlpgsql, kPublicComment));
}

}  // namespace pgupgrade::postgres
