// Passwords and verifiers, looked for wherever a run could leave them; and the look itself, which has to find
// what is put there on purpose.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <thread>

#include "campaign/campaign.hpp"
#include "campaign/secrets.hpp"
#include "campaign/watch.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/project.hpp"

namespace pgupgrade::test::campaign {

namespace {

namespace fs = std::filesystem;

enum class Kept { in_environment, in_secret_file };

std::string canary(const std::string& name) {
  return fmt::format("canary-{}-{}", name, ::getpid());
}

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::string compose_file(Kept kept) {
  const bool in_file = kept == Kept::in_secret_file;
  return fmt::format(R"(services:
  db:
    image: pgupgrade-fixture/postgres:13
    environment:
      {password}
    {secrets}
    volumes: ["data:/var/lib/postgresql/data"]
    healthcheck: {{ test: [CMD, pg_isready, -h, 127.0.0.1], interval: 1s, retries: 90 }}
  app:
    image: pgupgrade-fixture/app:1
    init: true
    command: [sleep, infinity]
    environment: {{ DATABASE_URL: "postgresql://by_url:{url}@db/postgres" }}
    depends_on: [db]
volumes: {{ data: {{}} }}
{sources}
)",
                     fmt::arg("password", in_file ? "POSTGRES_PASSWORD_FILE: /run/secrets/superuser"
                                                  : "POSTGRES_PASSWORD: " + canary("superuser")),
                     fmt::arg("secrets", in_file ? "secrets: [superuser]" : "stop_grace_period: 30s"),
                     fmt::arg("sources", in_file ? "secrets: { superuser: { file: ./secret } }" : ""),
                     fmt::arg("url", canary("url")));
}

class Guarded {
 public:
  Guarded(const std::string& name, Kept kept) : project_(name) {
    project_.keep_when_failing();
    project_.write("docker-compose.yml", compose_file(kept))
        .write("passwords", "by_file:" + canary("file") + "\n", 0600)
        .write("secret", canary("superuser") + "\n", 0600);
    fs::create_directory(temporary());
    project_.up();
    project_.script("db", "postgres", fill());
    // At a mere reload the server would tell its own log what changed.
    project_.compose({"restart", "db"});
    project_.up();
  }

  Project& project() { return project_; }
  fs::path temporary() const { return project_ / "t"; }
  fs::path state_root() const { return project_ / ".pgupgrade"; }

  // With the password file of pgupgrade's own option.
  static Words upgrade_words() {
    return {"upgrade", "--compose", "docker-compose.yml", "--to",
            "17",      "--yes",     "--password-file",    "passwords"};
  }

  std::string engine_path(const std::string& volume) const {
    return std::string(
        trim(must_run({"docker", "volume", "inspect", "--format", "{{.Mountpoint}}", volume})));
  }

  // All passwords and all verifiers that the server has now.
  Canaries canaries() const {
    Canaries all = {{"the superuser's password", canary("superuser")},
                    {"the password in a URL", canary("url")},
                    {"the password in the password file", canary("file")},
                    {"the password of a user mapping", canary("mapping")},
                    {"the password in a setting", canary("setting")}};
    for (const std::string& line : split_lines(project_.sql(
             "db", "postgres", "SELECT rolname, rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL"))) {
      const auto bar = line.find('|');
      const std::string verifier = line.substr(bar + 1);
      all["verifier " + line] = verifier;
      // The part that matters, should the whole have been taken apart: "…$stored key:server key".
      if (verifier.starts_with("SCRAM"))
        all["stored key of " + line] = verifier.substr(verifier.rfind('$') + 1, 44);
    }
    return all;
  }

  // Of the files that a run makes, those that may hold a secret: copies of what the user wrote. (And the
  // backup and the dump, which are not text.)
  bool may_hold(const fs::path& path) const {
    const std::string directory = path.parent_path().native();
    if (directory.starts_with(temporary().native()))  // shown to Compose
      return directory.ends_with(project_.directory().native());
    return path.parent_path().filename() == "original" ||  // the Compose file before the edit
           directory.ends_with("/carried/db.files") ||     // what ALTER SYSTEM wrote
           directory.ends_with("/carried");                // the same as it is placed
  }

  std::string tell(Watch& watch, const Words& words, int exit_code, Variables variables = {}) const {
    variables.insert({"TMPDIR", temporary().native()});
    variables.insert({"XDG_RUNTIME_DIR", temporary().native()});
    const ProcessResult result = project_.pgupgrade(words, variables);
    const bool killed = result.signal_number == SIGKILL;
    require(exit_code < 0 ? killed : !killed && result.exit_code == exit_code,
            fmt::format("pgupgrade {} ends as it should: {}", join(words, " "), output_of(result)));
    watch.look_at("standard output of " + join(words, " "), result.standard_output);
    watch.look_at("standard error of " + join(words, " "), result.standard_error);
    watch.look_at_leftovers();
    return result.standard_error + result.standard_output;
  }

  Watch watch() const {
    return Watch(project_.name(), canaries(), {state_root(), temporary()},
                 [this](const fs::path& path) { return may_hold(path); });
  }

 private:
  static std::string fill() {
    return fmt::format(R"(SET password_encryption = 'md5';
CREATE ROLE by_url LOGIN PASSWORD '{}'; CREATE ROLE by_file LOGIN PASSWORD '{}';
SET password_encryption = 'scram-sha-256'; CREATE ROLE scram LOGIN PASSWORD 'not told to anybody';
CREATE FOREIGN DATA WRAPPER f; CREATE SERVER s FOREIGN DATA WRAPPER f;
CREATE USER MAPPING FOR scram SERVER s OPTIONS (password '{}');
CREATE TABLE t AS SELECT generate_series(1, 1000) AS i;
ALTER SYSTEM SET primary_conninfo = 'host=nowhere password={}';
ALTER SYSTEM SET log_statement = 'all'; ALTER SYSTEM SET log_min_duration_statement = 0;
)",
                       canary("url"), canary("file"), canary("mapping"), canary("setting"));
  }

  Project project_;
};

void require_none(const Findings& findings) {
  require(findings.empty(), "secrets are nowhere:\n" + join({findings.begin(), findings.end()}, "\n"));
}

// The way of all, with all that is told on it, as events and as text.
void success(Cases& cases, Kept kept) {
  const std::string name =
      kept == Kept::in_environment ? "a password in the environment" : "a password in a secret";
  if (!cases.wants(name)) return;
  Guarded guarded(kept == Kept::in_environment ? "secrets-env" : "secrets-file", kept);
  const Words output = kept == Kept::in_environment ? Words{"--output", "json"} : Words{"--output", "plain"};
  cases.run(name + ", plan, upgrade, status, rollback, cleanup", [&] {
    Watch watch = guarded.watch();
    Words plan = Guarded::upgrade_words();
    plan.push_back("--dry-run");
    guarded.tell(watch, with(plan, output), 0);
    guarded.tell(watch, with(Guarded::upgrade_words(), output), 0);
    watch.learn(guarded.canaries());
    watch.require_private(guarded.state_root());
    guarded.tell(watch, with({"status"}, output), 0);
    guarded.tell(watch, with({"rollback", "--discard-new-writes"}, output), 0);
    watch.require_private(guarded.state_root());
    guarded.tell(watch, with({"cleanup", "--yes"}, output), 0);
    require_none(watch.end());
    require(watch.processes_seen() > 50 && watch.containers_seen() > 5,
            fmt::format("it was looked at {} processes and {} containers", watch.processes_seen(),
                        watch.containers_seen()));
  });
}

// Each part asks for the passwords anew.
void in_parts(Cases& cases) {
  cases.run("in three parts: dump, wipe, load, rollback, cleanup", [&] {
    Guarded guarded("secrets-parts", Kept::in_secret_file);
    Watch watch = guarded.watch();
    Words dump = Guarded::upgrade_words();
    dump.front() = "dump";
    guarded.tell(watch, with(dump, {"--keep-dumps", "kept"}), 0);
    watch.require_private(guarded.project() / "kept");
    guarded.tell(watch, {"wipe", "--yes"}, -1, {{"PGUPGRADE_KILL_AT", "wipe:after-action"}});
    guarded.tell(watch, {"wipe", "--yes"}, 0);
    watch.require_private(guarded.state_root());
    guarded.tell(watch, {"load", "--yes", "--output", "json"}, 0);
    watch.learn(guarded.canaries());
    guarded.tell(watch, {"rollback", "--discard-new-writes"}, 0);
    guarded.tell(watch, {"cleanup", "--yes"}, 0);
    require_none(watch.end());
  });
}

// Scripts within the server of the service, as its superuser, whose password nobody typed.
void within_server(Cases& cases) {
  for (const Kept kept : {Kept::in_environment, Kept::in_secret_file})
    cases.run(
        fmt::format("within one server, with a password in {}: rehearse, apply, status, cleanup, drop",
                    kept == Kept::in_environment ? "the environment" : "a secret"),
        [&] {
          Guarded guarded("secrets-within", kept);
          guarded.project().script("db", "postgres", "CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 1 AS a;");
          guarded.project().write("more.sql", "ALTER TABLE s.t ADD COLUMN b int;\n");
          const Words server = {"rehearse", "--service", "db",  "--database",
                                "postgres", "--into",    "alt", "--yes"};
          const Words rehearse = with(server, {"--schema", "s", "--run", "more.sql"});
          Watch watch = guarded.watch();
          guarded.tell(watch, rehearse, -1, {{"PGUPGRADE_KILL_AT", "alternate:script"}});
          guarded.tell(watch, with(rehearse, {"--output", "json"}), 0);
          guarded.tell(watch, with(rehearse, {"--apply"}), -1, {{"PGUPGRADE_KILL_AT", "alternate:ran"}});
          watch.require_private(guarded.state_root());
          guarded.tell(watch, {"status"}, 0);
          guarded.tell(watch, with(rehearse, {"--apply"}), 0);
          guarded.tell(watch, {"cleanup", "--yes"}, 0);
          guarded.tell(watch, with(server, {"--drop"}), 0);
          require_none(watch.end());
        });
}

// What a dead run leaves behind, at each place of those steps that handle secrets; and what comes after.
void killed(Cases& cases) {
  if (!cases.wants("killed at ")) return;
  Guarded guarded("secrets-killed", Kept::in_environment);
  for (const std::string place :
       {"dump:before-record", "verify-dump:after-done", "restore:globals-restored", "configure:files-placed",
        "scram:before-record", "verify:after-done", "start:before-record"})
    cases.run("killed at " + place + ", then status, resume, rollback", [&] {
      Watch watch = guarded.watch();
      guarded.tell(watch, Guarded::upgrade_words(), -1, {{"PGUPGRADE_KILL_AT", place}});
      watch.require_private(guarded.state_root());
      guarded.tell(watch, {"status"}, 0);
      guarded.tell(watch, {"resume"}, 0);
      watch.learn(guarded.canaries());
      guarded.tell(watch, {"rollback", "--discard-new-writes"}, 0);
      guarded.tell(watch, {"cleanup", "--yes"}, 0);
      require_none(watch.end());
      fs::remove_all(guarded.state_root());
    });
}

// It holds the verifiers of all roles.
void dump_volume(Cases& cases) {
  cases.run("the dump volume is for its owner alone", [&] {
    Guarded guarded("secrets-dump", Kept::in_environment);
    Watch watch = guarded.watch();
    guarded.tell(watch, Guarded::upgrade_words(), -1, {{"PGUPGRADE_KILL_AT", "dump:after-done"}});
    const auto volume = guarded.engine_path(
        fmt::format("pgupgrade-{}-db-dump", guarded.project().run_directory().filename().native()));
    require(fs::status(volume).permissions() == fs::perms::owner_all,
            "the dump volume is for its owner alone");
    guarded.tell(watch, {"rollback"}, 0);
    guarded.tell(watch, {"cleanup", "--yes"}, 0);
    require_none(watch.end());
  });
}

// A statement that the new server refuses is quoted, and may have a password in it.
void failed(Cases& cases) {
  cases.run("a restore that fails at a password, then rollback", [&] {
    Guarded guarded("secrets-failed", Kept::in_environment);
    guarded.project().script("db", "postgres",
                             R"(
SET log_statement = 'none'; SET log_min_duration_statement = -1;
CREATE FUNCTION refuses(text[], oid) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  IF current_setting('server_version_num')::int >= 170000 AND array_to_string($1, '') <> '' THEN
    RAISE 'no options here';
  END IF;
END $$;
CREATE FOREIGN DATA WRAPPER refusing VALIDATOR refuses;
CREATE SERVER refusing FOREIGN DATA WRAPPER refusing;
)" + fmt::format("CREATE USER MAPPING FOR scram SERVER refusing OPTIONS (password '{}');\n",
                 canary("mapping")));
    Watch watch = guarded.watch();
    Words words = Guarded::upgrade_words();
    words.insert(words.end(), {"--accept", "E-REHEARSAL"});
    const std::string said = guarded.tell(watch, words, 5);
    require(said.find("E-RESTORE") != std::string::npos && said.find("no options here") != std::string::npos,
            "the reason is told: " + said);
    watch.require_private(guarded.state_root());
    guarded.tell(watch, {"status", "--output", "json"}, 0);
    guarded.tell(watch, {"rollback"}, 0);
    guarded.tell(watch, {"cleanup", "--yes"}, 0);
    require_none(watch.end());
  });
}

// Puts a secret into each of the places that are looked at; the watch has to find it there.
void planted(Cases& cases) {
  if (!cases.wants("planted in ")) return;
  Project project("secrets-planted");
  const std::string secret = canary("planted");
  const std::string container = project.name() + "-other";
  fs::create_directory(project / "place");
  const auto plant = [&](const std::string& where, const std::function<void(Watch&)>& put,
                         const std::string& told_as) {
    cases.run("planted in " + where + ", and found", [&] {
      Watch watch(project.name(), {{"it", secret}}, {project / "place"},
                  [](const fs::path& path) { return path.filename() == "kept"; });
      put(watch);
      const Findings findings = watch.end();
      require(
          std::any_of(findings.begin(), findings.end(),
                      [&](const std::string& finding) { return finding.find(told_as) != std::string::npos; }),
          fmt::format("it is found in {}, among: {}", told_as,
                      join({findings.begin(), findings.end()}, "\n")));
    });
  };
  const auto until_seen = [](Watch& watch, const std::string& told_as) {
    wait_until("a finding in " + told_as, [&] { return watch.has(told_as); });
  };
  const auto run_beside = [&](Watch& watch, const Words& argv, const Variables& variables,
                              const std::string& told_as) {
    Cancellation seen;
    std::thread process([&] {
      try {
        run_process(argv, {.extra_environment = variables, .cancellation = &seen});
      } catch (const std::exception&) {  // ended on purpose
      }
    });
    try {
      until_seen(watch, told_as);
    } catch (...) {
      seen.request(SIGTERM);
      process.join();
      throw;
    }
    seen.request(SIGTERM);
    process.join();
  };
  const auto create = [&](const Words& words) {
    project.create_other(with(words, {"pgupgrade-fixture/app:1", "cat", "/proc/self/environ"}));
  };
  const auto remove = [&] { must_run({"docker", "rm", "--force", container}); };
  plant(
      "arguments",
      [&](Watch& watch) {
        run_beside(watch, {"tail", "-f", "/dev/null", secret}, {}, "the arguments of process");
      },
      "the arguments of process");
  plant(
      "an environment",
      [&](Watch& watch) {
        run_beside(watch, {"tail", "-f", "/dev/null"}, {{"WORD", secret}}, "the environment of process");
      },
      "the environment of process");
  plant(
      "the inspect of a container",
      [&](Watch&) {
        create({"--env", "WORD=" + secret});
      },
      "the configuration of container");
  remove();
  plant(
      "the log of a container",
      [&](Watch&) {
        create({"--env", "WORD=" + secret});
        must_run({"docker", "start", "--attach", container});
      },
      "the log of container");
  remove();
  plant(
      "an event",
      [&](Watch&) {
        create({"--label", "word=" + secret});
        remove();
      },
      "the event");
  plant(
      "a file", [&](Watch&) { project.write("place/file", "a " + secret, 0600); }, "place/file");
  plant(
      "a file that others may read", [&](Watch&) { project.write("place/kept", secret, 0644); },
      "others may read");
  fs::remove_all(project / "place");
  plant(
      "what is said", [&](Watch& watch) { watch.look_at("the output", "a " + secret); }, "the output");
  plant(
      "a directory that others may enter",
      [&](Watch& watch) {
        fs::create_directory(project / "open");
        fs::permissions(project / "open", fs::perms(0755));
        watch.require_private(project / "open");
      },
      "open is 0755");
}

}  // namespace

void secrets(Cases& cases) {
  secrets_of_servers(cases);
  planted(cases);
  success(cases, Kept::in_environment);
  success(cases, Kept::in_secret_file);
  killed(cases);
  failed(cases);
  dump_volume(cases);
  in_parts(cases);
  within_server(cases);
}

}  // namespace pgupgrade::test::campaign
