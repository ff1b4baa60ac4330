#include "upgrade/sandbox/work.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/without_passwords.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/process_name.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr std::chrono::milliseconds kTick{500};

std::string name_of(const WorkSpec& spec) {
  return work_container_name(spec.run, spec.service, spec.purpose);
}

// Only what carries our label may be removed: a stranger may have taken the name.
void remove_if_ours(World& world, const std::string& name, const std::string& run) {
  const auto existing = world.engine.inspect_container(name);
  if (!existing) return;
  const auto label = existing->labels.find(kRunLabel);
  if (label == existing->labels.end() || label->second != run) {
    throw Error(
        ErrorKind::failed, "E-NAME-TAKEN",
        fmt::format("could not create work container \"{}\": a container of that name is not ours", name),
        fmt::format("remove or rename it: docker rename {} other", name));
  }
  world.engine.remove_container(existing->id);
}

bool is_whole(const WorkSpec& spec, const WorkResult& result) {
  if (spec.last_line.empty() || result.exit_code != 0) return true;
  return result.standard_output == spec.last_line + "\n" ||
         result.standard_output.ends_with("\n" + spec.last_line + "\n");
}

WorkResult read_log(World& world, const std::string& id, int exit_code) {
  WorkResult result{.exit_code = exit_code, .standard_output = {}, .standard_error = {}};
  world.engine.container_logs(
      id, [&](std::string_view bytes) { result.standard_output += bytes; },
      [&](std::string_view bytes) { result.standard_error += bytes; });
  return result;
}

WorkResult read_output(World& world, const WorkSpec& spec, const std::string& id, int exit_code) {
  constexpr int kAttempts = 300;  // half a minute: a busy engine writes them late
  for (int attempt = 1;; ++attempt) {
    WorkResult result = read_log(world, id, exit_code);
    if (is_whole(spec, result) || attempt == kAttempts) return result;
    world.clock.pause(std::chrono::milliseconds(100));
  }
}

}  // namespace

void unpack(World& world, const std::string& container, const std::string& directory,
            const std::string& tar) {
  std::size_t at = 0;
  world.engine.put_archive(container, directory, [&](char* buffer, std::size_t limit) {
    const std::size_t length = tar.copy(buffer, limit, at);
    at += length;
    return length;
  });
}

namespace {

// Starts it for `use`, and removes it whatever comes of that.
void with_container(World& world, const WorkSpec& spec,
                    const std::function<void(const std::string& id)>& use) {
  const std::string id = create_work(world, spec);
  try {
    world.engine.start_container(name_of(spec));  // errors tell the name
    use(id);
    world.engine.remove_container(id);
  } catch (const std::exception&) {
    // The first error is the one to tell; what is left is removed by name on a resume.
    try {
      world.engine.remove_container(id);
    } catch (const Error&) {
    }
    throw;
  }
}

}  // namespace

std::string create_work(World& world, const WorkSpec& spec) {
  remove_if_ours(world, name_of(spec), spec.run);
  docker::ContainerSpec container;
  container.name = name_of(spec);
  container.image = spec.image;
  container.entrypoint = {spec.argv.front()};
  container.command.assign(spec.argv.begin() + 1, spec.argv.end());
  for (const auto& [name, value] : spec.environment) container.environment.push_back(name + "=" + value);
  container.labels = {{kRunLabel, spec.run}, {kPurposeLabel, spec.purpose}};
  if (spec.run.starts_with(kObservation)) container.labels[kProcessLabel] = this_process();
  container.user = spec.user.empty() ? "0:0" : spec.user;
  container.working_directory = "/";
  container.mounts = spec.mounts;
  container.shm_bytes = spec.shm_bytes;
  container.stop_signal = spec.stop_signal;
  container.network = spec.network;
  container.published_port = spec.published_port;
  container.pid_namespace = spec.pid_namespace;
  const std::string id = world.engine.create_container(container);
  if (!spec.files.empty()) unpack(world, id, spec.files_directory, spec.files);
  return id;
}

void remove_work(World& world, const WorkSpec& spec) {
  remove_if_ours(world, name_of(spec), spec.run);
}

WorkResult output_so_far(World& world, const WorkSpec& spec) {
  return read_log(world, name_of(spec), 0);
}

WorkResult run_work(World& world, const WorkSpec& spec, const std::function<void()>& tick) {
  WorkResult result;
  with_container(world, spec, [&](const std::string& id) {
    std::optional<int> code;
    while (!(code = world.engine.wait_container(id, kTick))) {
      world.cancellation.throw_if_requested();
      if (tick) tick();
    }
    result = read_output(world, spec, id, *code);
  });
  return result;
}

void with_work(World& world, const WorkSpec& spec,
               const std::function<void(const std::string& container, const WorkResult& result)>& use) {
  with_container(world, spec, [&](const std::string& id) {
    for (;;) {
      const auto code = world.engine.wait_container(id, kTick);
      if (code) return use(id, read_output(world, spec, id, *code));
      world.cancellation.throw_if_requested();
      const WorkResult sofar = read_log(world, id, 0);
      if (is_whole(spec, sofar)) return use(id, sofar);
    }
  });
}

WorkResult run_work_checked(World& world, const WorkSpec& spec, Code code, const std::string& what,
                            const std::function<void()>& tick) {
  WorkResult result = run_work(world, spec, tick);
  if (result.exit_code != 0) {
    const std::string words = last_words(result.standard_output + "\n" + result.standard_error);
    throw Error(code, fmt::format("could not {}: {} exited with {}{}", what, spec.argv.front(),
                                  result.exit_code, words.empty() ? "" : ": " + words));
  }
  return result;
}

std::string last_words(const std::string& output) {
  constexpr std::size_t kLines = 6;
  constexpr std::size_t kShown = 400;
  constexpr std::size_t kRead = 2 * kShown;  // what replaces a password may be shorter
  std::vector<std::string> lines = split_lines(output);
  std::erase_if(lines, [](const std::string& line) { return trim(line).empty(); });
  if (lines.size() > kLines) lines.erase(lines.begin(), lines.end() - kLines);
  for (std::string& line : lines)
    line = printable(postgres::without_passwords(std::string(trim(line).substr(0, kRead))), kShown);
  return join(lines, "; ");
}

std::string log_of(World& world, const std::string& container) {
  std::string log;
  const auto append = [&](std::string_view bytes) { log += bytes; };
  try {
    world.engine.container_logs(container, append, append);
  } catch (const Error&) {
    log.clear();
  }
  return log;
}

std::string log_end(World& world, const std::string& container) {
  const std::string log = log_of(world, container);
  return log.empty() ? "" : "; last log lines: " + last_words(log);
}

std::vector<std::string> remove_leftover_work(World& world, const std::string& run,
                                              const std::string& service) {
  std::vector<std::string> names;
  for (const auto& container : world.engine.list_containers({.labels = {{kRunLabel, run}}})) {
    const auto purpose = container.labels.find(kPurposeLabel);
    const bool asked_for =
        service.empty() || (purpose != container.labels.end() &&
                            container.name == work_container_name(run, service, purpose->second));
    if (container.labels.contains(kLockLabel) || !asked_for) continue;
    world.engine.remove_container(container.id);
    names.push_back(container.name);
  }
  return names;
}

}  // namespace pgupgrade::upgrade
