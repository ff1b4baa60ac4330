#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "upgrade/cluster/work_server.hpp"

namespace pgupgrade::upgrade {

// How much of its databases the new server has by now, for people who wait. What hinders is no error: the
// restore itself tells it.
class RestoredBytes {
 public:
  RestoredBytes(StepContext& context, const TargetPlan& target, std::vector<std::string> databases);

  struct Amount {
    std::int64_t done = 0;
    std::int64_t total = 0;  // in the old cluster; 0: the new one has more by now
  };
  // As it was at most two seconds ago. Nothing before that time, or when the server does not say.
  std::optional<Amount> look();

 private:
  void ask();

  StepContext& context_;
  const TargetPlan& target_;
  std::vector<std::string> databases_;
  std::int64_t total_ = 0;
  std::chrono::milliseconds due_;
  std::optional<Amount> amount_;
};

}  // namespace pgupgrade::upgrade
