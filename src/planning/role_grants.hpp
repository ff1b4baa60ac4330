#pragma once

#include <vector>

#include "pgupgrade/model/plan.hpp"

namespace pgupgrade::planning {

// Up to 15 a role with CREATEROLE may alter and drop each role that is neither a superuser nor for
// replication; from 16 on only those that it has the admin option on.
struct RoleGrants {
  std::vector<RoleGrant> grants;    // in an order in which none is refused
  std::vector<RoleGrant> circular;  // which would make two roles members of each other
};

// Nothing unless the upgrade crosses 16.
RoleGrants plan_role_grants(const Inventory& inventory, int target_major);

}  // namespace pgupgrade::planning
