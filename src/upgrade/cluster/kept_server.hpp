#pragma once

#include <string>

#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// The new cluster of a rehearsal, for its user to look at: a server in a container without a network, which
// can reach nobody, and a second container that takes connections on a port of this machine's loopback and
// hands them to the server's socket. Roles log in with their own passwords. What stands there of an earlier
// attempt is replaced. Both stay until `cleanup`.
struct KeptPlace {
  std::string container;  // the server's
  std::string database;   // where its user will want to look first
  int port = 0;           // of 127.0.0.1
};
KeptPlace keep_server(StepContext& context, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
