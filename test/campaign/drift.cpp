// What the run started with is another one when it goes on: Compose file, volume, engine, image.
#include <fmt/format.h>
#include <unistd.h>

#include <string>

#include "campaign/campaign.hpp"
#include "campaign/own_engine.hpp"
#include "campaign/subject.hpp"

namespace pgupgrade::test::campaign {

namespace {

// Tags of the tests' images that may be moved without disturbing anybody else.
class OwnTags {
 public:
  OwnTags() : repository_(fmt::format("pgupgrade-drift-{}/postgres", ::getpid())) {
    for (const char* version : {"13", "17"}) point_back(version);
  }
  ~OwnTags() {
    for (const char* version : {"13", "17"})
      run_process({"docker", "image", "rm", "--no-prune", tag(version)});
  }
  OwnTags(const OwnTags&) = delete;
  OwnTags& operator=(const OwnTags&) = delete;

  std::string tag(const std::string& version) const { return repository_ + ":" + version; }
  void point(const std::string& version, const std::string& image) const {
    must_run({"docker", "tag", image, tag(version)});
  }
  void point_back(const std::string& version) const {
    point(version, "pgupgrade-fixture/postgres:" + version);
  }
  std::string project() const {
    std::string text = small_project(13);
    const std::string fixture = "pgupgrade-fixture/postgres";
    return text.replace(text.find(fixture), fixture.size(), repository_);
  }

 private:
  std::string repository_;
};

void require_refused(const Subject& subject, const std::string& command, const Words& parts) {
  const ProcessResult result = subject.project().pgupgrade({command});
  require(result.signal_number == 0 && result.exit_code > 1, command + " is refused: " + output_of(result));
  for (const std::string& part : parts)
    require(result.standard_error.find(part) != std::string::npos,
            fmt::format("{} says \"{}\": {}", command, part, output_of(result)));
}

void go(const Subject& subject, const std::string& way) {
  if (way == "resume") {
    subject.expect_exit(0, {"resume"});
    subject.expect_upgraded();
  } else {
    subject.expect_exit(0, {"rollback", "--discard-new-writes"});
    subject.expect_as_before();
  }
  subject.begin_anew();
}

// Refused by `commands`, which change nothing; after it is repaired, the run goes on or back.
void refused_until_fixed(Subject& subject, const std::string& place, const Words& commands,
                         const Words& parts, const std::string& way, const std::function<void()>& drift,
                         const std::function<void()>& repair) {
  subject.expect_killed(place, Subject::upgrade_words());
  // Its files change: by themselves, or when a resume stops what the dead run has left running.
  const bool server_runs = place.starts_with("start:") || place.starts_with("restore:");
  const std::string before = subject.snapshot(server_runs);
  drift();
  const std::string drifted = subject.snapshot(server_runs);
  for (const std::string& command : commands) require_refused(subject, command, parts);
  require_same(drifted, subject.snapshot(server_runs), "what was refused has changed nothing");
  repair();
  require_same(before, subject.snapshot(server_runs), "it is as it was");
  go(subject, way);
}

void compose_file(Cases& cases, Subject& subject) {
  Project& project = subject.project();
  std::string kept;
  const auto edit = [&] {
    kept = project.read("docker-compose.yml");
    project.write("docker-compose.yml", kept + "# a line of the user's\n");
  };
  const auto put_back = [&] { project.write("docker-compose.yml", kept); };
  for (const char* way : {"resume", "rollback"}) {
    for (const char* place : {"stop-old:after-done", "verify-dump:after-done", "wipe:emptied"})
      cases.run(fmt::format("{}, Compose file edited, {}", place, way), [&] {
        refused_until_fixed(subject, place, {"resume"}, {"error[E-DRIFT]", "docker-compose.yml"}, way, edit,
                            put_back);
      });
    // It has our line by then, so that the way back would have to choose.
    for (const char* place : {"edit-compose:after-done", "start:up"})
      cases.run(fmt::format("{}, Compose file edited, {}", place, way), [&] {
        refused_until_fixed(subject, place, {"resume", "rollback"}, {"DRIFT]", "docker-compose.yml"}, way,
                            edit, put_back);
      });
  }
}

// Another volume of the same name, empty, and containers on it.
void volume(Cases& cases, Subject& subject) {
  for (const char* place : {"verify-backup:after-done", "wipe:emptied"})
    cases.run(fmt::format("{}, volume replaced, rollback", place), [&] {
      subject.expect_killed(place, Subject::upgrade_words());
      subject.project().compose({"down", "--volumes"});
      subject.project().compose({"up", "--no-start"});
      require_refused(subject, "resume", {"error[E-DRIFT]", "volume " + subject.data_volume()});
      go(subject, "rollback");
    });
}

void engine_replaced(Cases& cases, Subject& subject) {
  for (const char* way : {"resume", "rollback"})
    cases.run(fmt::format("verify-dump:after-done, engine replaced, {}", way), [&] {
      subject.expect_killed("verify-dump:after-done", Subject::upgrade_words());
      const std::string before = subject.snapshot();
      {
        const OwnEngine other({"pgupgrade-fixture/app:1"});
        for (const char* command : {"resume", "rollback"})
          require_refused(subject, command, {"error[E-DRIFT]", "the engine is"});
        require(must_run({"docker", "ps", "--all", "--quiet"}).empty(),
                "nothing is made on the other engine");
      }
      require_same(before, subject.snapshot(), "what was refused has changed nothing");
      go(subject, way);
    });
}

void images(Cases& cases, Subject& subject, const OwnTags& tags) {
  const auto move_to_other = [&](const char* version) {
    return [&tags, version] { tags.point(version, "pgupgrade-fixture/app:1"); };
  };
  const auto move_back = [&](const char* version) { return [&tags, version] { tags.point_back(version); }; };
  for (const char* way : {"resume", "rollback"})
    for (const char* place : {"backup:after-done", "restore:globals-restored"})
      cases.run(fmt::format("{}, new image retagged, {}", place, way), [&] {
        refused_until_fixed(subject, place, {"resume"}, {"error[E-DRIFT]", tags.tag("17")}, way,
                            move_to_other("17"), move_back("17"));
      });
  // The way back starts the service from its file, but by the id of its image.
  cases.run("start:up, old image retagged, rollback", [&] {
    subject.expect_killed("start:up", Subject::upgrade_words());
    move_to_other("13")();
    const ProcessResult result = subject.expect_exit(0, {"rollback", "--discard-new-writes"});
    require(output_of(result).find("docker tag sha256:") != std::string::npos,
            "the way back names the old image: " + output_of(result));
    subject.expect_as_before();
    move_back("13")();
    subject.begin_anew();
  });
}

}  // namespace

void drift(Cases& cases) {
  const OwnTags tags;
  Subject subject("drift", tags.project());
  compose_file(cases, subject);
  volume(cases, subject);
  engine_replaced(cases, subject);
  images(cases, subject, tags);
}

}  // namespace pgupgrade::test::campaign
