#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/cli/text/error_text.hpp"
#include "pgupgrade/cli/text/render_report.hpp"
#include "pgupgrade/migrate/plan.hpp"
#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/upgrade/command/commands.hpp"
#include "pgupgrade/upgrade/run/listener.hpp"

namespace pgupgrade::cli {

// The events of --output json: each function returns one JSON object in one line, without the line feed.
// Every event has "event" (its type) and "time_ms" (Unix time in milliseconds). The last one of every
// invocation is "summary", with "exit_code".
std::string version_event(std::int64_t now_ms);
std::string plan_event(const Plan& plan, const std::vector<upgrade::PlannedStep>& steps, std::int64_t now_ms);
std::string migration_plan_event(const migrate::Plan& plan, std::int64_t now_ms);
std::string step_event(const upgrade::StepEvent& event, std::int64_t now_ms);
std::string waiting_event(const upgrade::Waiting& waiting, std::int64_t now_ms);
std::string progress_event(const upgrade::Progress& progress, std::optional<double> rate,
                           std::optional<std::int64_t> left_ms, std::int64_t now_ms);
std::string verify_event(const upgrade::TargetReport& target, std::int64_t now_ms);
std::string verify_backup_event(const std::string& file, const std::string& sha256, std::int64_t bytes,
                                std::int64_t members, std::int64_t now_ms);
std::string diagnostic_event(const Diagnostic& diagnostic, std::int64_t now_ms);

std::string report_summary(const upgrade::Report& report, int exit_code, std::int64_t now_ms);
std::string error_summary(const Error& error, const Situation& situation, int exit_code, std::int64_t now_ms);
std::string status_summary(const RunStatus& status, std::int64_t now_ms);
// For what has no data of its own: `outcome` is "nothing_to_do", "planned", "no_run", …
std::string plain_summary(const std::string& outcome, const std::vector<std::string>& lines, int exit_code,
                          std::int64_t now_ms);

}  // namespace pgupgrade::cli
