#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pgupgrade/base/error_codes.hpp"
#include "upgrade/sandbox/series.hpp"
#include "upgrade/sandbox/work.hpp"

namespace pgupgrade::upgrade {

// What one of PostgreSQL's programs is run for, as the sentence says when it fails: could not `verb` `whole`.
// Where the program names an object of `database`, that takes the place of the whole.
struct ClientTask {
  Code code;             // of the error
  std::string verb;      // "restore"
  std::string whole;     // "database \"shop\""
  std::string database;  // empty: of no single one
  std::string script;    // the text that psql runs, to show the statement of the line that it names
};

// As run_work; a non-zero exit is Error(failed, code) with the cause, whole, and what cures it as its hint.
WorkResult run_client(World& world, const WorkSpec& spec, const ClientTask& task,
                      const std::function<void()>& tick = {});

struct ClientCommand {
  SeriesCommand command;
  ClientTask task;
};

// As run_series; the first that fails is such an error. Returns the results of all.
std::vector<WorkResult> run_clients(World& world, const WorkSpec& spec,
                                    const std::vector<ClientCommand>& commands,
                                    const std::function<void(std::size_t)>& tick = {});

}  // namespace pgupgrade::upgrade
