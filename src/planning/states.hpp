// What standing and storage checks say of a service whose data is not where its image and mounts say.
#pragma once

#include "pgupgrade/model/facts.hpp"
#include "pgupgrade/planning/preflight.hpp"

namespace pgupgrade::planning {

// The version that the data is of, 0 when there is none. The file PG_VERSION tells when no server does.
int data_major(const ServiceFacts& service);

// One that the service does not use, but most likely should: the tag was bumped and the mount left in the old
// place, say, so that the service has made itself a new, empty cluster beside the old one, or does not start.
const UnusedCluster* forgotten_cluster(const ServiceFacts& service);

Diagnostic image_bumped(const ServiceFacts& service, const BumpedImage& state, int target_major);  // 0: any
Diagnostic unused_data(const ServiceFacts& service, const UnusedCluster& cluster);
Diagnostic anonymous_data(const ServiceFacts& service, const Mount& data);

}  // namespace pgupgrade::planning
