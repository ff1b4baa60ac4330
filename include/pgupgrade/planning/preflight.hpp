#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgupgrade/model/facts.hpp"
#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/model/request.hpp"

namespace pgupgrade::planning {

// How a service stands to the target version.
enum class Standing {
  upgradable,  // it runs, answers, and is older
  at_target,   // its data is of the target version already
  no_data,     // never started, or nothing in its data directory
  blocked,     // none of these: a diagnostic says why
};

// The image was changed before the data: it is of `image_major`, and its server does not start on the data of
// `data_major` that lies where the old one looks.
struct BumpedImage {
  int image_major = 0;
  int data_major = 0;
  Mount mount;       // of the data
  std::string path;  // of the data directory, in the container
};
std::optional<BumpedImage> bumped_image(const ServiceFacts& service);

// What is wrong with where a service's data is, whatever the target: for those who only look.
Diagnostics check_state(const ServiceFacts& service);

Standing standing_of(const ServiceFacts& service, int target_major);

// What the targets together need by the request's strategy: of the engine's volumes and the state directory,
// which may be one place, and of each data mount that lies on a file system of its own.
std::vector<DiskNeed> disk_needs(const Request& request, const Facts& facts,
                                 const std::vector<TargetPlan>& targets);
Diagnostics check_disk(const Request& request, const std::vector<DiskNeed>& needs);

// The errors that --accept CODE turns into warnings; all others stand.
bool can_be_accepted(std::string_view code);
// Accepted errors become warnings; those that could be accepted say how.
Diagnostics with_acceptance(Diagnostics diagnostics, const std::vector<std::string>& acknowledged);

}  // namespace pgupgrade::planning
