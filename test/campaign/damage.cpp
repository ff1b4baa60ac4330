// Damage to all that replaces the old data, while a run stands still: found before the wipe, and never
// followed by the loss of more.
#include <fmt/format.h>

#include <algorithm>

#include "campaign/campaign.hpp"
#include "campaign/damaged_file.hpp"
#include "campaign/subject.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::test::campaign {

namespace {

namespace fs = std::filesystem;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// An error tells what, the state of the data, and what to type next.
void require_clear(const ProcessResult& result, const Words& any_code) {
  const std::string& said = result.standard_error;
  require(std::any_of(any_code.begin(), any_code.end(),
                      [&](const std::string& code) { return has(said, "error[" + code + "]"); }),
          fmt::format("the error is one of {}: {}", join(any_code, ", "), output_of(result)));
  require(has(said, "your data:") && has(said, "pgupgrade r"),
          "the error tells of the data and of the way on: " + output_of(result));
}

struct Copy {
  std::string name;
  fs::path path;
};

// The files of the run's own directory that matter for a restore.
std::vector<Copy> backup_files(const Subject& subject) {
  const auto files = subject.project().run_files();
  return {{"archive", files.archive("db")}, {"manifest", files.manifest("db")}};
}

std::vector<Copy> dump_records(const Subject& subject) {
  const auto files = subject.project().run_files();
  return {{"dump record", files.dump_record("db")}, {"fingerprint", files.fingerprint("db", "old")}};
}

std::vector<Copy> carried_files(const Subject& subject) {
  const fs::path directory = subject.project().run_files().carried("db");
  return {{"carried pg_hba.conf", directory / "pg_hba.conf"},
          {"carried postgresql.auto.conf", directory / "postgresql.auto.conf"}};
}

// In the dump volume, where the engine keeps it: the campaign runs as root, beside the engine.
std::vector<Copy> dump_files(const Subject& subject) {
  const std::string volume = "pgupgrade-" + subject.project().runs().at(0) + "-db-dump";
  const fs::path root =
      std::string(trim(must_run({"docker", "volume", "inspect", "--format", "{{.Mountpoint}}", volume})));
  std::vector<Copy> result;
  for (const auto& entry : fs::recursive_directory_iterator(root))
    if (entry.is_regular_file())
      result.push_back({"dump's " + fs::relative(entry.path(), root).native(), entry.path()});
  std::sort(result.begin(), result.end(), [](const Copy& a, const Copy& b) { return a.name < b.name; });
  require(result.size() >= 5, "the dump has files");
  return result;
}

bool wipe_began(const Subject& subject) {
  return has(read_file(subject.project().run_files().state()), "\"db.emptying\"");
}

// Each damage to each file stops a resume before the wipe; undone, the next one has its turn.
void find_all(Cases& cases, Subject& subject, const std::string& place, const std::vector<Copy>& copies,
              const Words& codes, std::size_t random_bits) {
  for (const Copy& copy : copies) {
    for (const Damage& damage : all_damages(fs::file_size(copy.path), random_bits)) {
      cases.run(fmt::format("{}, {}, {}", place, copy.name, damage.name), [&] {
        const DamagedFile damaged(copy.path, damage);
        require_clear(subject.expect_exit(5, {"resume"}), codes);
        require(!wipe_began(subject), "nothing is emptied");
      });
    }
  }
}

// The groups share one run each: it stands at the place, and whatever is found is put right again.
class StandingRun {
 public:
  StandingRun(Subject& subject, const std::string& place) : subject_(subject) {
    subject_.expect_killed(place, Subject::upgrade_words());
    listing_ = subject_.project().listing(subject_.data_volume());
  }
  // What was found wrong was told each time, and the data is what it was; then it goes back to the beginning.
  void end() const {
    require_same(listing_, subject_.project().listing(subject_.data_volume()), "the old data is as it was");
    subject_.expect_exit(0, {"rollback"});
    subject_.expect_untouched();
    subject_.begin_anew();
  }

 private:
  Subject& subject_;
  std::string listing_;
};

const Words kBackupCodes = {"E-BACKUP-DAMAGED", "E-BACKUP-HOSTILE"};
const Words kDumpCodes = {"E-DUMP-DAMAGED"};

void before_the_wipe(Cases& cases, Subject& subject) {
  {
    const StandingRun run(subject, "backup:after-done");
    find_all(cases, subject, "backed up", backup_files(subject), kBackupCodes, 12);
    run.end();
  }
  {
    const StandingRun run(subject, "dump:after-done");
    find_all(cases, subject, "dumped", dump_files(subject), kDumpCodes, 2);
    run.end();
  }
  const StandingRun run(subject, "verify-dump:after-done");
  find_all(cases, subject, "verified", backup_files(subject), kBackupCodes, 2);
  find_all(cases, subject, "verified", dump_files(subject), kDumpCodes, 0);
  find_all(cases, subject, "verified", dump_records(subject), kDumpCodes, 1);
  find_all(cases, subject, "verified", carried_files(subject), kDumpCodes, 1);
  run.end();
}

// A resume and a rollback both refuse the file that is damaged; nothing else is touched.
void in_the_state_file(Cases& cases, Subject& subject) {
  const StandingRun run(subject, "verify-dump:after-done");
  const fs::path state = subject.project().run_files().state();
  for (const Damage& damage : all_damages(fs::file_size(state), 60)) {
    if (damage.name == "gone") continue;  // then there is no run: E-NO-RUN
    cases.run("state file, " + damage.name, [&] {
      const DamagedFile damaged(state, damage);
      for (const char* command : {"resume", "rollback"}) {
        const ProcessResult result = subject.expect_exit(2, {command, "--state", state.native()});
        require(has(result.standard_error, "E-STATE-") && has(result.standard_error, "state.json.previous"),
                "the error names the generation before: " + output_of(result));
      }
    });
  }
  run.end();
}

void rolled_back_before_the_wipe(Cases& cases, Subject& subject, const std::string& place,
                                 std::vector<Copy> (*copies)(const Subject&), const Words& codes) {
  for (std::size_t file = 0; file < 2; ++file) {
    for (std::size_t kind = 0; kind < 5; ++kind) {
      const std::string name = fmt::format("{}, file {}, damage {}, rollback", place, file, kind);
      cases.run(name, [&] {
        subject.expect_killed(place, Subject::upgrade_words());
        {
          const Copy copy = copies(subject).at(file);
          const DamagedFile damaged(copy.path, few_damages(fs::file_size(copy.path)).at(kind));
          require_clear(subject.expect_exit(5, {"resume"}), codes);
          subject.expect_exit(0, {"rollback"});
          subject.expect_untouched();
        }
        subject.begin_anew();
      });
    }
  }
}

// The old data is gone from the volume and its backup is damaged: the way back is refused before it does
// anything, and says that the dump is whole. The way forward is open.
void after_the_wipe(Cases& cases, Subject& subject, const std::string& place) {
  for (std::size_t file = 0; file < 2; ++file) {
    for (std::size_t kind = 0; kind < 5; ++kind) {
      cases.run(fmt::format("{}, backup file {}, damage {}", place, file, kind), [&] {
        subject.expect_killed(place, Subject::upgrade_words());
        const std::string before = subject.snapshot();
        const bool forward = kind % 2 == 0;
        {
          const Copy copy = backup_files(subject).at(file);
          const DamagedFile damaged(copy.path, few_damages(fs::file_size(copy.path)).at(kind));
          const ProcessResult result = subject.expect_exit(9, {"rollback"});
          require_clear(result, kBackupCodes);
          require(has(result.standard_error, "-db-dump"), "the dump's volume is named: " + output_of(result));
          require_same(before, subject.snapshot(), "the way back that cannot be gone changes nothing");
          if (forward) {
            subject.expect_exit(0, {"resume"});
            subject.expect_upgraded();
          }
        }
        if (!forward) {
          subject.expect_exit(0, {"rollback"});
          subject.expect_as_before();
        }
        subject.begin_anew();
      });
    }
  }
}

// A dump that is damaged after the wipe is never restored into a success.
void dump_after_the_wipe(Cases& cases, Subject& subject) {
  for (std::size_t kind = 0; kind < 6; ++kind) {
    cases.run(fmt::format("wiped, dump damaged in way {}", kind), [&] {
      subject.expect_killed("wipe:after-done", Subject::upgrade_words());
      const std::vector<Copy> copies = dump_files(subject);
      const Copy& copy = copies.at(kind * copies.size() / 6);
      const std::vector<Damage> damages = all_damages(fs::file_size(copy.path), 1);
      const DamagedFile damaged(copy.path, damages.at(kind % damages.size()));
      require_clear(subject.expect_exit(5, {"resume"}), kDumpCodes);
      subject.expect_exit(0, {"rollback"});
      subject.expect_untouched();
    });
    if (!subject.project().runs().empty()) subject.begin_anew();
  }
}

}  // namespace

void damage(Cases& cases) {
  Subject subject("damage");
  before_the_wipe(cases, subject);
  in_the_state_file(cases, subject);
  for (const char* place : {"backup:after-done", "verify-dump:after-done"})
    rolled_back_before_the_wipe(cases, subject, place, backup_files, kBackupCodes);
  rolled_back_before_the_wipe(cases, subject, "verify-dump:after-done", dump_files, kDumpCodes);
  for (const char* place : {"wipe:after-done", "restore:globals-restored", "start:before-record"})
    after_the_wipe(cases, subject, place);
  dump_after_the_wipe(cases, subject);
}

}  // namespace pgupgrade::test::campaign
