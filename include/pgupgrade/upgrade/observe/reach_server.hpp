#pragma once

#include <string>

#include "pgupgrade/model/request.hpp"
#include "pgupgrade/postgres/endpoint.hpp"
#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::upgrade {

// The server in a running container, as a client on this machine reaches it.
struct ReachedServer {
  std::string called;  // "service \"db\" of project shop", "container pg": stays when its address does not
  postgres::Endpoint endpoint;  // its address in the container's network, as its superuser; with the
                                // password, where one that is known lets it in. "dbname" is the database
  std::string container;        // its name
  std::string image;            // of the container
};

// Of the one service that the request means, or of its container. `database`: empty: the only one of the
// user's, `but` that of this name. Changes nothing. Throws as observe does for what the user named wrongly,
// and
//   Error(refused, "E-NOT-RUNNING")      there is no running container
//   Error(refused, "E-NO-SERVER")        its superuser does not get in, by the socket in the container
//   Error(refused, "E-UNREACHABLE")      it has no address of its own
//   Error(locked, "E-LOCKED")            an upgrade works on its data
//   Error(usage, "E-UNKNOWN-DATABASE")   there is no such database
//   Error(usage, "E-USAGE")              none is named, and there is not just one
ReachedServer reach_server(const Request& request, const std::string& database, const std::string& but,
                           World& world);

}  // namespace pgupgrade::upgrade
