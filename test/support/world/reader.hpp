#pragma once

#include "pgupgrade/postgres/sql.hpp"
#include "support/world/engine.hpp"

namespace pgupgrade::test {

// Answers the statements by which observation gets to know a cluster, from what the simulated one holds. Each
// is recognised as a whole: a statement that is not known is an error of the server's.
class SimulatedReader final : public postgres::SqlReader {
 public:
  // Of the server that runs in this container.
  SimulatedReader(SimulatedEngine& engine, SimulatedContainer& container)
      : engine_(engine), container_(container) {}
  std::vector<std::string> query(const std::string& database, const std::string& sql) override;

 private:
  SimulatedEngine& engine_;
  SimulatedContainer& container_;
};

}  // namespace pgupgrade::test
