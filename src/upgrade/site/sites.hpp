#pragma once

#include <memory>

#include "pgupgrade/upgrade/run/step.hpp"
#include "upgrade/run/site.hpp"

// One maker a site, and one for its step that declares; each lives in the file of its name.
namespace pgupgrade::upgrade {

const Site& compose_site();
const Site& container_site();

std::unique_ptr<Step> make_edit_compose_step();
std::unique_ptr<Step> make_recreate_step();

}  // namespace pgupgrade::upgrade
