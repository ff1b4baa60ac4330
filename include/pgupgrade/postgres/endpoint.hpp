#pragma once

#include <map>
#include <string>

#include "pgupgrade/base/secret.hpp"

namespace pgupgrade::postgres {

// Where a server is and who logs in there, in libpq's own words.
struct Endpoint {
  std::string name;                               // what messages call it: "the source"
  std::map<std::string, std::string> parameters;  // libpq's keywords; never "password"
  Secret password;                                // empty: libpq looks for one where it always does

  std::string value(const std::string& keyword) const;  // empty when it is not given
};

// "postgres://…", "postgresql://…" or "host=… dbname=…". What it does not say libpq takes from PG* and from
// the service. Error(usage, "E-CONNECTION") tells the mistake and shows nothing of the text, which may have a
// password in it.
Endpoint parse_endpoint(const std::string& text, const std::string& name);

// The connection string of one database there, for PostgreSQL's programs. Has no password.
std::string connection_string(const Endpoint& endpoint, const std::string& database);

// "db.example:5432" or "/var/run/postgresql:5432", fit to be shown; several hosts are separated by commas.
std::string address_of(const Endpoint& endpoint);

}  // namespace pgupgrade::postgres
