#pragma once

#include <memory>

#include "pgupgrade/postgres/server.hpp"
#include "postgres/session.hpp"

namespace pgupgrade::postgres {

// The real Server behind a session that stands.
std::unique_ptr<Server> make_server(const SocketEndpoint& endpoint, std::unique_ptr<Session> session,
                                    const Cancellation& cancellation);

}  // namespace pgupgrade::postgres
