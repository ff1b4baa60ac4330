#pragma once

#include <string>

#include "pgupgrade/base/cancel.hpp"
#include "pgupgrade/model/fingerprint.hpp"
#include "pgupgrade/postgres/remote.hpp"
#include "pgupgrade/postgres/server.hpp"
#include "postgres/session.hpp"

namespace pgupgrade::postgres {

// Reads the whole fingerprint of a server whose database `connect_database` accepts connections. `progress`
// is called when a table is begun, from worker threads but never from two at once.
Fingerprint read_fingerprint(const SocketEndpoint& endpoint, const std::string& connect_database,
                             const std::string& row_hash, int jobs, const PrintProgress& progress,
                             const Cancellation& cancellation);

// That of one database of somebody's server.
DatabasePrint read_print(const Endpoint& endpoint, const PrintTask& task, const Cancellation& cancellation);

// Into print.sequences, as they are now; of the schemas, where some are named.
void read_sequences(Session& session, const std::vector<std::string>& schemas, DatabasePrint& print);
// What the catalogs tell of it.
Fingerprint read_catalogs(const SocketEndpoint& endpoint, const std::string& connect_database,
                          const Cancellation& cancellation);

}  // namespace pgupgrade::postgres
