#pragma once

#include "upgrade/run/site.hpp"

// One maker a site; each lives in the file of its name.
namespace pgupgrade::upgrade {

const Site& compose_site();
const Site& container_site();

}  // namespace pgupgrade::upgrade
