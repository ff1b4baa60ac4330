#pragma once

#include "pgupgrade/upgrade/strategy/strategy.hpp"

// One maker a strategy; each lives in the file of its name.
namespace pgupgrade::upgrade {

// The user's own command under the name of its option, where there is one.
void add_hook(Steps& steps, const char* option, const std::string& command);

Strategy dump_strategy();
Strategy warm_strategy();
Strategy rehearsal_strategy();

}  // namespace pgupgrade::upgrade
