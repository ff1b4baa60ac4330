#pragma once

#include <filesystem>
#include <string_view>

#include "pgupgrade/base/cancel.hpp"
#include "pgupgrade/base/clock.hpp"
#include "pgupgrade/base/environment.hpp"
#include "pgupgrade/compose/cli.hpp"
#include "pgupgrade/docker/engine.hpp"
#include "pgupgrade/postgres/server.hpp"

namespace pgupgrade::upgrade {

// Named places at which a campaign may kill this process ("wipe:after-record"). The real one does nothing
// unless PGUPGRADE_KILL_AT names the place. Called from whatever thread comes to the place.
class Probe {
 public:
  virtual ~Probe() = default;
  virtual void reach(std::string_view place) = 0;
};

// Everything outside of this process that a run touches, but for files, which are real everywhere.
struct World {
  docker::Engine& engine;
  compose::Cli& compose;
  postgres::Connector& connector;
  Clock& clock;
  const Cancellation& cancellation;
  Probe& probe;
  const Environment& environment;
  std::filesystem::path socket_root;  // short directory under which private socket directories are made
  int at_once =
      1;  // targets or clients that may be worked on at the same time, each in a thread; 1: in order
};

}  // namespace pgupgrade::upgrade
