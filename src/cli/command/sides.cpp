#include "cli/command/sides.hpp"

#include <fmt/format.h>

#include "cli/arguments/options.hpp"

namespace pgupgrade::cli {

bool names_a_database(const Session& session, const postgres::Endpoint& endpoint) {
  for (const char* keyword : {"dbname", "service"})
    if (!endpoint.value(keyword).empty()) return true;
  for (const char* name : {"PGDATABASE", "PGSERVICE"})
    if (!variable(session.environment, name).empty()) return true;
  return false;
}

postgres::Endpoint endpoint_of(const Session& session, const std::string& text, const std::string& flag,
                               const std::string& name) {
  if (text.empty())
    throw usage_error(fmt::format("cannot connect to {}: {} is missing", name, flag),
                      fmt::format("{} postgres://USER@HOST:PORT/DATABASE", flag));
  postgres::Endpoint endpoint = postgres::parse_endpoint(text, name);
  if (!names_a_database(session, endpoint)) endpoint.parameters["dbname"] = "postgres";
  return endpoint;
}

}  // namespace pgupgrade::cli
