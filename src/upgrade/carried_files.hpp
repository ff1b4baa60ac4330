#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "upgrade/context.hpp"

namespace pgupgrade::upgrade {

// What a dump leaves behind in the data directory: pg_hba.conf, pg_ident.conf, postgresql.auto.conf, and
// files that are not PostgreSQL's own (certificates, included configuration).
struct CarriedFile {
  std::string content;
  unsigned mode = 0600;
};

// Copies them from the old data directory into the run's directory.
void save_configuration(StepContext& context, const TargetPlan& target);

// Path relative to the data directory -> file, as saved.
std::map<std::string, CarriedFile> saved_configuration(StepContext& context, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
