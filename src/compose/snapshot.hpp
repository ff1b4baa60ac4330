#pragma once

#include <string>
#include <vector>

#include "compose/layers.hpp"

namespace pgupgrade::compose {

// One value of a project, with its place: {"db", "environment", "services.db.environment.PGDATA", "/data"}.
struct Reading {
  std::string service;  // empty outside of `services:`
  std::string field;    // key below the service, or the top level key
  std::string path;
  std::string value;
};

// Every value that the files give to services, volumes, networks and so on, interpolated, layer by layer:
// what an edit changes besides what it is meant to shows when two of these are compared. Two texts of the
// same structure give the same order. Throws E-COMPOSE-EDIT when aliases multiply it beyond reason.
std::vector<Reading> read_all(const Files& files);

}  // namespace pgupgrade::compose
