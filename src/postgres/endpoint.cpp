#include "pgupgrade/postgres/endpoint.hpp"

#include <libpq-fe.h>

#include <memory>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "postgres/libpq_connect.hpp"

namespace pgupgrade::postgres {
namespace {

struct OptionsDeleter {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
struct MessageDeleter {
  void operator()(char* message) const { PQfreemem(message); }
};

// Where libpq puts a part of the text into its message, in double quotes, the part may be the password.
std::string without_quoted(const std::string& message) {
  std::string text;
  bool inside = false;
  for (const char c : message) {
    if (c == '"') {
      text += inside ? "…\"" : "\"";
      inside = !inside;
    } else if (!inside) {
      text += c;
    }
  }
  return text;
}

}  // namespace

std::string Endpoint::value(const std::string& keyword) const {
  const auto found = parameters.find(keyword);
  return found == parameters.end() ? std::string() : found->second;
}

Endpoint parse_endpoint(const std::string& text, const std::string& name) {
  char* problem = nullptr;
  const std::unique_ptr<PQconninfoOption, OptionsDeleter> options(PQconninfoParse(text.c_str(), &problem));
  const std::unique_ptr<char, MessageDeleter> message(problem);
  if (!options)
    throw Error(ErrorKind::usage, "E-CONNECTION",
                "could not read the connection string of " + name + ": " + without_quoted(one_line(problem)),
                "write it as postgres://USER@HOST:PORT/DATABASE?sslmode=…, with %XX for special characters");
  Endpoint endpoint;
  endpoint.name = name;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr || *option->val == '\0') continue;
    // A star marks what is not to be shown.
    if (std::string_view(option->keyword) == "password")
      endpoint.password = Secret{std::string(option->val)};
    else if (std::string_view(option->dispchar) == "*")
      throw Error(ErrorKind::usage, "E-CONNECTION",
                  "cannot use the connection string of " + name + ": its " + option->keyword +
                      " would have to be given on to other programs",
                  "use a key that needs none");
    else
      endpoint.parameters[option->keyword] = option->val;
  }
  return endpoint;
}

std::string connection_string(const Endpoint& endpoint, const std::string& database) {
  std::string text;
  const auto add = [&](const std::string& keyword, const std::string& value) {
    text += (text.empty() ? "" : " ") + keyword + "='";
    for (const char c : value) {
      if (c == '\'' || c == '\\') text += '\\';
      text += c;
    }
    text += '\'';
  };
  for (const auto& [keyword, value] : endpoint.parameters)
    if (keyword != "dbname") add(keyword, value);
  add("dbname", database);
  return text;
}

std::string address_of(const Endpoint& endpoint) {
  const std::string host =
      endpoint.value("host").empty() ? endpoint.value("hostaddr") : endpoint.value("host");
  const std::string port = endpoint.value("port");
  return printable((host.empty() ? "the local server" : host) + (port.empty() ? "" : ":" + port));
}

}  // namespace pgupgrade::postgres
