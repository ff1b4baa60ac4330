#pragma once

#include <string>

#include "pgupgrade/model/facts.hpp"

namespace pgupgrade::planning {

// With --backup aside: what a dump would have to write into the old cluster, or what it would lose if the
// server that runs for it were killed. Without a backup neither may befall the only copy, so another one is
// made and dumped. Empty where the old cluster itself can be dumped.
std::string why_dumped_from_copy(const ServiceFacts& service);

}  // namespace pgupgrade::planning
