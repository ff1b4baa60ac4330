#include "upgrade/run/older_state.hpp"

namespace pgupgrade::upgrade {

void complete_older(RunState& state) {
  if (!state.plan.steps.empty()) return;
  state.plan.strategy = "dump";
  state.plan.steps = {
      {.name = "pull", .phase = Phase::prepare, .passes = {}},
      {.name = "freeze", .passes = {Point::stops_clients}},
      {.name = "stop-old", .passes = {Point::stops_server}},
      {.name = "backup", .passes = {}},
      {.name = "verify-backup", .passes = {}},
      {.name = "dump", .passes = {}},
      {.name = "verify-dump", .passes = {}},
      {.name = "wipe", .passes = {Point::replaces_data}},
      {.name = "start-new", .passes = {Point::fills_place}},
      {.name = "restore", .passes = {}},
      {.name = "configure", .passes = {}},
      {.name = "scram", .passes = {}},
      {.name = "refresh", .passes = {}},
      {.name = "verify", .passes = {Point::proves}},
      {.name = "edit-compose", .passes = {Point::declares}},
      {.name = "start", .passes = {Point::serves}},
      {.name = "thaw", .passes = {Point::releases_clients}},
  };
}

}  // namespace pgupgrade::upgrade
