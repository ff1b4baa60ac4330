#pragma once

#include <string>

#include "upgrade/run/context.hpp"

// A plain container gives its name to one of the new image that is made like it. The old one stays beside it,
// stopped and as it was but for its name, until cleanup: the way back is the name.
namespace pgupgrade::upgrade {

// What the old one is called meanwhile.
std::string aside_name(const Plan& plan, const TargetPlan& target);

// In what the new container is other than the old one.
docker::ContainerChanges changes_for_new(const std::string& image, const Mount& data,
                                         const std::string& new_target, const std::string& new_pgdata);

// Makes the new container and gives it the name; nothing is started. May be called again after it was cut off
// anywhere: `made` is its id as far as it is known, and `remember` keeps it. Error(failed,
// "E-CONTAINER-GONE") when there is no old one to make it like, or another has its name; the hint has the
// line by which to make one by hand, which is then taken.
void replace_container(StepContext& context, const TargetPlan& target, const std::string& made,
                       const std::function<void(const std::string& id)>& remember);
// Whether the container `made` has the name.
bool is_replaced(StepContext& context, const TargetPlan& target, const std::string& made);
// Removes the new one and gives the old one its name again. Where the old one is gone, the new one stays for
// start_old_like_new to make one like.
void bring_container_back(StepContext& context, const TargetPlan& target, const std::string& made);

// Of a target whose old container is gone: starts one of the old image that has its name, made like the new
// one. Error(failed, "E-CONTAINER-GONE") when that is gone as well.
void start_old_like_new(StepContext& context, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
