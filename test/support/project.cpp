#include "support/project.hpp"

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/paths.hpp"
#include "support/temporary_directory.hpp"

namespace pgupgrade::test {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kDockerLimit{120};
constexpr std::chrono::seconds kUpgradeLimit{1800};  // only against what hangs: machines are slow and shared
constexpr const char* kApplicationImage = "pgupgrade-fixture/app:1";

// What a destructor may do: try, and go on.
void try_run(const Words& argv, const ProcessOptions& options = {}) noexcept {
  try {
    run_process(argv, options);
  } catch (const std::exception&) {
    // There is nobody left to tell.
  }
}

// A name alone would be taken for more than a name when it has a "=" in it.
std::string conninfo(const std::string& database) {
  std::string text = "dbname='";
  for (const char letter : database) {
    if (letter == '\'' || letter == '\\') text += '\\';
    text += letter;
  }
  return text + "'";
}

Words lines_of(const Words& argv) {
  return split_lines(must_run(argv));
}

}  // namespace

std::string must_run(const Words& argv, const ProcessOptions& options) {
  ProcessOptions patient = options;
  patient.timeout = std::max<std::chrono::milliseconds>(patient.timeout, kDockerLimit);
  const ProcessResult result = run_process(argv, patient);
  if (!result.succeeded())
    throw std::runtime_error(fmt::format("{}: {}", join(argv, " "), output_of(result)));
  return result.standard_output;
}

std::string output_of(const ProcessResult& result) {
  return fmt::format("exit {}, signal {}\n--- standard output\n{}--- standard error\n{}", result.exit_code,
                     result.signal_number, result.standard_output, result.standard_error);
}

void wait_until(const std::string& what, const std::function<bool()>& holds, std::chrono::seconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("waited in vain for: " + what);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

Project::Project(const std::string& name)
    : name_(fmt::format("e2e-{}-{}", name, ::getpid())), directory_(new_directory(name_)) {}

Project::~Project() {
  if (keep_when_failing_ && std::uncaught_exceptions() > 0) {
    fmt::print(stderr, "kept: project {} in {}\n", name_, directory_.native());
    return;
  }
  try {
    remove_runs();
  } catch (const std::exception&) {
    // What cannot be listed cannot be removed.
  }
  try_run({"docker", "rm", "--force", name_ + "-other"});
  const ProcessOptions options{.working_directory = directory_,
                               .extra_environment = {{"COMPOSE_PROJECT_NAME", name_}},
                               .timeout = kDockerLimit};
  try_run(
      {"docker", "compose", "--progress", "quiet", "down", "--volumes", "--remove-orphans", "--timeout", "5"},
      options);
  std::error_code problem;
  fs::remove_all(directory_, problem);
  if (!problem) return;
  // Bind mounts hold files of the server's user.
  try_run({"docker", "run", "--rm", "--network", "none", "--volume", directory_.native() + ":/directory",
           kApplicationImage, "find", "/directory", "-mindepth", "1", "-delete"},
          options);
  fs::remove_all(directory_, problem);
}

void Project::remove_runs() const {
  for (const std::string& run : runs()) {
    const std::string label = "label=pgupgrade.run=" + run;
    for (const std::string& id : lines_of({"docker", "ps", "--all", "--quiet", "--filter", label}))
      try_run({"docker", "rm", "--force", "--volumes", id});
    for (const std::string& id : lines_of({"docker", "volume", "ls", "--quiet", "--filter", label}))
      try_run({"docker", "volume", "rm", id});
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(fs::temp_directory_path(), ignored))
      if (entry.path().filename().native().rfind("pgupgrade-" + run + "-", 0) == 0)
        fs::remove_all(entry.path(), ignored);
  }
}

Project& Project::write(const std::string& file, const std::string& text, unsigned mode) {
  fs::create_directories((directory_ / file).parent_path());
  write_file_durably(directory_ / file, text, mode);
  return *this;
}

Project& Project::copy_fixture(const std::string& fixture) {
  fs::copy(source_directory() / "compose-fixtures" / fixture, directory_,
           fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  return *this;
}

std::string Project::read(const std::string& file) const {
  return read_file(directory_ / file);
}

Project& Project::variable(const std::string& name, const std::string& value) {
  variables_[name] = value;
  return *this;
}

std::string Project::compose(const Words& words) const {
  Words argv = {"docker", "compose", "--progress", "quiet"};
  argv.insert(argv.end(), words.begin(), words.end());
  Variables variables = variables_;
  variables.insert({"COMPOSE_PROJECT_NAME", name_});
  return must_run(argv, {.working_directory = directory_, .extra_environment = variables});
}

void Project::up() const {
  compose({"up", "--detach", "--wait", "--wait-timeout", "90"});
}

void Project::create_other(const Words& words) const {
  Words argv = {"docker", "create", "--name", name_ + "-other", "--network", "none"};
  argv.insert(argv.end(), words.begin(), words.end());
  must_run(argv);
}

std::string Project::container(const std::string& service) const {
  return std::string(trim(compose({"ps", "--all", "--no-trunc", "--quiet", service})));
}

Words Project::containers() const {
  Words result = lines_of({"docker", "ps", "--all", "--no-trunc", "--filter",
                           "label=com.docker.compose.project=" + name_, "--format",
                           "{{.Label \"com.docker.compose.service\"}}={{.ID}}"});
  std::sort(result.begin(), result.end());
  return result;
}

std::string Project::inspect(const std::string& container, const std::string& format) const {
  return std::string(trim(must_run({"docker", "inspect", "--format", format, container})));
}

std::string Project::sql(const std::string& service, const std::string& database,
                         const std::string& text) const {
  const std::string result =
      must_run({"docker", "exec", container(service), "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
                "--username=" + superuser_, "--dbname=" + conninfo(database), "--command=" + text});
  return result.empty() ? result : result.substr(0, result.size() - 1);
}

void Project::script(const std::string& service, const std::string& database, const std::string& text) const {
  const fs::path file = directory_ / "script.sql";
  write_file_durably(file, text, 0644);
  const std::string id = container(service);
  must_run({"docker", "cp", "--quiet", file.native(), id + ":/tmp/script.sql"});
  must_run({"docker", "exec", id, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--username=" + superuser_,
            "--dbname=" + conninfo(database), "--file=/tmp/script.sql"});
  fs::remove(file);
}

bool Project::login(const std::string& service, const std::string& database, const std::string& role,
                    const std::string& password) const {
  // By the container's own name: the loopback address is trusted.
  const std::string id = container(service);
  const std::string address = inspect(id, "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}");
  const ProcessResult result =
      run_process({"docker", "exec", "--env", "PGPASSWORD=" + password, id, "psql", "-X", "-q", "-A", "-t",
                   "--no-password", "--host=" + address, "--username=" + role,
                   "--dbname=" + conninfo(database), "--command=SELECT 1"});
  return result.succeeded();
}

std::string Project::server_version(const std::string& service) const {
  return sql(service, "template1", "SELECT current_setting('server_version_num')::int / 10000");
}

ProcessResult Project::pgupgrade(const Words& arguments, Variables variables) const {
  return pgupgrade_under({}, arguments, std::move(variables));
}

ProcessResult Project::pgupgrade_under(Words argv, const Words& arguments, Variables variables) const {
  variables.insert({"COMPOSE_PROJECT_NAME", name_});
  variables.insert(variables_.begin(), variables_.end());
  argv.emplace_back(program().string());
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return run_process(
      argv, {.working_directory = directory_, .extra_environment = variables, .timeout = kUpgradeLimit});
}

ProcessResult Project::killed_at(const std::string& place, const Words& arguments) const {
  return pgupgrade(arguments, {{"PGUPGRADE_KILL_AT", place}});
}

Words Project::runs() const {
  Words result;
  std::error_code ignored;
  for (const char* root : {".pgupgrade", "other/.pgupgrade"})
    for (const auto& entry : fs::directory_iterator(directory_ / root, ignored))
      if (entry.is_directory()) result.push_back(entry.path().filename());
  std::sort(result.begin(), result.end());
  return result;
}

fs::path Project::run_directory() const {
  const Words all = runs();
  if (all.size() != 1) throw std::runtime_error(fmt::format("{} has {} runs", name_, all.size()));
  return directory_ / ".pgupgrade" / all.front();
}

Words Project::engine_leftovers() const {
  Words result;
  for (const std::string& run : runs()) {
    const std::string label = "label=pgupgrade.run=" + run;
    for (const std::string& line :
         lines_of({"docker", "ps", "--all", "--filter", label, "--format", "{{.Names}}"}))
      result.push_back("container " + line);
    for (const std::string& line : lines_of({"docker", "volume", "ls", "--quiet", "--filter", label}))
      result.push_back("volume " + line);
  }
  return result;
}

std::string Project::listing(const std::string& place) const {
  const Words container = {
      "docker", "run", "--rm", "--network", "none", "--volume", place + ":/data:ro", kApplicationImage};
  const auto sorted = [&](const Words& command) {
    Words argv = container;
    argv.insert(argv.end(), command.begin(), command.end());
    Words lines = lines_of(argv);
    std::sort(lines.begin(), lines.end());
    return join(lines, "\n") + "\n";
  };
  return sorted({"find", "/data", "-exec", "stat", "--format", "%N %F %a %u:%g %Y", "{}", "+"}) +
         sorted({"find", "/data", "-type", "f", "-exec", "sha256sum", "{}", "+"});
}

std::string small_project(int major) {
  return fmt::format(R"(services:
  db:
    image: pgupgrade-fixture/postgres:{0}
    restart: unless-stopped
    environment:
      POSTGRES_PASSWORD: e2e-secret
    volumes:
      - data:{1}
    healthcheck:
      test: [CMD, pg_isready, -h, 127.0.0.1, -U, postgres]
      interval: 5s
      start_period: 60s
      start_interval: 500ms
    stop_grace_period: 30s

  app:
    image: pgupgrade-fixture/app:1
    init: true
    restart: always
    command: [sleep, infinity]
    environment:
      DATABASE_URL: postgresql://postgres:e2e-secret@db/postgres
    depends_on:
      db:
        condition: service_healthy

volumes:
  data:
)",
                     major, major < 18 ? "/var/lib/postgresql/data" : "/var/lib/postgresql");
}

}  // namespace pgupgrade::test
