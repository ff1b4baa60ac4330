#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "pgupgrade/base/error_codes.hpp"
#include "pgupgrade/model/mount.hpp"
#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::upgrade {

// A work container: one shot, isolated, labelled with the run, of a deterministic name.
struct WorkSpec {
  std::string run;
  std::string service;
  std::string purpose;  // "dump", "listing"; with run and service it makes the name
  std::string image;    // an id
  std::vector<std::string> argv;
  std::vector<Mount> mounts;
  std::map<std::string, std::string> environment;
  std::string user;  // empty: root
  std::int64_t shm_bytes = 0;
  std::string stop_signal;
  std::string pid_namespace;  // "container:<id>" shares that one's processes; empty: its own
  // The line with which all that it prints to standard output ends, when it ends well. The engine may hand
  // the last lines of a container out a moment after its end; then they are asked for again.
  std::string last_line;
  std::string network;                // as in docker::ContainerSpec; empty: none
  int published_port = 0;             // likewise
  std::string files;                  // a tar that is unpacked before it starts,
  std::string files_directory = "/";  // below this
};

struct WorkResult {
  int exit_code = 0;
  std::string standard_output;
  std::string standard_error;
};

// Creates the container (after removing one of the same name that is ours), not started. Returns its id.
std::string create_work(World& world, const WorkSpec& spec);
void remove_work(World& world, const WorkSpec& spec);

// What it has printed by now, while it runs.
WorkResult output_so_far(World& world, const WorkSpec& spec);

// Runs to the end and removes the container. `tick` is called about twice a second. On cancellation the
// container is removed and Error(interrupted) thrown. A non-zero exit is a value.
WorkResult run_work(World& world, const WorkSpec& spec, const std::function<void()>& tick = {});

// A container that goes on after it has printed the last line of its specification: `use` gets what it
// printed up to then (or up to its end, when that comes first) while it runs. It is removed in any case.
void with_work(World& world, const WorkSpec& spec,
               const std::function<void(const std::string& container, const WorkResult& result)>& use);

// As run_work, but a non-zero exit is Error(failed, code) with what the program printed on stderr.
WorkResult run_work_checked(World& world, const WorkSpec& spec, Code code, const std::string& what,
                            const std::function<void()>& tick = {});

// Extracts a tar below a directory of a container, started or not.
void unpack(World& world, const std::string& container, const std::string& directory, const std::string& tar);

// What a program printed, cut to its last lines, fit for a message.
std::string last_words(const std::string& output);

// All that a container has printed, for a message about it. Empty when it cannot be had: there is another
// error to tell.
std::string log_of(World& world, const std::string& container);
// The end of an error's sentence: "; last log lines: …", or nothing.
std::string log_end(World& world, const std::string& container);

// Removes the work containers of the run (not its lock), or those for one service of it. Returns their names.
std::vector<std::string> remove_leftover_work(World& world, const std::string& run,
                                              const std::string& service = {});

}  // namespace pgupgrade::upgrade
