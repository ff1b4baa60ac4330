#include "postgres/connect_problem.hpp"

#include <array>
#include <string_view>

#include "pgupgrade/base/text.hpp"

namespace pgupgrade::postgres {
namespace {

// "28P01", unlike "FATAL", has a digit.
bool is_sqlstate(std::string_view text) {
  bool digit = false;
  for (const char c : text) {
    const bool is_digit = c >= '0' && c <= '9';
    if (!is_digit && (c < 'A' || c > 'Z')) return false;
    digit = digit || is_digit;
  }
  return digit && text.size() == 5;
}

// The server's words in a verbose message, "… FATAL:  28P01: password authentication failed …\nLOCATION: …",
// whatever its language.
struct Said {
  std::string sqlstate;  // empty: it is not the server's
  std::string text;
};
Said said_in(const std::string& message) {
  const std::string text = message.substr(0, message.find("\nLOCATION:"));
  for (std::size_t at = text.find(": "); at != std::string::npos; at = text.find(": ", at + 1)) {
    const std::size_t start = text.find_first_not_of(' ', at + 1);
    if (start == std::string::npos || start + 6 > text.size() || text[start + 5] != ':') continue;
    const std::string state = text.substr(start, 5);
    if (is_sqlstate(state)) return {.sqlstate = state, .text = std::string(trim(text.substr(start + 6)))};
  }
  return {.sqlstate = {}, .text = text};
}

bool mentions(const std::string& text, std::string_view word) {
  return text.find(word) != std::string::npos;
}

// libpq speaks English here: nothing in this program sets a locale.
bool is_about_tls(const std::string& text) {
  static constexpr std::array<std::string_view, 5> kWords = {"SSL", "ertificate", "TLS", "GSSAPI encryption",
                                                             "private key"};
  for (const std::string_view word : kWords)
    if (mentions(text, word)) return true;
  return false;
}

}  // namespace

Error connect_problem(const Endpoint& endpoint, const std::string& database, const Connected& failed) {
  const Said said = said_in(failed.problem.value_or(""));
  const std::string reason = one_line(said.text.c_str());
  const std::string where =
      (database.empty() ? std::string("could not connect to ")
                        : "could not connect to database \"" + printable(database) + "\" of ") +
      endpoint.name + " (" + address_of(endpoint) + "): ";
  if (said.sqlstate == "3D000")
    return {ErrorKind::usage, "E-UNKNOWN-DATABASE", where + reason, "check the name; psql --list shows all"};
  if (said.sqlstate == "53300")
    return {ErrorKind::refused, "E-CONNECTIONS", where + reason,
            "close other connections, or raise the limit"};
  if (said.sqlstate.starts_with("28") && is_about_tls(said.text))
    return {ErrorKind::refused, "E-TLS", where + reason,
            "check sslmode and sslcert in the connection string, and pg_hba.conf of the server"};
  if (failed.password_missing)
    return {ErrorKind::refused, "E-PASSWORD-MISSING", where + "it asks for a password, and none was found",
            "put it into ~/.pgpass, a file that passfile=FILE of the connection string names, or PGPASSWORD"};
  if (said.sqlstate.starts_with("28"))
    return {ErrorKind::refused, "E-AUTH", where + reason,
            "check role and password (~/.pgpass, passfile=FILE in the connection string, PGPASSWORD), and "
            "pg_hba.conf of the server"};
  if (said.sqlstate.empty() && is_about_tls(said.text))
    return {ErrorKind::refused, "E-TLS", where + reason,
            "check sslmode, sslrootcert, sslcert and sslkey in the connection string"};
  return {ErrorKind::refused, "E-UNREACHABLE", where + reason,
          "check host and port, and that the server runs"};
}

}  // namespace pgupgrade::postgres
