#include "fuzz/targets.hpp"
#include "pgupgrade/postgres/endpoint.hpp"

namespace pgupgrade::test::fuzz {

// What is taken means the same when it is written for another program, and there is no password in that.
void try_connection_string(std::string_view input) {
  const std::string text(input.substr(0, input.find('\0')));
  postgres::Endpoint endpoint;
  if (!refusal({"E-CONNECTION"}, [&] { endpoint = postgres::parse_endpoint(text, "--from"); }).empty())
    return;
  hold(!endpoint.parameters.contains("password"), "the password is kept by itself");
  const std::string database = "it's \\ a = name";
  const std::string written = connection_string(endpoint, database);
  postgres::Endpoint again;
  hold(refusal([&] { again = postgres::parse_endpoint(written, "again"); }).empty(),
       "what is written is taken");
  hold(again.password.empty(), "no password is written");
  endpoint.parameters["dbname"] = database;
  hold(again.parameters == endpoint.parameters, "what is written means what was read");
}

}  // namespace pgupgrade::test::fuzz
