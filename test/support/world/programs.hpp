#pragma once

#include "support/world/engine.hpp"

namespace pgupgrade::test {

// What a program does that is started in a container: as its first process, or by exec.
struct Outcome {
  std::optional<int> exit_code;  // nothing: it goes on running
  std::string out;
  std::string err;
  bool not_there = false;  // the image has no such program
};
Outcome run_program(SimulatedEngine& engine, SimulatedContainer& self);
Outcome run_program(SimulatedEngine& engine, SimulatedContainer& self, const std::vector<std::string>& argv);

// Servers: start one on a data directory, end it in the two ways in which servers end.
enum class WhenEmpty { initialise, refuse };
Outcome start_server(SimulatedEngine& engine, SimulatedContainer& self, const std::string& data, bool fsync,
                     WhenEmpty when_empty);
void shut_down_server(SimulatedEngine& engine, SimulatedContainer& self);
void kill_server(SimulatedEngine& engine, SimulatedContainer& self);

std::string data_directory_of(const SimulatedContainer& container);  // PGDATA of its environment

// pg_dump and friends, initdb, vacuumdb; nothing when it is none of them.
std::optional<Outcome> run_client_program(SimulatedEngine& engine, SimulatedContainer& self,
                                          const std::vector<std::string>& argv);
// Shell scripts: those of work containers by the purpose in their label, others as far as they echo and exit.
Outcome run_script(SimulatedEngine& engine, SimulatedContainer& self, const std::vector<std::string>& argv);

// Physical copies (physical.cpp). A standby takes over what its server has; a server that ends sends it its
// last record.
void follow(SimulatedEngine& engine, SimulatedContainer& standby);
void send_shutdown(SimulatedEngine& engine, SimulatedContainer& primary);
std::size_t checkpoint_of(const Tree& tree, const std::string& directory);
std::size_t replayed_by(const Tree& tree, const std::string& directory);
std::optional<Outcome> run_physical_script(SimulatedEngine& engine, SimulatedContainer& self,
                                           const std::string& purpose, const std::vector<std::string>& argv);
std::optional<Outcome> run_exchange(SimulatedEngine& engine, SimulatedContainer& self,
                                    const std::vector<std::string>& argv);

}  // namespace pgupgrade::test
