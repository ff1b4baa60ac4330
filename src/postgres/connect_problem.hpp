#pragma once

#include <string>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/postgres/endpoint.hpp"
#include "postgres/libpq_connect.hpp"

namespace pgupgrade::postgres {

// Why there is no connection to a database of somebody's server, as the error that RemoteConnector::connect
// promises.
Error connect_problem(const Endpoint& endpoint, const std::string& database, const Connected& failed);

}  // namespace pgupgrade::postgres
