// How containers end: by themselves, when asked, when killed; and what brings them back.
#include "support/catch.hpp"
#include "support/contract/contract.hpp"

namespace pgupgrade::test {
namespace {

using docker::ContainerStatus;
using std::chrono::seconds;

constexpr int kKilled = 128 + 9;

void ends_well(Trial& trial) {
  const std::string id = trial.start("one", {"true"});
  CHECK(trial.end_of(id) == 0);
  const auto info = trial.look(id);
  CHECK(info.status == ContainerStatus::exited);
  CHECK(info.exit_code == 0);
  CHECK(info.started_at != "");
  CHECK(trial.engine.wait_container(id, seconds(1)) == 0);
}

void keeps_its_exit_code(Trial& trial) {
  const std::string id = trial.start("one", {"sh", "-c", "exit 7"});
  CHECK(trial.end_of(id) == 7);
  CHECK(trial.look(id).exit_code == 7);
  trial.engine.stop_container(id, seconds(1));
  trial.engine.signal_container(id, "SIGKILL");
  CHECK(trial.look(id).exit_code == 7);
  CHECK(trial.engine.wait_container(id, seconds(1)) == 7);
}

void starts_again(Trial& trial) {
  const std::string id = trial.start("one", {"sh", "-c", "echo once; exit 3"});
  CHECK(trial.end_of(id) == 3);
  const std::string first = trial.look(id).started_at;
  trial.engine.start_container(id);
  CHECK(trial.end_of(id) == 3);
  CHECK(trial.look(id).started_at > first);
  CHECK(trial.output(id, "once\nonce\n") == "once\nonce\n");
}

void runs_already(Trial& trial) {
  const std::string id = trial.start_sleeper("one");
  const std::string started = trial.look(id).started_at;
  CHECK(Trial::refusal([&] { trial.engine.start_container(id); }) == "");
  const auto info = trial.look(id);
  CHECK(info.started_at == started);
  CHECK(info.status == ContainerStatus::running);
  CHECK_FALSE(info.exit_code);
}

void patience_ends(Trial& trial) {
  const std::string id = trial.start_sleeper("one");
  CHECK_FALSE(trial.engine.wait_container(id, std::chrono::milliseconds(200)));
  CHECK_FALSE(trial.engine.wait_container(id, std::chrono::milliseconds(0)));
  CHECK(trial.look(id).running());
}

void no_such_program(Trial& trial) {
  const std::string id = trial.create("one", {"pgupgrade-no-such-program"});
  CHECK(Trial::refusal([&] { trial.engine.start_container(id); }) == "E-ENGINE");
  const auto info = trial.look(id);
  CHECK(info.status == ContainerStatus::created);
  CHECK_FALSE(info.exit_code);
}

void killed_after_grace(Trial& trial) {
  const std::string id = trial.start_sleeper("one");
  trial.engine.stop_container(id, seconds(1));
  CHECK(trial.look(id).status == ContainerStatus::exited);
  CHECK(trial.look(id).exit_code == kKilled);
  CHECK(Trial::refusal([&] { trial.engine.stop_container(id, seconds(1)); }) == "");
}

// A grace that would not end within the test: only its own signal ends it.
void own_stop_signal(Trial& trial) {
  auto spec = trial.spec("one", {"sleep", "600"});
  spec.stop_signal = "SIGKILL";
  const std::string id = trial.engine.create_container(spec);
  trial.engine.start_container(id);
  trial.engine.stop_container(id, seconds(500));
  CHECK(trial.look(id).exit_code == kKilled);
}

void unheeded_signal(Trial& trial) {
  const std::string id = trial.start_sleeper("one");
  trial.engine.signal_container(id, "SIGTERM");
  CHECK_FALSE(trial.engine.wait_container(id, std::chrono::milliseconds(200)));
  trial.engine.signal_container(id, "SIGKILL");
  CHECK(trial.end_of(id) == kKilled);
}

void server_stops(Trial& trial) {
  const std::string id = trial.start_server("one", "data");
  CHECK(trial.look(id).running());
  trial.engine.stop_container(id, seconds(60));
  CHECK(trial.look(id).status == ContainerStatus::exited);
  CHECK(trial.look(id).exit_code == 0);
  trial.engine.start_container(id);
  trial.wait_for_server(id);
  trial.engine.signal_container(id, "SIGINT");
  CHECK(trial.end_of(id) == 0);
}

void removed_running(Trial& trial) {
  const Mount data = trial.volume("data", "/data");
  const std::string id = trial.start_sleeper("one", {data});
  trial.engine.remove_container(trial.name("one"));
  CHECK_FALSE(trial.engine.inspect_container(id));
  CHECK(trial.engine.inspect_volume(data.source));
  CHECK(Trial::refusal([&] { trial.engine.remove_container(id); }) == "");
}

void restart_policies(Trial& trial) {
  const std::string id = trial.create("one", {"sleep", "600"});
  CHECK(trial.look(id).restart.name == "no");
  trial.engine.set_restart_policy(id, {.name = "unless-stopped"});
  CHECK(trial.look(id).restart == RestartPolicy{.name = "unless-stopped"});
  trial.engine.set_restart_policy(id, {.name = "on-failure", .maximum_retries = 3});
  CHECK(trial.look(id).restart == RestartPolicy{.name = "on-failure", .maximum_retries = 3});
  trial.engine.start_container(id);
  trial.engine.set_restart_policy(id, {.name = "always"});
  CHECK(trial.look(id).restart.name == "always");
  CHECK(trial.look(id).running());
}

// Who asks the engine to end a container, by a stop or by a signal, wants it to stay so.
void stays_stopped(Trial& trial) {
  for (const bool by_signal : {false, true}) {
    const std::string id = trial.create(by_signal ? "killed" : "stopped", {"sleep", "600"});
    trial.engine.set_restart_policy(id, {.name = "always"});
    trial.engine.start_container(id);
    if (by_signal) {
      trial.engine.signal_container(id, "SIGKILL");
      CHECK(trial.end_of(id) == kKilled);
    } else {
      trial.engine.stop_container(id, seconds(0));
    }
    CHECK(trial.look(id).status == ContainerStatus::exited);
    CHECK(trial.look(id).exit_code == kKilled);
  }
}

}  // namespace

const std::vector<ContractCase>& ending_contract() {
  static const std::vector<ContractCase> cases = {
      {"a program that ends leaves its container exited", ends_well},
      {"a container that has ended keeps its exit code", keeps_its_exit_code},
      {"a container that has ended is started again", starts_again},
      {"the start of a container that runs changes nothing", runs_already},
      {"a wait gives nothing while the container runs", patience_ends},
      {"a container whose program is not there does not start", no_such_program},
      {"what does not heed the stop signal is killed after the grace", killed_after_grace},
      {"a container is stopped by the signal it was made with", own_stop_signal},
      {"a first process does not heed a signal that it does not handle", unheeded_signal},
      {"a server ends well when it is stopped, and when it is signalled", server_stops},
      {"a running container is removed, and its named volume stays", removed_running},
      {"a restart policy is changed before and while a container runs", restart_policies},
      {"no policy brings back what the engine was asked to end", stays_stopped},
  };
  return cases;
}

}  // namespace pgupgrade::test
