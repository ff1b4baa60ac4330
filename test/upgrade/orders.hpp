#pragma once

#include "support/world/scene.hpp"

namespace pgupgrade::test {

// What a client writes while a run stands still, and whether it is still there.
inline void add_order(Scene& scene) {
  auto cluster = read_cluster(scene.data(), ".");
  cluster->databases.at("shop").tables.at("public.orders").push_back("99|ordered meanwhile|0");
  write_cluster(scene.data(), ".", *cluster, scene.engine.now());
}

inline bool has_order(Scene& scene) {
  const auto cluster = read_cluster(scene.data(), ".");
  return cluster->databases.at("shop").tables.at("public.orders").back() == "99|ordered meanwhile|0";
}

}  // namespace pgupgrade::test
