#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <set>
#include <string>

#include "campaign/campaign.hpp"
#include "campaign/own_engine.hpp"
#include "campaign/subject.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::test::campaign {

namespace {

constexpr const char* kThaw = "thaw:before-record";

// Everything in it comes back by itself when the engine does.
std::string restless_project() {
  std::string text = small_project(13);
  const auto put = [&](const std::string& from, const std::string& to) {
    text.replace(text.find(from), from.size(), to);
  };
  put("restart: unless-stopped", "restart: always");
  put("  app:", "  app: &application");
  put("\nvolumes:\n  data:",
      "\n  worker:\n    <<: *application\n    restart: unless-stopped\n\nvolumes:\n  data:");
  return text;
}

// The places of a run, two a step at least: in the middle of what it does, and when that is recorded.
class Places {
 public:
  explicit Places(Words all) : all_(std::move(all)) {}

  Words chosen() const {
    Words result;
    for (const std::string& place : all_)
      if (!is_one_of(place, {":before-record", ":before-done", ":after-done"})) result.push_back(place);
    return result;
  }
  bool is_before(const std::string& place, const std::string& other) const { return at(place) < at(other); }
  // Nobody uses the data but we.
  bool is_frozen(const std::string& place) const {
    return !is_before(place, "freeze:after-action") && !is_before(kThaw, place);
  }
  // Nor does the service's own server run.
  // Only servers of the run's own are there to be killed.
  bool has_own_servers_only(const std::string& place) const {
    return !is_before(place, "stop-old:after-done") && is_before(place, "start:after-record");
  }
  bool has_no_server(const std::string& place) const {
    return is_frozen(place) && is_before(place, "start:after-record");
  }

 private:
  static bool is_one_of(const std::string& place, const Words& ends) {
    return std::any_of(ends.begin(), ends.end(), [&](const std::string& end) {
      return place.size() > end.size() && place.compare(place.size() - end.size(), end.size(), end) == 0;
    });
  }
  std::size_t at(const std::string& place) const {
    const auto found = std::find(all_.begin(), all_.end(), place);
    require(found != all_.end(), "a run comes to " + place);
    return static_cast<std::size_t>(found - all_.begin());
  }

  Words all_;
};

class EngineCases {
 public:
  EngineCases(OwnEngine& engine, Subject& subject)
      : engine_(engine), subject_(subject), places_(subject.places()) {}

  const Places& places() const { return places_; }

  void restart_engine_at(const std::string& place) {
    set_persistence(place);
    PausedRun run(subject_, place, Subject::upgrade_words());
    const Words before = applications();
    engine_.kill();
    engine_.start();
    expect_nothing_started(place, before);
    go_on_after(run.go_on());
  }

  void reboot_at(const std::string& place) {
    set_persistence(place);
    fail_power_at(place);
    if (places_.is_before(kThaw, place)) {
      expect_proof(subject_.expect_exit(0, {"resume"}));
    } else {
      const Words before = applications();
      PausedRun resumed(subject_, kThaw, {"resume"});
      if (places_.is_frozen(place))
        require_same(join(before, "\n"), join(applications(), "\n"), "no application was started");
      require_none_runs(applications());
      const ProcessResult result = resumed.go_on();
      require(result.succeeded(), "the resumed run succeeds: " + output_of(result));
      expect_proof(result);
    }
    subject_.expect_upgraded();
    subject_.begin_anew();
  }

  // Not at a standstill: while a program of the run works in its work container.
  void restart_engine_during(const std::string& purpose) {
    auto result = std::async(std::launch::async, [&] { return subject_.upgrade(); });
    wait_until(
        "work container " + purpose,
        [&] {
          require(result.wait_for(std::chrono::seconds(0)) != std::future_status::ready,
                  "a run comes to its work container " + purpose);
          return work_runs(purpose);
        },
        std::chrono::minutes(10));
    engine_.kill();
    engine_.start();
    go_on_after(result.get());
  }

  void reboot_and_roll_back_at(const std::string& place) {
    set_persistence(place);
    fail_power_at(place);
    subject_.begin_anew();
  }

 private:
  // A server that is killed recovers without the rows of unlogged tables. What a run's own servers lose by
  // that must not be lost.
  void set_persistence(const std::string& place) const {
    subject_.project().sql(
        "db", "postgres",
        fmt::format("ALTER TABLE carts SET {}", places_.has_own_servers_only(place) ? "UNLOGGED" : "LOGGED"));
  }

  // What a run says whose engine went away: that it is done, or what to type.
  void go_on_after(const ProcessResult& result) {
    if (result.exit_code != 0) {
      const std::string& said = result.standard_error;
      require(result.signal_number == 0 &&
                  (result.exit_code == 5 || result.exit_code == 8 || result.exit_code == 3),
              "an engine that was started again stops a run midway: " + output_of(result));
      require(said.find("error[E-") != std::string::npos, "the error has its code: " + output_of(result));
      if (result.exit_code == 3)
        subject_.expect_exit(0, Subject::upgrade_words());
      else
        subject_.expect_exit(0, {"resume"});
    }
    subject_.expect_upgraded();
    subject_.begin_anew();
  }

  // The password that the server's owner declares is tried before and after, whatever happens in between.
  static void expect_proof(const ProcessResult& result) {
    require(result.standard_output.find("Logins 1 of 1") != std::string::npos,
            "the password is proven again: " + output_of(result));
  }

  static bool work_runs(const std::string& purpose) {
    const std::string names = must_run({"docker", "ps", "--filter", "label=pgupgrade.purpose=" + purpose,
                                        "--filter", "status=running", "--format", "{{.Names}}"});
    return !names.empty();
  }

  // Of the run, nothing is left but what is on the disk.
  void fail_power_at(const std::string& place) {
    Words before;
    {
      const PausedRun run(subject_, place, Subject::upgrade_words());
      before = applications();
    }
    engine_.kill_everything();
    remove_sockets();
    engine_.start();
    expect_nothing_started(place, before);
  }

  // By the engine, once it is up again. Of the service only its own server counts: those that the run drives
  // let nobody in.
  void expect_nothing_started(const std::string& place, const Words& applications_before) const {
    if (places_.is_frozen(place)) {
      require_same(join(applications_before, "\n"), join(applications(), "\n"), "no application was started");
      require_none_runs(applications());
    }
    if (places_.has_no_server(place)) require_none_runs(containers_of({"db"}));
  }

  // name, state and when it was last started, of each.
  Words containers_of(const std::set<std::string>& services) const {
    Words result;
    for (const std::string& entry : subject_.project().containers()) {
      const std::string service = entry.substr(0, entry.find('='));
      if (services.count(service) == 0) continue;
      result.push_back(service + " " +
                       subject_.project().inspect(entry.substr(entry.find('=') + 1),
                                                  "{{.State.Status}} {{.State.StartedAt}}"));
    }
    return result;
  }
  Words applications() const { return containers_of({"app", "worker"}); }

  static void require_none_runs(const Words& containers) {
    require(!containers.empty(), "there are containers");
    for (const std::string& container : containers)
      require(container.find(" exited ") != std::string::npos,
              "does not run while the run works: " + container);
  }

  // They are in a directory that does not outlive a boot.
  void remove_sockets() const {
    for (const std::string& run : subject_.project().runs())
      std::filesystem::remove_all(std::filesystem::path("/tmp") / fmt::format("pgupgrade-{}-0", run));
  }

  OwnEngine& engine_;
  Subject& subject_;
  Places places_;
};

}  // namespace

void engine(Cases& cases) {
  OwnEngine own(
      {"pgupgrade-fixture/postgres:13", "pgupgrade-fixture/postgres:17", "pgupgrade-fixture/app:1"});
  Subject subject("engine", restless_project());
  // Its dump and its restore take long enough to be met in their midst.
  subject.project().script("db", "other",
                           "CREATE TABLE bulk AS SELECT i, md5(i::text) || md5((-i)::text) AS text"
                           " FROM generate_series(1, 150000) AS i; CREATE INDEX ON bulk (text);");
  EngineCases tried(own, subject);
  for (const char* purpose : {"dump", "restore"})
    cases.run(fmt::format("during the {}, engine", purpose), [&] { tried.restart_engine_during(purpose); });
  for (const std::string& place : tried.places().chosen()) {
    cases.run(place + ", engine", [&] { tried.restart_engine_at(place); });
    cases.run(place + ", reboot, resume", [&] { tried.reboot_at(place); });
    cases.run(place + ", reboot, rollback", [&] { tried.reboot_and_roll_back_at(place); });
  }
}

}  // namespace pgupgrade::test::campaign
