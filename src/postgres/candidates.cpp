#include <algorithm>
#include <array>
#include <cctype>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/scram.hpp"

namespace pgupgrade::postgres {
namespace {

using Environment = std::map<std::string, std::string>;

std::string value_or(const Environment& environment, const std::string& name, const std::string& fallback) {
  const auto found = environment.find(name);
  return found == environment.end() || found->second.empty() ? fallback : found->second;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const int lower = std::tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      decoded += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

struct Login {
  std::string role;
  std::string password;
};

// user= and password= of a URL's query.
void read_query(std::string_view query, Login& login) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    if (part.substr(0, 5) == "user=") login.role = percent_decoded(part.substr(5));
    if (part.substr(0, 9) == "password=") login.password = percent_decoded(part.substr(9));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
}

// [jdbc:]postgres[ql][+driver]://user:password@host/database?user=…&password=…
std::optional<Login> login_of_url(std::string_view text) {
  constexpr std::string_view kJdbc = "jdbc:";
  if (text.substr(0, kJdbc.size()) == kJdbc) text.remove_prefix(kJdbc.size());
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return std::nullopt;
  const std::string_view scheme = text.substr(0, std::min(text.find('+'), scheme_end));
  if (scheme != "postgres" && scheme != "postgresql") return std::nullopt;
  text.remove_prefix(scheme_end + 3);
  Login login;
  std::size_t query_at = text.find('?');
  std::size_t at = text.substr(0, std::min(query_at, text.find('/'))).rfind('@');
  if (at == std::string_view::npos && text.find("password=") == std::string_view::npos) {
    // A password that is not percent-encoded may hold "/" and "?": the last "@" ends it.
    at = text.rfind('@');
    if (at != std::string_view::npos) query_at = std::string_view::npos;
  }
  if (at != std::string_view::npos) {
    const std::string_view user_info = text.substr(0, at);
    const std::size_t colon = user_info.find(':');
    login.role = percent_decoded(user_info.substr(0, colon));
    if (colon != std::string_view::npos) login.password = percent_decoded(user_info.substr(colon + 1));
  }
  if (query_at != std::string_view::npos) read_query(text.substr(query_at + 1), login);
  if (login.password.empty()) return std::nullopt;
  return login;
}

// The next value of a key=value string: plain, or in single quotes where a backslash escapes.
std::string take_value(std::string_view& text) {
  std::string value;
  const bool quoted = !text.empty() && text.front() == '\'';
  std::size_t i = quoted ? 1 : 0;
  for (; i < text.size(); ++i) {
    if (quoted ? text[i] == '\'' : (text[i] == ' ' || text[i] == ';')) break;
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    value += text[i];
  }
  text.remove_prefix(std::min(i + (quoted ? 1 : 0), text.size()));
  return value;
}

// "host=db user=app password='…'", and the kind with semicolons ("Host=db;Username=app;Password=…").
std::optional<Login> login_of_key_values(std::string_view text) {
  Login login;
  for (;;) {
    const std::size_t key_at = text.find_first_not_of(" ;");
    if (key_at == std::string_view::npos) break;
    text.remove_prefix(key_at);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) break;
    std::string key{trim(text.substr(0, equals))};
    for (char& c : key) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    text.remove_prefix(equals + 1);
    const std::string value = take_value(text);
    if (key == "user" || key == "username" || key == "user id") login.role = value;
    if (key == "password") login.password = value;
  }
  if (login.password.empty()) return std::nullopt;
  return login;
}

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// The role beside "X_PASSWORD": "X_USER" or "X_USERNAME", nothing when neither is there.
std::string role_beside(const Environment& environment, const std::string& stem) {
  for (const char* suffix : {"_USER", "_USERNAME"}) {
    std::string role = value_or(environment, stem + suffix, "");
    if (!role.empty()) return role;
  }
  return {};
}

std::optional<std::string> role_of_password_variable(const Environment& environment,
                                                     const std::string& name) {
  if (name == "POSTGRES_PASSWORD") return value_or(environment, "POSTGRES_USER", "postgres");
  if (name == "PGPASSWORD") return value_or(environment, "PGUSER", "");
  for (const std::string_view suffix : {"_PASSWORD", "_PASSWD", "_PASS", "_PW"}) {
    if (ends_with(name, suffix)) return role_beside(environment, name.substr(0, name.size() - suffix.size()));
  }
  return std::nullopt;
}

[[noreturn]] void reject_line(const std::string& path, std::size_t number, const std::string& why) {
  throw Error(ErrorKind::usage, "E-PASSWORD-FILE",
              "cannot use the password file " + path + ": line " + std::to_string(number) + " " + why,
              "write one role:password a line; \"\\:\" stands for a colon in the role's name, \"\\#\" for a "
              "# that begins it");
}

}  // namespace

std::vector<PasswordCandidate> candidates_in_environment(
    const std::string& service, const std::map<std::string, std::string>& environment) {
  std::vector<PasswordCandidate> candidates;
  for (const auto& [name, value] : environment) {
    if (value.empty()) continue;
    const std::string origin = name + " of service " + service;
    if (const auto role = role_of_password_variable(environment, name)) {
      candidates.push_back({.role = *role, .password = Secret{value}, .origin = origin});
      continue;
    }
    std::optional<Login> login = login_of_url(value);
    if (!login) login = login_of_key_values(value);
    if (login)
      candidates.push_back({.role = login->role, .password = Secret{login->password}, .origin = origin});
  }
  return candidates;
}

std::vector<PasswordCandidate> parse_password_file(std::string_view text, const std::string& path) {
  std::vector<PasswordCandidate> candidates;
  std::size_t number = 0;
  for (const std::string& line : split_lines(text)) {
    ++number;
    if (trim(line).empty() || line.front() == '#') continue;
    std::string role;
    std::size_t i = 0;
    for (; i < line.size() && line[i] != ':'; ++i) {
      const bool escapes = line[i] == '\\' && i + 1 < line.size();
      if (escapes && (line[i + 1] == ':' || line[i + 1] == '\\' || (line[i + 1] == '#' && i == 0))) ++i;
      role += line[i];
    }
    if (i == line.size()) reject_line(path, number, "has no colon");
    if (role.empty()) reject_line(path, number, "names no role");
    if (i + 1 == line.size()) reject_line(path, number, "has no password");
    candidates.push_back(
        {.role = role, .password = Secret{line.substr(i + 1)}, .origin = "--password-file " + path});
  }
  return candidates;
}

}  // namespace pgupgrade::postgres
