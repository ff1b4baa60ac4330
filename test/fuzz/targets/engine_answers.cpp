#include <array>
#include <boost/json.hpp>

#include "docker/decode.hpp"
#include "fuzz/targets.hpp"
#include "pgupgrade/base/json.hpp"

namespace pgupgrade::test::fuzz {

namespace {

std::int64_t number_in(std::string_view text, std::string_view key) {
  const boost::json::value value = json::parse(text, "the input");
  return json::get_int(json::as_object(value, "input"), key);
}

void check_container(std::string_view text) {
  const auto container = docker::decode_container(text);
  hold(!container.name.starts_with("//") || container.name.size() > 1, "a name has no slash before it");
  const bool ended = container.status == docker::ContainerStatus::exited ||
                     container.status == docker::ContainerStatus::dead;
  hold(!container.exit_code || ended, "only what has ended has an exit code");
  if (container.exit_code) {
    const boost::json::value value = json::parse(text, "the input");
    const auto* state = json::find_object(json::as_object(value, "input"), "State");
    hold(*container.exit_code == json::get_int(*state, "ExitCode"), "an exit code is the one in the answer");
  }
}

void check_wait(std::string_view text) {
  hold(docker::decode_wait(text) == number_in(text, "StatusCode"), "an exit code is the one in the answer");
}

void check_exec(std::string_view text) {
  const auto code = docker::decode_exec(text);
  hold(!code || *code == number_in(text, "ExitCode"), "an exit code is the one in the answer");
}

void check_info(std::string_view text) {
  hold(docker::decode_info(text).processors >= 1, "an engine has a processor");
}

// The letter that begins an input of the corpus says whose answer it is.
constexpr std::array<void (*)(std::string_view), 10> kChecks = {
    check_info,
    check_container,
    [](std::string_view text) { docker::decode_containers(text); },
    [](std::string_view text) { docker::decode_volume(text); },
    [](std::string_view text) { docker::decode_volumes(text); },
    [](std::string_view text) { docker::decode_image(text); },
    [](std::string_view text) { docker::decode_id(text); },
    [](std::string_view text) { docker::check_update(text); },
    check_wait,
    check_exec,
};

}  // namespace

void try_engine_answers(std::string_view input) {
  if (input.empty()) return;
  const auto which = static_cast<unsigned char>(input.front()) % kChecks.size();
  refusal({"E-JSON"}, [&] { kChecks.at(which)(input.substr(1)); });
}

}  // namespace pgupgrade::test::fuzz
