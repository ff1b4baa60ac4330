#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pgupgrade/model/saved_plan.hpp"

namespace pgupgrade::upgrade {

// The file of `plan --out`: {"pgupgrade_plan": format, "sha256": digest of the saved plan's text, "saved":
// {…}}, only for its owner's eyes (0600).
std::string saved_plan_text(const SavedPlan& saved);
// Throws Error(usage, "E-PLAN-FILE") that names the file and the place in it.
SavedPlan parse_saved_plan(const std::string& text, const std::filesystem::path& path);

// Error(usage, "E-PLAN-FILE") when the path cannot take a plan: it is a file of something else, or no
// directory is there. Asked before the look at the project, which takes its time.
void refuse_other_file(const std::filesystem::path& path);
// Durable. Replaces an earlier plan, and nothing else.
void save_plan(const SavedPlan& saved, const std::filesystem::path& path);
SavedPlan load_plan(const std::filesystem::path& path);

// Error(refused, "E-PLAN-APPLIED") when a run of this plan has been started: it names the run and its state.
void refuse_applied(const SavedPlan& saved, const std::filesystem::path& path);

// What is other than it was when the plan was made, as far as the plan depends on it, a clause each: "image
// postgres:17 is sha256:…, the plan was made with sha256:…". `now` is the plan that the same request gives
// now, with the same run id. What changes by itself in a database that is in use (sizes, rows, who is
// connected) is no drift. Pure.
std::vector<std::string> plan_drift(const SavedPlan& saved, const SavedPlan& now);

}  // namespace pgupgrade::upgrade
