#pragma once

#include <memory>
#include <string>

#include "pgupgrade/postgres/server.hpp"
#include "postgres/catalog.hpp"
#include "postgres/session.hpp"
#include "support/temporary_directory.hpp"

namespace pgupgrade::test {

// A server of a fixture image in a container of its own, without a network, reached through its socket. It
// goes with the object.
class FixtureServer {
 public:
  explicit FixtureServer(int major);
  ~FixtureServer();
  FixtureServer(const FixtureServer&) = delete;
  FixtureServer& operator=(const FixtureServer&) = delete;

  postgres::SocketEndpoint endpoint() const { return {socket_.path().native(), "postgres"}; }
  const std::string& container() const { return container_; }
  std::unique_ptr<postgres::Session> session(const std::string& database) const;
  // A whole script for psql, which stops at the first error.
  void script(const std::string& database, const std::string& text) const;

 private:
  std::string container_;
  TemporaryDirectory socket_;
};

// Asks in a session, so within its transaction.
postgres::AskSql ask_in(postgres::Session& session);

}  // namespace pgupgrade::test
