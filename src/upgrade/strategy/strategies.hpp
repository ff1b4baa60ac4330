#pragma once

#include "pgupgrade/upgrade/strategy/strategy.hpp"

// One maker a strategy; each lives in the file of its name.
namespace pgupgrade::upgrade {

Strategy dump_strategy();
Strategy warm_strategy();

}  // namespace pgupgrade::upgrade
