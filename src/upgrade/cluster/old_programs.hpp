#pragma once

#include <string>

#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// PostgreSQL's programs of the old image, fit to run in a container of the new one: with the libraries that
// they need, but for the C library's own, which is the new image's. A C library runs what was made for an
// older one. They lie in the place aside, under the paths that they have in the old image, since a server
// finds its files by where it lies itself.

// Copies them, and tries them in the new image: a server of the old version must be able to come up there
// with the databases' locales. Error(refused, "E-OLD-PROGRAMS") when it cannot.
void bring_old_programs(StepContext& context, const TargetPlan& target);

// The directories of programs, as paths in the place aside. The second one's pg_ctl starts no server, so that
// what thinks that none runs leaves the standby's copy alone.
std::string old_programs();
std::string old_programs_without_start();

}  // namespace pgupgrade::upgrade
