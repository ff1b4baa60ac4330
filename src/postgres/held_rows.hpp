#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pgupgrade/postgres/endpoint.hpp"
#include "pgupgrade/postgres/server.hpp"

namespace pgupgrade::postgres {

// Takes a connection for each database, and while they are read as many again as there are jobs.
std::unique_ptr<HeldRows> hold_rows(const Endpoint& endpoint, const std::vector<std::string>& databases,
                                    const Cancellation& cancellation);

}  // namespace pgupgrade::postgres
