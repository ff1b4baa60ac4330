// What the faults of the system are tried on: a process that keeps a run's state, as pgupgrade does.
//
//   state_writer begin DIRECTORY           the run begins there: generations 1 and 2
//   state_writer go DIRECTORY [LIMIT]      four more; no file may grow beyond LIMIT bytes
//
// Each generation is told on standard output once it is durable. Exit 5 and the error on standard error when
// one could not be.
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"

namespace {

using pgupgrade::upgrade::Journal;

void tell(const Journal& journal) {
  const std::string line = fmt::format("{}\n", journal.state().generation);
  if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::exit(9);
}

void begin(const pgupgrade::upgrade::RunFiles& files) {
  pgupgrade::RunState state;
  state.plan.run_id = files.directory.filename().string();
  state.plan.state_root = files.directory.parent_path().string();
  Journal journal = Journal::create(files, state);
  tell(journal);
  journal.record_started("pull", 1);
  tell(journal);
}

void go(const pgupgrade::upgrade::RunFiles& files) {
  Journal journal = Journal::open(files);
  journal.record_data("pull", "image", std::string(300, 'x'));
  tell(journal);
  journal.record_done("pull", 2);
  tell(journal);
  journal.record_started("freeze", 3);
  tell(journal);
  journal.finish(pgupgrade::RunOutcome::unfinished);
  tell(journal);
}

// Beyond it a write is short first, and fails then.
void limit_files(rlim_t bytes) {
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{.rlim_cur = bytes, .rlim_max = bytes};
  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) std::exit(9);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return 2;
  const std::string command = arguments[1];
  const pgupgrade::upgrade::RunFiles files{.directory = arguments[2]};
  try {
    if (count > 3) limit_files(static_cast<rlim_t>(std::stoul(arguments[3])));
    if (command == "begin")
      begin(files);
    else
      go(files);
  } catch (const pgupgrade::Error& error) {
    fmt::print(stderr, "{}: {}\n", error.code(), error.what());
    return 5;
  }
  return 0;
}
