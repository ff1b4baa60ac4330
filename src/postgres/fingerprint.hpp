#pragma once

#include <string>

#include "pgupgrade/base/cancel.hpp"
#include "pgupgrade/model/fingerprint.hpp"
#include "pgupgrade/postgres/server.hpp"

namespace pgupgrade::postgres {

// Reads the whole fingerprint of a server whose database `connect_database` accepts connections. `progress`
// is called when a table is begun, from worker threads but never from two at once.
Fingerprint read_fingerprint(const SocketEndpoint& endpoint, const std::string& connect_database,
                             const std::string& row_hash, int jobs, const PrintProgress& progress,
                             const Cancellation& cancellation);

}  // namespace pgupgrade::postgres
