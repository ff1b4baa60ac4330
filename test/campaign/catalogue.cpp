#include "campaign/campaign.hpp"

namespace pgupgrade::test::campaign {

const std::vector<Part>& catalogue() {
  static const std::vector<Part> parts = {
      {"kill", "SIGKILL at a place, then resume; then rollback, byte for byte", kill},
  };
  return parts;
}

}  // namespace pgupgrade::test::campaign
