#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "pgupgrade/postgres/server.hpp"
#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// The rows of the service's new server as they were before the applications were let in again, held by
// sessions of this process: they end with it. Threads may work on different targets.
class LiveRows {
 public:
  // Error(failed, "E-ROWS").
  void hold(StepContext& context, const TargetPlan& target);
  bool holds(const TargetPlan& target) const;
  // Reads them and lets go.
  postgres::ReadRows read(StepContext& context, const TargetPlan& target, const std::string& row_hash);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<postgres::HeldRows>> held_;  // by service
};

}  // namespace pgupgrade::upgrade
