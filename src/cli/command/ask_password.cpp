#include "cli/command/ask_password.hpp"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <istream>
#include <ostream>

#include "pgupgrade/base/text.hpp"

namespace pgupgrade::cli {
namespace {

// What is typed while it lives is not shown.
class Silence {
 public:
  Silence() : is_terminal_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!is_terminal_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~Silence() {
    if (is_terminal_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  termios before_{};
  bool is_terminal_;
};

}  // namespace

postgres::AskPassword asks_on_terminal(Session& session) {
  return [&session](const postgres::Endpoint& endpoint) -> std::optional<Secret> {
    if (!session.can_ask || session.json()) return std::nullopt;
    const std::string role = endpoint.value("user");
    session.err << fmt::format("Password of {} ({}{}): ", endpoint.name,
                               role.empty() ? "" : printable(role) + " at ", address_of(endpoint))
                << std::flush;
    std::string line;
    {
      const Silence silence;
      if (!std::getline(session.in, line)) line.clear();
    }
    session.err << "\n";
    if (line.empty()) return std::nullopt;
    return Secret{std::move(line)};
  };
}

}  // namespace pgupgrade::cli
