// Disks that are full: told clearly, undone, and never an empty data directory that the service would start
// on.
#include <fmt/format.h>

#include "campaign/campaign.hpp"
#include "campaign/small_disk.hpp"
#include "campaign/subject.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::test::campaign {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr int kDataDisk = 1024;  // MiB; more than the plan asks for
constexpr int kStateDisk = 512;
constexpr int kDumpDisk = 64;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Where a run is stopped and the disk filled, but for so many bytes.
struct Moment {
  std::string place;
  std::uint64_t left = 0;
};

std::string name_of(const Moment& moment, const std::string& way) {
  return fmt::format("{}, {} KiB left, {}", moment.place, moment.left / kKiB, way);
}

fs::path mountpoint(const std::string& volume) {
  return std::string(trim(must_run({"docker", "volume", "inspect", "--format", "{{.Mountpoint}}", volume})));
}

// An error that names the cause, tells of the data, and what to type next.
void require_clear(const ProcessResult& result) {
  const std::string& said = result.standard_error;
  // PostgreSQL itself does not always say why it could not write.
  require(has(said, "o space left on device") || has(said, "could not write"),
          "the error names the cause: " + output_of(result));
  require(has(said, "your data:") && has(said, "pgupgrade r"),
          "the error tells of the data and of the way on: " + output_of(result));
}

// The user's `docker compose up`, or anything that starts the service, finds a cluster or refuses; where
// there is no cluster it is tried.
void require_not_startable_empty(const Subject& subject, const fs::path& data) {
  if (fs::exists(data / "PG_VERSION")) return;
  const Project& project = subject.project();
  run_process({"docker", "start", project.container("db")});
  wait_until("the old server's end",
             [&] { return project.inspect(project.container("db"), "{{.State.Status}}") != "running"; });
  require(!fs::exists(data / "PG_VERSION"), "the service does not make an empty database of its own");
}

// The way back: with the disk still full where that can be; else it says why (5 when it had not begun, 9 when
// it had), and succeeds with room.
void go_back(const Subject& subject, const SmallDisk& disk) {
  const ProcessResult first = subject.project().pgupgrade({"rollback", "--discard-new-writes"});
  if (first.exit_code != 0) {
    require(first.exit_code == 5 || first.exit_code == 9,
            "a rollback that cannot be gone says so: " + output_of(first));
    require_clear(first);
    disk.free_up();
    subject.expect_exit(0, {"rollback", "--discard-new-writes"});
  }
  disk.free_up();  // a server may need room to start
  subject.expect_as_before();
}

// Whatever a full disk did to the run: it succeeded, or it was stopped clearly and can be gone on with.
void after(const Subject& subject, const SmallDisk& disk, const ProcessResult& result, const fs::path& data,
           const std::string& way) {
  require(result.signal_number == 0, "the run ends by itself: " + output_of(result));
  if (result.exit_code == 0) {
    subject.expect_upgraded();
  } else {
    require(result.exit_code == 5 || result.exit_code == 3, "it is stopped midway: " + output_of(result));
    require_clear(result);
    if (way == "rollback" && !data.empty()) require_not_startable_empty(subject, data);
    if (way == "rollback") go_back(subject, disk);
    disk.free_up();
    if (way == "resume") subject.expect_exit(0, {"resume"});
    if (way == "resume") subject.expect_upgraded();
  }
  disk.free_up();
  subject.begin_anew();
}

void filled_at(Cases& cases, Subject& subject, const SmallDisk& disk, const std::string& what,
               const std::vector<Moment>& moments, const fs::path& data,
               const std::function<void()>& prepare = {}) {
  for (const Moment& moment : moments) {
    for (const char* way : {"resume", "rollback"}) {
      cases.run(what + ", " + name_of(moment, way), [&] {
        if (prepare) prepare();
        PausedRun run(subject, moment.place, Subject::upgrade_words());
        disk.fill(moment.left);
        after(subject, disk, run.go_on(), data, way);
      });
    }
  }
}

void require_refused(Subject& subject, const std::string& place) {
  for (const Words& words : {Words{"plan"}, Words{"upgrade", "--yes"}}) {
    Words arguments = words;
    arguments.insert(arguments.end(), {"--compose", "docker-compose.yml", "--to", "17"});
    const ProcessResult result = subject.expect_exit(3, arguments);
    require(has(result.standard_error, "E-DISK") && has(result.standard_error, place),
            "the disk is named: " + output_of(result));
  }
  subject.expect_untouched();
}

void state_directory(Cases& cases) {
  const SmallDisk disk(kStateDisk);
  Subject subject("disk-state");
  const fs::path data = mountpoint(subject.data_volume());
  const fs::path state = subject.project() / ".pgupgrade";
  const auto prepare = [&] {
    fs::remove_all(disk / "state");
    fs::create_directory(disk / "state");
    fs::permissions(disk / "state", fs::perms::owner_all);
    fs::remove_all(state);
    fs::create_directory_symlink(disk / "state", state);
  };
  cases.run("state directory, full before the plan", [&] {
    prepare();
    disk.fill();
    require_refused(subject, ".pgupgrade");
    disk.free_up();
  });
  cases.run("state directory, full before the plan and accepted", [&] {
    prepare();
    disk.fill();
    Words words = Subject::upgrade_words();
    words.insert(words.end(), {"--accept", "E-DISK"});
    const ProcessResult result = subject.project().pgupgrade(words);
    require(result.exit_code == 3 || result.exit_code == 5, "it is stopped: " + output_of(result));
    require(has(result.standard_error, "No space left on device"),
            "the cause is named: " + output_of(result));
    disk.free_up();
    subject.expect_untouched();
    require(subject.project().engine_leftovers().empty(), "nothing is left on the engine");
  });
  filled_at(cases, subject, disk, "state directory",
            {{"begin:state-written"},
             {"freeze:after-record"},
             {"freeze:after-action"},
             {"stop-old:before-signal"},
             {"backup:after-record"},
             {"backup:after-record", 64 * kKiB},
             {"backup:streaming", 1 * kMiB},
             {"backup:archive-written"},
             {"backup:manifest-written"},
             {"verify-backup:compared"},
             {"dump:dumped"},
             {"dump:record-written"},
             {"verify-dump:files-verified"},
             {"wipe:before-record"},
             {"wipe:copies-proven"},
             {"wipe:emptied"},
             {"start-new:initialised"},
             {"restore:globals-restored"},
             {"configure:files-placed"},
             {"verify:before-record"},
             {"edit-compose:after-record"},
             {"start:up"},
             {"thaw:one-started"}},
            data, prepare);
}

// The Compose file has a file system of its own.
void compose_file(Cases& cases) {
  const SmallDisk disk(kDumpDisk);
  Subject subject("disk-compose");
  const fs::path file = subject.project() / "docker-compose.yml";
  fs::copy_file(file, disk / "docker-compose.yml");
  fs::remove(file);
  fs::create_symlink(disk / "docker-compose.yml", file);
  filled_at(cases, subject, disk, "Compose file",
            {{"edit-compose:before-record"}, {"edit-compose:original-kept"}},
            mountpoint(subject.data_volume()));
}

void data_volume(Cases& cases) {
  const SmallDisk disk(kDataDisk);
  const fs::path data = disk / "data";
  fs::create_directory(data);
  Subject subject("disk-data",
                  small_project(13) + fmt::format("    driver_opts:\n      type: none\n      o: bind\n"
                                                  "      device: {}\n",
                                                  data.native()));
  filled_at(cases, subject, disk, "data volume",
            {{"stop-old:after-done"},
             {"dump:server-started"},
             {"wipe:copies-proven"},
             {"wipe:emptied"},
             {"wipe:emptied", 8 * kMiB},
             {"wipe:emptied", 36 * kMiB},
             {"start-new:directory-prepared"},
             {"start-new:initialised"},
             {"restore:server-started", 1 * kMiB},
             {"restore:globals-restored"},
             {"configure:before-record"},
             {"configure:files-placed"},
             {"refresh:before-record"},
             {"start:before-record"}},
            data);
}

// The dump volume is made by the run itself: the small disk is put in its place before a dump writes to it.
void dump_volume(Cases& cases) {
  Subject subject("disk-dump");
  const fs::path data = mountpoint(subject.data_volume());
  for (const Moment& moment : std::vector<Moment>{{"dump:server-started"},
                                                  {"dump:server-started", 40 * kKiB},
                                                  {"dump:server-started", 120 * kKiB},
                                                  {"dump:members-out"},
                                                  {"restore:server-started"}}) {
    for (const char* way : {"resume", "rollback"}) {
      cases.run("dump volume, " + name_of(moment, way), [&] {
        const SmallDisk disk(kDumpDisk);
        PausedRun run(subject, moment.place, Subject::upgrade_words());
        const fs::path place = mountpoint("pgupgrade-" + subject.project().runs().at(0) + "-db-dump");
        must_run({"cp", "--archive", place.native() + "/.", disk.root().native()});
        disk.fill(moment.left);
        ProcessResult result;
        {
          const MountedOver over(disk.root(), place);
          result = run.go_on();
        }
        // With some room left a small dump may fit; on a full disk no byte of it does.
        if (moment.left == 0 && moment.place.starts_with("dump:"))
          require(result.exit_code == 5, "it is stopped midway: " + output_of(result));
        after(subject, disk, result, data, way);
      });
    }
  }
}

}  // namespace

void disk(Cases& cases) {
  state_directory(cases);
  compose_file(cases);
  data_volume(cases);
  dump_volume(cases);
}

}  // namespace pgupgrade::test::campaign
