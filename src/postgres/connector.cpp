#include <libpq-fe.h>

#include "pgupgrade/postgres/server.hpp"
#include "postgres/held_rows.hpp"
#include "postgres/libpq_connect.hpp"
#include "postgres/libpq_server.hpp"
#include "postgres/session.hpp"

namespace pgupgrade::postgres {
namespace {

constexpr std::chrono::milliseconds kLoginPatience{5'000};

// By its address, and by nothing that the environment says.
ConnectOptions options_of(const LoginAttempt& attempt) {
  return {
      {"hostaddr", attempt.host},
      {"port", std::to_string(attempt.port)},
      {"user", attempt.role},
      {"dbname", attempt.database},
      {"password", attempt.password.reveal()},
      {"application_name", "pgupgrade"},
      {"client_encoding", "UTF8"},
      {"passfile", "/dev/null/none"},
      {"sslmode", "prefer"},
      {"gssencmode", "disable"},
  };
}

class LibpqConnector final : public Connector {
 public:
  explicit LibpqConnector(const Cancellation& cancellation) : cancellation_(cancellation) {}

  std::unique_ptr<Server> connect(const SocketEndpoint& endpoint, std::chrono::milliseconds patience,
                                  const std::function<bool()>& alive) override {
    return make_server(
        endpoint, connect_with_patience(endpoint, {"postgres", "template1"}, cancellation_, patience, alive),
        cancellation_);
  }

  LoginResult login(const LoginAttempt& attempt) override;

  std::unique_ptr<HeldRows> hold_rows(const LoginAttempt& login,
                                      const std::vector<std::string>& databases) override {
    ConnectOptions options = options_of(login);
    std::erase_if(options, [](const auto& option) { return option.first == "password"; });
    const Endpoint endpoint{.name = "the upgraded server",
                            .parameters = {options.begin(), options.end()},
                            .password = login.password};
    return postgres::hold_rows(endpoint, databases, cancellation_);
  }

 private:
  const Cancellation& cancellation_;
};

// Whether a server that accepts connections is there at all.
bool answers(const std::string& host, const std::string& port) {
  const char* const keywords[] = {"hostaddr", "port", "dbname", "connect_timeout", "sslmode", nullptr};
  const char* const values[] = {host.c_str(), port.c_str(), "postgres", "3", "disable", nullptr};
  return PQpingParams(keywords, values, 0) == PQPING_OK;
}

LoginResult LibpqConnector::login(const LoginAttempt& attempt) {
  const Connected connected = connect_libpq(options_of(attempt), cancellation_, kLoginPatience);
  if (!connected.problem) return {.outcome = LoginOutcome::accepted, .reason = ""};
  const bool reachable = answers(attempt.host, std::to_string(attempt.port));
  return {.outcome = reachable ? LoginOutcome::refused : LoginOutcome::unreachable,
          .reason = *connected.problem};
}

}  // namespace

std::unique_ptr<Connector> make_connector(const Cancellation& cancellation) {
  return std::make_unique<LibpqConnector>(cancellation);
}

}  // namespace pgupgrade::postgres
