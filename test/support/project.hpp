#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "pgupgrade/base/process.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"

namespace pgupgrade::test {

using Words = std::vector<std::string>;
using Variables = std::map<std::string, std::string>;

// Runs a program that has to succeed, and gives what it wrote to standard output.
std::string must_run(const Words& argv, const ProcessOptions& options = {});

// For INFO: the exit, and all that was said.
std::string output_of(const ProcessResult& result);

// Asks again and again until it is so; throws, naming `what`, when it is not within the deadline.
void wait_until(const std::string& what, const std::function<bool()>& holds,
                std::chrono::seconds deadline = std::chrono::seconds(60));

// A Compose project on the real engine, in a directory of its own, under a name of its own. Whatever happens,
// its containers, volumes and networks go with it, and all that the runs of pgupgrade on it have left.
class Project {
 public:
  explicit Project(const std::string& name);
  ~Project();
  Project(const Project&) = delete;
  Project& operator=(const Project&) = delete;

  const std::filesystem::path& directory() const { return directory_; }
  const std::string& name() const { return name_; }
  std::filesystem::path operator/(const std::filesystem::path& file) const { return directory_ / file; }

  // When an exception passes through its scope it is not removed, but left for a look.
  void keep_when_failing() { keep_when_failing_ = true; }

  // Who the superuser is; `sql` logs in as it.
  Project& superuser(std::string name) {
    superuser_ = std::move(name);
    return *this;
  }
  // In the environment of Compose and pgupgrade from now on.
  Project& variable(const std::string& name, const std::string& value);
  Project& write(const std::string& file, const std::string& text, unsigned mode = 0644);
  Project& copy_fixture(const std::string& fixture);
  std::string read(const std::string& file) const;

  std::string compose(const Words& words) const;  // docker compose …, which has to succeed
  void up() const;                                // and healthy

  // A container outside the project (docker create …), never started.
  void create_other(const Words& words) const;
  std::string container(const std::string& service) const;  // its id
  // Of all containers of the project, service=id, sorted.
  Words containers() const;
  std::string inspect(const std::string& container, const std::string& format) const;

  // One statement, or several in one transaction: unaligned rows without a header. As the superuser, through
  // the socket in the container.
  std::string sql(const std::string& service, const std::string& database, const std::string& text) const;
  // A whole script for psql.
  void script(const std::string& service, const std::string& database, const std::string& text) const;
  // A login over TCP with a password; whether it was accepted.
  bool login(const std::string& service, const std::string& database, const std::string& role,
             const std::string& password) const;
  std::string server_version(const std::string& service) const;  // "17"

  ProcessResult pgupgrade(const Words& arguments, Variables variables = {}) const;
  // The same, started by a program that traces it: {"strace", …}.
  ProcessResult pgupgrade_under(Words argv, const Words& arguments, Variables variables = {}) const;
  // The process ends by SIGKILL at that place (see CampaignProbe).
  ProcessResult killed_at(const std::string& place, const Words& arguments) const;

  Words runs() const;                           // their ids
  std::filesystem::path run_directory() const;  // of the only one
  upgrade::RunFiles run_files() const { return {run_directory()}; }
  // Containers and volumes of pgupgrade's runs on this project that are on the engine.
  Words engine_leftovers() const;
  // Every file below a mount, sorted: kind, mode, owner, seconds of its change, target of a link, digest.
  // (The engine's archives hold no fractions of a second.) The place is a volume or a path.
  std::string listing(const std::string& place) const;

 private:
  void remove_runs() const;

  bool keep_when_failing_ = false;
  Variables variables_;
  std::string name_;
  std::filesystem::path directory_;
  std::string superuser_ = "postgres";
};

// A project of one server with a named volume and one application that does nothing but depend on it.
std::string small_project(int major);

}  // namespace pgupgrade::test
