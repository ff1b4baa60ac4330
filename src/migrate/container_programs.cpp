#include "pgupgrade/migrate/container_programs.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <optional>
#include <set>

#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/endpoint.hpp"

namespace pgupgrade::migrate {
namespace {

constexpr const char* kRunLabel = "pgupgrade.run";
constexpr const char* kSecrets = "pgupgrade-secrets";  // below the container's root directory
constexpr std::chrono::milliseconds kTick{500};
constexpr std::size_t kNameBytes = 4;

// A line of a password file that fits any connection.
std::string passfile_line(const Secret& password) {
  std::string line = "*:*:*:*:";
  for (const char c : password.reveal()) {
    if (c == ':' || c == '\\') line += '\\';
    line += c;
  }
  return line + "\n";
}

std::string passfile_name(std::size_t index) {
  return fmt::format("{}/{}", kSecrets, index);
}

// The command as a shell's text, with its password file in its environment.
std::string shell_text(const Command& command, std::size_t index) {
  std::string text = command.password.empty() ? "" : fmt::format("PGPASSFILE=/{} ", passfile_name(index));
  for (const std::string& word : command.argv) text += shell_word(word) + " ";
  return text;
}

struct DefaultFile {
  const char* keyword;
  const char* name;  // below the home directory
};
constexpr DefaultFile kDefaultFiles[] = {{"sslcert", ".postgresql/postgresql.crt"},
                                         {"sslkey", ".postgresql/postgresql.key"},
                                         {"sslrootcert", ".postgresql/root.crt"},
                                         {"sslcrl", ".postgresql/root.crl"}};

// A command with all files of this machine that libpq would use named in its connection strings; `files` are
// those.
Command with_files_named(Command command, const Environment& environment, std::set<std::string>& files) {
  constexpr std::string_view kDatabase = "--dbname=";
  for (std::string& word : command.argv) {
    if (!word.starts_with(kDatabase)) continue;
    auto endpoint = postgres::parse_endpoint(word.substr(kDatabase.size()), "a client program");
    for (const auto& [keyword, name] : kDefaultFiles) {
      const std::filesystem::path path = std::filesystem::path(variable(environment, "HOME")) / name;
      std::error_code ignored;
      if (endpoint.value(keyword).empty() && path.is_absolute() && std::filesystem::exists(path, ignored))
        endpoint.parameters[keyword] = path.native();
    }
    for (const char* keyword : {"host", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslcrldir"})
      if (endpoint.value(keyword).starts_with('/')) files.insert(endpoint.value(keyword));
    word = std::string(kDatabase) + connection_string(endpoint, endpoint.value("dbname"));
  }
  return command;
}

ProgramOutput finish(const ContainerSetting& setting, const std::string& id,
                     const std::function<void()>& tick) {
  std::optional<int> code;
  while (!(code = setting.engine.wait_container(id, kTick))) {
    setting.cancellation.throw_if_requested();
    if (tick) tick();
  }
  ProgramOutput output{.exit_code = *code, .output = {}, .message = {}};
  setting.engine.container_logs(
      id, [&](std::string_view bytes) { output.output += bytes; },
      [&](std::string_view bytes) { output.message += bytes; });
  return output;
}

ProgramOutput run_in_container(const ContainerSetting& setting, const std::string& image,
                               const std::vector<Command>& commands, const std::function<void()>& tick) {
  docker::ContainerSpec spec;
  spec.name = fmt::format("pgupgrade-{}-{}", setting.run, random_hex(kNameBytes));
  spec.image = image;
  spec.network = "host";
  spec.labels = {{kRunLabel, setting.run}};
  spec.user = fmt::format("{}:{}", ::getuid(), ::getgid());
  spec.working_directory = "/";
  spec.environment = {"LC_ALL=C", "HOME=/"};
  std::string script = "set -o pipefail; ";
  std::vector<backup::SmallFile> secrets;
  std::set<std::string> mounted;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    script +=
        (i == 0 ? "" : "| ") + shell_text(with_files_named(commands[i], setting.environment, mounted), i);
    if (!commands[i].password.empty())
      secrets.push_back({.path = passfile_name(i),
                         .content = passfile_line(commands[i].password),
                         .mode = 0600,
                         .uid = ::getuid(),
                         .gid = ::getgid(),
                         .link = {}});
  }
  spec.entrypoint = {"bash", "-c", script};
  if (!setting.directory.empty())
    spec.mounts.push_back({MountKind::bind, setting.directory.native(), setting.directory.native(), false});
  for (const std::string& path : mounted) spec.mounts.push_back({MountKind::bind, path, path, true});
  const std::string id = setting.engine.create_container(spec);
  try {
    if (!secrets.empty()) {
      const std::string tar = backup::tar_of(secrets);
      std::size_t at = 0;
      setting.engine.put_archive(id, "/", [&](char* buffer, std::size_t limit) {
        const std::size_t count = tar.copy(buffer, limit, at);
        at += count;
        return count;
      });
    }
    setting.engine.start_container(id);
    ProgramOutput output = finish(setting, id, tick);
    setting.engine.remove_container(id);
    return output;
  } catch (const std::exception&) {
    // The first error is the one to tell; what is left is found by its label.
    try {
      setting.engine.remove_container(id);
    } catch (const Error&) {
    }
    throw;
  }
}

class ContainerPrograms final : public Programs {
 public:
  ContainerPrograms(ClientPrograms which, ContainerSetting setting)
      : which_(std::move(which)), setting_(std::move(setting)) {}

  const ClientPrograms& which() const override { return which_; }
  ProgramOutput run(const Command& command, const std::function<void()>& tick) override {
    return run_in_container(setting_, which_.image, {command}, tick);
  }
  ProgramOutput pipe(const Command& from, const Command& to, const std::function<void()>& tick) override {
    return run_in_container(setting_, which_.image, {from, to}, tick);
  }

 private:
  ClientPrograms which_;
  ContainerSetting setting_;
};

}  // namespace

std::unique_ptr<Programs> programs_in_containers(const ClientPrograms& which,
                                                 const ContainerSetting& setting) {
  return std::make_unique<ContainerPrograms>(which, setting);
}

ClientPrograms programs_of_image(const std::string& image, const ContainerSetting& setting) {
  if (!setting.engine.inspect_image(image)) setting.engine.pull_image(image, {});
  const ProgramOutput output =
      run_in_container(setting, image, {{.argv = {"pg_dump", "--version"}, .password = {}}}, {});
  ClientPrograms found{.major = 0, .version = version_in(output.output), .directory = {}, .image = image};
  std::from_chars(found.version.data(), found.version.data() + found.version.size(), found.major);
  if (!output.succeeded() || found.major < 10)
    throw Error(ErrorKind::refused, "E-CLIENT-PROGRAMS",
                fmt::format("could not find pg_dump in image {}: {}", printable(image),
                            printable(trim(output.message.empty() ? output.output : output.message), 500)),
                "specify an image of PostgreSQL with --image");
  return found;
}

void remove_containers(docker::Engine& engine, const std::string& run) {
  for (const auto& container : engine.list_containers({.labels = {{kRunLabel, run}}}))
    engine.remove_container(container.id);
}

}  // namespace pgupgrade::migrate
