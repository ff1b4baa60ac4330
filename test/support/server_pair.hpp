// Two PostgreSQL servers on ports of this machine, in containers, for programs that go from one to the other.
#pragma once

#include <filesystem>
#include <string>

#include "support/project.hpp"
#include "support/temporary_directory.hpp"

namespace pgupgrade::test {

inline constexpr const char* kSuperPassword = "super-s3cret";  // of both servers' superusers

// A port that nothing listens on.
int free_port();

// A certificate for localhost, and the authority that has signed it; another that has not.
class Certificates {
 public:
  Certificates();
  const std::filesystem::path& directory() const { return directory_.path(); }
  std::string authority() const { return (directory_ / "ca.crt").native(); }
  std::string other_authority() const { return (directory_ / "other.crt").native(); }

 private:
  TemporaryDirectory directory_;
};

// A server that lets nobody in without TLS and a password. It has a role "app" that is no superuser and may
// create databases. It goes with all that is in it.
class NetworkServer {
 public:
  NetworkServer(int major, const Certificates& certificates);
  ~NetworkServer();
  NetworkServer(const NetworkServer&) = delete;
  NetworkServer& operator=(const NetworkServer&) = delete;

  int port() const { return port_; }
  // As the superuser, in the container.
  std::string sql(const std::string& database, const std::string& text,
                  const std::string& role = "postgres") const;
  // All that a refused or interrupted migration might have changed.
  std::string databases() const;

 private:
  std::string name_;
  int port_;
};

// Two of them, a directory with the passwords of both, and pgupgrade run in it.
class ServerPair {
 public:
  ServerPair(int source, int target);  // major versions

  const std::string& passwords() const { return passwords_; }
  const NetworkServer& source() const { return source_; }
  const NetworkServer& target() const { return target_; }
  const Certificates& certificates() const { return certificates_; }
  std::filesystem::path directory() const { return directory_.path(); }

  void write_passwords(const std::string& text) const;
  std::string uri(const NetworkServer& server, const std::string& database) const;
  Words migrate(const Words& more) const;
  ProcessResult run(Words words, Variables variables = {}) const;
  // Throws when it does not succeed.
  void must(const Words& words, const Variables& variables = {}) const;
  // Containers of its runs that are on the engine.
  std::string containers() const;
  void forget_runs() const { std::filesystem::remove_all(directory_ / ".pgupgrade"); }

 private:
  Certificates certificates_;
  NetworkServer source_;
  NetworkServer target_;
  int major_;
  std::string passwords_;
  TemporaryDirectory directory_;
};

}  // namespace pgupgrade::test
