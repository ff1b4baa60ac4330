#pragma once

#include <stdlib.h>

namespace pgupgrade::test {

// The matrices of faults are sampled, so that the suite stays quick. With PGUPGRADE_CAMPAIGN set in the
// environment they are gone through whole, which takes minutes.
inline bool whole_campaign() {
  return ::getenv("PGUPGRADE_CAMPAIGN") != nullptr;
}

}  // namespace pgupgrade::test
