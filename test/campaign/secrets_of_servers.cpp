// Passwords of servers that are reached by connection strings, and the verifiers of roles that are carried
// from one to the other, looked for wherever a migration or a rehearsal within one server could leave them.
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "campaign/campaign.hpp"
#include "campaign/secrets.hpp"
#include "campaign/watch.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/registry.hpp"
#include "support/server_pair.hpp"

namespace pgupgrade::test::campaign {

namespace {

namespace fs = std::filesystem;
using Run = std::function<ProcessResult(const Words&, const Variables&)>;

std::string canary(const std::string& name) {
  return fmt::format("canary-{}-{}", name, ::getpid());
}

void require_none(const Findings& findings) {
  require(findings.empty(), "secrets are nowhere:\n" + join({findings.begin(), findings.end()}, "\n"));
}

void tell(Watch& watch, const Run& run, const Words& words, int exit_code, const Variables& variables = {}) {
  const ProcessResult result = run(words, variables);
  const bool killed = result.signal_number == SIGKILL;
  require(exit_code < 0 ? killed : !killed && result.exit_code == exit_code,
          fmt::format("pgupgrade {} ends as it should: {}", join(words, " "), output_of(result)));
  watch.look_at("standard output of " + words.front(), result.standard_output);
  watch.look_at("standard error of " + words.front(), result.standard_error);
  watch.look_at_leftovers();
}

void add_verifiers(Canaries& all, const NetworkServer& server) {
  for (const std::string& line : split_lines(server.sql(
           "postgres", "SELECT rolname, rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL"))) {
    const std::string verifier = line.substr(line.find('|') + 1);
    all["verifier " + line] = verifier;
    if (verifier.starts_with("SCRAM"))
      all["stored key of " + line] = verifier.substr(verifier.rfind('$') + 1, 44);
  }
}

// As the superusers, so that roles go along with their passwords; both servers log what they are told.
void of_migrations(Cases& cases) {
  if (!cases.wants("a migration")) return;
  const ServerPair pair(13, 17);
  pair.source().sql("postgres", "CREATE ROLE reader LOGIN PASSWORD '" + canary("reader") + "'");
  pair.source().sql("postgres", "CREATE DATABASE blog OWNER app");
  pair.source().sql(
      "blog", "CREATE TABLE posts AS SELECT generate_series(1, 500) AS id; GRANT SELECT ON posts TO reader");
  Canaries canaries = {{"the source's password", canary("source")},
                       {"the target's password", canary("target")}};
  for (const auto& [server, name] :
       {std::pair(&pair.source(), "source"), std::pair(&pair.target(), "target")}) {
    server->sql("postgres", "ALTER ROLE postgres PASSWORD '" + canary(name) + "'");
    server->sql("postgres", "ALTER SYSTEM SET log_statement = 'all'");
    server->sql("postgres", "SELECT pg_reload_conf()");
  }
  pair.write_passwords(fmt::format("localhost:{}:*:postgres:{}\nlocalhost:{}:*:postgres:{}\n",
                                   pair.source().port(), canary("source"), pair.target().port(),
                                   canary("target")));
  add_verifiers(canaries, pair.source());
  Words migrate = pair.migrate({"--database", "blog", "--roles"});
  for (std::string& word : migrate)
    if (const auto at = word.find("postgres://app@"); at == 0) word.replace(11, 3, "postgres");
  const Run run = [&](const Words& words, const Variables& variables) { return pair.run(words, variables); };
  const auto watch_now = [&] {
    return std::make_unique<Watch>("secrets-of-servers", canaries,
                                   std::vector<fs::path>{pair.directory() / ".pgupgrade"},
                                   [](const fs::path&) { return false; });
  };
  for (const std::string form : {"stream", "directory"})
    cases.run("a migration, killed, resumed, rolled back and cleaned up, by " + form, [&] {
      const auto watch = watch_now();
      Words words = migrate;
      words.insert(words.end(), {"--format", form});
      tell(*watch, run, words, -1, {{"PGUPGRADE_KILL_AT", "copy-1:definitions"}});
      tell(*watch, run, {"status"}, 0);
      tell(*watch, run, {"resume"}, 0);
      watch->require_private(pair.directory() / ".pgupgrade");
      tell(*watch, run, {"rollback", "--discard-new-writes"}, 0);
      tell(*watch, run, {"cleanup"}, 0);
      require_none(watch->end());
      pair.forget_runs();
      pair.target().sql("postgres", "DROP ROLE IF EXISTS reader");
    });
}

// As a role that is no superuser, with its password from a file, or from the string in the environment.
void of_scripts(Cases& cases) {
  if (!cases.wants("scripts within one server")) return;
  for (const bool in_file : {true, false})
    cases.run(fmt::format("scripts within one server, with a password in {}",
                          in_file ? "a password file" : "the environment's string"),
              [&] {
                const Registry registry(15);
                registry.server().sql("postgres", "ALTER ROLE app PASSWORD '" + canary("app") + "'");
                Canaries canaries = {{"the role's password", canary("app")}};
                add_verifiers(canaries, registry.server());
                registry.passwords(in_file ? "localhost:*:*:app:" + canary("app") + "\n" : "");
                Words words = registry.command(
                    {registry.script("a.sql", "INSERT INTO production.provenance VALUES ('2.0');\n")});
                Variables variables;
                if (!in_file) {
                  const auto from = std::find(words.begin(), words.end(), "--from");
                  std::string text = *(from + 1);
                  variables["PGUPGRADE_FROM"] =
                      text.replace(text.find("app@"), 4, "app:" + canary("app") + "@");
                  words.erase(from, from + 2);
                }
                const Run run = [&](const Words& own, const Variables& more) {
                  Variables all = variables;
                  all.insert(more.begin(), more.end());
                  return registry.run(own, all);
                };
                Words apply = words;
                apply.push_back("--apply");
                Watch watch("secrets-of-scripts", canaries, {registry.directory() / ".pgupgrade"},
                            [](const fs::path&) { return false; });
                tell(watch, run, words, -1, {{"PGUPGRADE_KILL_AT", "copy-1:definitions"}});
                tell(watch, run, words, 0);
                tell(watch, run, apply, -1, {{"PGUPGRADE_KILL_AT", "alternate:ran"}});
                watch.require_private(registry.directory() / ".pgupgrade");
                tell(watch, run, {"status"}, 0);
                tell(watch, run, apply, 0);
                tell(watch, run, {"cleanup", "--yes"}, 0);
                Findings findings = watch.end();
                // The programs of this machine are given it so; only who runs them can read that.
                std::erase_if(findings, [&](const std::string& finding) {
                  return finding.find(" in the environment of process ") != std::string::npos &&
                         (!in_file || finding.find(": /usr/lib/postgresql/") != std::string::npos);
                });
                require_none(findings);
              });
}

}  // namespace

void secrets_of_servers(Cases& cases) {
  of_migrations(cases);
  of_scripts(cases);
}

}  // namespace pgupgrade::test::campaign
