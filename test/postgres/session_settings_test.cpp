#include "postgres/session_settings.hpp"

#include <set>

#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::postgres;

namespace {

// "-c a=b -c c=d" -> a, c
std::set<std::string> names_in(const std::string& options) {
  std::set<std::string> names;
  for (const std::string& option : split_list(options, "-c "))
    names.insert(std::string(trim(option.substr(0, option.find('=')))));
  return names;
}

std::set<std::string> names_in_statements(const std::string& statements) {
  std::set<std::string> names;
  for (const std::string& statement : split_list(statements, "; ")) {
    REQUIRE(statement.starts_with("SET "));
    names.insert(statement.substr(4, statement.find(" = ") - 4));
  }
  return names;
}

}  // namespace

TEST_CASE("sessions beside a server's clients only read, and keep its limits") {
  const std::string shared = session_options(SessionUse::shared);
  CHECK_THAT(shared, ContainsSubstring("-c default_transaction_read_only=on ") &&
                         ContainsSubstring("-c default_transaction_isolation=read\\ committed "));
  CHECK_THAT(session_options(SessionUse::alone),
             ContainsSubstring("-c default_transaction_read_only=off ") &&
                 ContainsSubstring("-c default_transaction_isolation=repeatable\\ read "));
  std::set<std::string> names = names_in(shared);
  names.insert({"temp_file_limit", "enable_indexonlyscan"});
  CHECK(names == names_in(session_options(SessionUse::alone)));
}

TEST_CASE("statements set what options set, but for what only a connection can set") {
  std::set<std::string> set = names_in_statements(session_statements());
  CHECK(set.contains("DateStyle"));
  set.merge(names_in_statements(superuser_session_statements()));
  set.insert({"role", "session_preload_libraries", "local_preload_libraries"});
  CHECK(set == names_in(session_options(SessionUse::alone)));
  CHECK_THAT(session_statements(),
             ContainsSubstring("SET default_transaction_isolation = 'repeatable read'"));
}
