#pragma once

#include "pgupgrade/migrate/make_plan.hpp"

namespace pgupgrade::test {

// A migration that nothing speaks against: database shop of app's, from 13 to 17, with room and rights for
// all.
struct MigrationCase {
  migrate::Request request;
  migrate::Facts facts;
  std::vector<migrate::ClientPrograms> programs;

  migrate::Planned planned() const;
  // "E-DISK: cannot …", one each.
  std::vector<std::string> told() const;
};
MigrationCase good_case();

}  // namespace pgupgrade::test
