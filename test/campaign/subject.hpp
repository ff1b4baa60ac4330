// What the campaigns try things on: a small project with data, and what must be so about it in the end.
#pragma once

#include <future>
#include <string>

#include "support/project.hpp"

namespace pgupgrade::test::campaign {

// A project on PostgreSQL 13, running, filled. When an exception passes through its scope it is left as it
// is, and told where.
class Subject {
 public:
  // `compose_file` is the text; by default small_project(13).
  explicit Subject(const std::string& name, const std::string& compose_file = small_project(13));

  Project& project() { return project_; }
  const Project& project() const { return project_; }
  std::string data_volume() const { return project_.name() + "_data"; }

  ProcessResult upgrade(const Variables& variables = {}) const;
  // Runs pgupgrade with these words and requires that exit; gives what it said.
  ProcessResult expect_exit(int exit_code, const Words& arguments, const Variables& variables = {}) const;
  void expect_killed(const std::string& place, const Words& arguments) const;
  // The places that a whole upgrade by these words comes to, in their order; leaves the project as it was.
  Words places(const Words& upgrade = upgrade_words());

  // On 17, with the same content, everything running, the Compose file changed in its version only.
  void expect_upgraded() const;
  // On 13, with the same content, everything running, the Compose file as it was to the byte.
  void expect_as_before() const;
  // As before, and with the very same containers and restart policies: nothing was made anew.
  void expect_untouched() const;
  // What a command that must not act may not change: Compose file, containers, and every file of the data
  // volume. A server that runs writes to its data by itself; then it is left out.
  std::string snapshot(bool server_runs = false) const;
  // Rolls back what is left of the run and cleans up, so that the next case begins from the same place.
  void begin_anew() const;

  static const Words& upgrade_words();  // "--compose docker-compose.yml --to 17 --yes"

 private:
  std::string content() const;
  Words standing() const;

  Project project_;
  std::string compose_file_;
  std::string content_before_;
  mutable Words standing_before_;  // a way back from the new server makes the old one's container anew
};

// A pgupgrade that is stopped at a place, until `go_on`. Whatever happens, it has ended when this is gone.
class PausedRun {
 public:
  // Returns when the process stands still at `place`; throws when it ends before.
  PausedRun(const Subject& subject, const std::string& place, const Words& arguments);
  ~PausedRun();
  PausedRun(const PausedRun&) = delete;
  PausedRun& operator=(const PausedRun&) = delete;

  pid_t process() const { return process_; }
  void signal(int number) const;
  ProcessResult go_on();  // and gives how it ended

 private:
  std::future<ProcessResult> result_;
  pid_t process_ = 0;
};

}  // namespace pgupgrade::test::campaign
