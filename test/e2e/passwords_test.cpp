// Passwords stored as md5, and the way back after a success.
#include <filesystem>

#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {
namespace {

const Words kUpgrade = {"--compose", "docker-compose.yml", "--to", "17", "--yes"};

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::string verifier(const Project& project, const std::string& role) {
  return project.sql("db", "postgres",
                     "SELECT split_part(rolpassword, '$', 1) FROM pg_authid WHERE rolname = '" + role + "'");
}

void require_exit(const Project& project, const Words& arguments, int exit_code) {
  const ProcessResult result = project.pgupgrade(arguments);
  INFO(join(arguments, " ") << ": " << output_of(result));
  REQUIRE(result.exit_code == exit_code);
}

// The superuser's password is known from nothing but a file that is mounted.
std::string project_with_password_file() {
  std::string text = small_project(13);
  const auto put = [&](const std::string& from, const std::string& to) {
    text.replace(text.find(from), from.size(), to);
  };
  put("POSTGRES_PASSWORD: e2e-secret", "POSTGRES_PASSWORD_FILE: /run/password");
  put("postgres:e2e-secret@", "postgres@");
  put("      - data:", "      - ./password:/run/password:ro\n      - data:");
  return text;
}

}  // namespace

TEST_CASE("an unknown md5 password is kept when asked for and becomes SCRAM when given after a rollback") {
  const std::string password = "p:ss \\ 'w\"rd$ %20 ü";
  Project project("md5");
  const std::string compose = project_with_password_file();
  project.write("docker-compose.yml", compose)
      .write("password", "e2e-secret\n", 0644)
      .write("passwords", "legacy:" + password + "\n", 0600);
  project.up();
  project.script(
      "db", "postgres",
      "SET password_encryption = 'md5'; CREATE ROLE legacy LOGIN PASSWORD 'p:ss \\ ''w\"rd$ %20 ü';");
  const std::string md5 = verifier(project, "legacy");
  REQUIRE(md5.rfind("md5", 0) == 0);
  const Words containers = project.containers();

  require_exit(project, kUpgrade, 3);
  CHECK(project.containers() == containers);
  CHECK(project.runs().empty());

  const ProcessResult kept = project.pgupgrade(with(kUpgrade, {"--keep-md5"}));
  INFO(output_of(kept));
  REQUIRE(kept.exit_code == 0);
  CHECK(kept.standard_output.find("Logins 1 of 1") != std::string::npos);
  CHECK(verifier(project, "legacy") == md5);
  CHECK(verifier(project, "postgres") == "SCRAM-SHA-256");
  CHECK(project.login("db", "postgres", "legacy", password));
  CHECK(project.login("db", "postgres", "postgres", "e2e-secret"));
  CHECK_FALSE(project.login("db", "postgres", "legacy", "wrong"));

  const Words upgraded = project.containers();
  const ProcessResult refused = project.pgupgrade({"rollback"});
  INFO(output_of(refused));
  CHECK(refused.exit_code == 3);
  CHECK(refused.standard_error.find("rollback --discard-new-writes") != std::string::npos);
  CHECK(refused.standard_error.find("cleanup") == std::string::npos);
  CHECK(project.containers() == upgraded);
  CHECK(project.server_version("db") == "17");
  require_exit(project, {"rollback", "--discard-new-writes"}, 0);
  CHECK(project.server_version("db") == "13");
  CHECK(project.read("docker-compose.yml") == compose);
  CHECK(project.login("db", "postgres", "legacy", password));
  project.up();

  require_exit(project, with(kUpgrade, {"--password-file", "passwords"}), 0);
  CHECK(verifier(project, "legacy") == "SCRAM-SHA-256");
  CHECK(project.login("db", "postgres", "legacy", password));
  CHECK_FALSE(project.login("db", "postgres", "legacy", "wrong"));
}

}  // namespace pgupgrade::test
