#pragma once

#include "pgupgrade/postgres/server.hpp"
#include "support/world/cluster.hpp"
#include "support/world/engine.hpp"

namespace pgupgrade::test {

// The members of extension "hstore", the only one that there is.
std::vector<ExtensionMember> members_of(const Database& database);

// Finds the running server by the socket directory that its container mounts.
class SimulatedConnector final : public postgres::Connector {
 public:
  explicit SimulatedConnector(SimulatedEngine& engine) : engine_(engine) {}
  std::unique_ptr<postgres::Server> connect(const postgres::SocketEndpoint& endpoint,
                                            std::chrono::milliseconds patience,
                                            const std::function<bool()>& alive) override;
  postgres::LoginResult login(const postgres::LoginAttempt& attempt) override;
  std::unique_ptr<postgres::HeldRows> hold_rows(const postgres::LoginAttempt& login,
                                                const std::vector<std::string>& databases) override;

 private:
  SimulatedEngine& engine_;
};

}  // namespace pgupgrade::test
