#pragma once

#include <string>
#include <vector>

#include "pgupgrade/model/inventory.hpp"
#include "pgupgrade/postgres/sql.hpp"
#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::upgrade {

// Makes a cluster of the image in a work container, creates each database's extensions in it as the live
// server has them, and fills LeftBehind::members, members_digest, built_ins_digest and unknown_extensions
// with what differs there and in the objects of initdb. Makes none where there are no extensions but plpgsql
// and nobody has touched initdb's objects. `live` reads from the running server.
void compare_with_reference(World& world, const std::string& run, const std::string& service,
                            const std::string& image, postgres::SqlReader& live, Inventory& inventory);

}  // namespace pgupgrade::upgrade
