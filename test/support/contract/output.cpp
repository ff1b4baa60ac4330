// What programs say: the logs of containers, and commands inside of those that run.
#include "support/catch.hpp"
#include "support/contract/contract.hpp"

namespace pgupgrade::test {
namespace {

void two_streams(Trial& trial) {
  const std::string id = trial.start("one", {"sh", "-c", "echo this; echo that >&2; exit 2"});
  CHECK(trial.end_of(id) == 2);
  trial.output(id, "this");
  trial.output(id, "that");
  std::string out;
  std::string err;
  trial.engine.container_logs(
      id, [&](std::string_view bytes) { out += bytes; }, [&](std::string_view bytes) { err += bytes; });
  CHECK(out == "this\n");
  CHECK(err == "that\n");
  std::string alone;
  trial.engine.container_logs(id, {}, [&](std::string_view bytes) { alone += bytes; });
  CHECK(alone == "that\n");
  CHECK(Trial::refusal([&] { trial.engine.container_logs(id, {}, {}); }) == "");
}

void nothing_said(Trial& trial) {
  const std::string id = trial.create("one", {"true"});
  std::string text;
  const auto append = [&](std::string_view bytes) { text += bytes; };
  trial.engine.container_logs(id, append, append);
  CHECK(text == "");
}

void commands(Trial& trial) {
  const std::string id = trial.start_sleeper("one");
  const auto result = trial.engine.exec(id, {"sh", "-c", "echo this; echo that >&2; exit 5"}, "");
  CHECK(result.exit_code == 5);
  CHECK(result.standard_output == "this\n");
  CHECK(result.standard_error == "that\n");
  CHECK(trial.engine.exec(id, {"true"}, "").exit_code == 0);
  CHECK(trial.look(id).running());
}

void commands_see_mounts(Trial& trial) {
  const std::string id = trial.start_sleeper("one", {trial.volume("data", "/data")});
  Tree tree = empty_tree();
  put_file(tree, "file", "content", 0644, 0, 0, 1'600'000'000);
  trial.put(id, "/data", tree);
  CHECK(trial.engine.exec(id, {"cat", "/data/file"}, "").standard_output == "content");
  CHECK(trial.engine.exec(id, {"cat", "/data/nothing"}, "").exit_code == 1);
}

void no_such_command(Trial& trial) {
  const std::string id = trial.start_sleeper("one");
  CHECK(trial.engine.exec(id, {"pgupgrade-no-such-program"}, "").exit_code == 127);
  CHECK(trial.look(id).running());
}

void commands_need_a_running_container(Trial& trial) {
  const std::string id = trial.create("one", {"true"});
  CHECK(Trial::refusal([&] { trial.engine.exec(id, {"true"}, ""); }) == "E-ENGINE-CONFLICT");
  trial.engine.start_container(id);
  trial.end_of(id);
  CHECK(Trial::refusal([&] { trial.engine.exec(id, {"true"}, ""); }) == "E-ENGINE-CONFLICT");
}

}  // namespace

const std::vector<ContractCase>& output_contract() {
  static const std::vector<ContractCase> cases = {
      {"logs keep the two streams apart", two_streams},
      {"a container that was never started has said nothing", nothing_said},
      {"a command ends with its own exit code and output", commands},
      {"a command sees the mounts of its container", commands_see_mounts},
      {"a command that is not there ends with 127", no_such_command},
      {"no command runs in a container that does not", commands_need_a_running_container},
  };
  return cases;
}

}  // namespace pgupgrade::test
