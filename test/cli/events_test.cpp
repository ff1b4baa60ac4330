#include "pgupgrade/cli/view/events.hpp"

#include <boost/json.hpp>

#include "cli/samples.hpp"
#include "pgupgrade/model/json.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::cli;
using namespace pgupgrade::cli::test;
namespace bj = boost::json;

namespace {

// One line, one object, with its type and its time.
bj::object parsed(const std::string& line, const std::string& type) {
  REQUIRE(line.find('\n') == std::string::npos);
  bj::object object = bj::parse(line).as_object();
  REQUIRE(object.at("event") == bj::value(type));
  REQUIRE(object.at("time_ms") == bj::value(5));
  object.erase("event");
  object.erase("time_ms");
  return object;
}

}  // namespace

TEST_CASE("the version event") {
  REQUIRE(parsed(version_event(5), "version") == bj::object{{"version", PGUPGRADE_VERSION}, {"format", 1}});
}

TEST_CASE("the plan event holds the very plan") {
  const bj::object object = parsed(plan_event(shop_plan(), shop_steps(), 5), "plan");
  REQUIRE(plan_from_json(object.at("plan")) == shop_plan());
  REQUIRE(object.at("steps").as_array().size() == 5);
  REQUIRE(object.at("steps").as_array()[1] == bj::value(bj::object{{"number", 2},
                                                                   {"name", "wipe"},
                                                                   {"description", "volume shop_pgdata"},
                                                                   {"sign", "-"},
                                                                   {"phase", "window"}}));
}

TEST_CASE("a step event") {
  const upgrade::StepEvent event{.number = 4,
                                 .total = 17,
                                 .step = "backup",
                                 .kind = upgrade::StepEventKind::done,
                                 .duration_ms = 1200,
                                 .detail = "11.4 GiB",
                                 .destructive_behind = true};
  REQUIRE(parsed(step_event(event, 5), "step") == bj::object{{"number", 4},
                                                             {"total", 17},
                                                             {"step", "backup"},
                                                             {"kind", "done"},
                                                             {"duration_ms", 1200},
                                                             {"detail", "11.4 GiB"},
                                                             {"destructive_behind", true}});
}

TEST_CASE("a progress event has null where nothing is known") {
  const upgrade::Progress progress{.step = "dump", .what = "database shop", .done = 7, .total = 0};
  REQUIRE(parsed(progress_event(progress, std::nullopt, std::nullopt, 5), "progress") ==
          bj::object{{"step", "dump"},
                     {"what", "database shop"},
                     {"done", 7},
                     {"total", nullptr},
                     {"unit", "bytes"},
                     {"rate", nullptr},
                     {"left_ms", nullptr}});
  const upgrade::Progress items{
      .step = "verify", .what = "", .done = 1, .total = 9, .unit = upgrade::Progress::Unit::items};
  REQUIRE(parsed(progress_event(items, 2.5, 3200, 5), "progress") == bj::object{{"step", "verify"},
                                                                                {"what", ""},
                                                                                {"done", 1},
                                                                                {"total", 9},
                                                                                {"unit", "items"},
                                                                                {"rate", 2.5},
                                                                                {"left_ms", 3200}});
}

TEST_CASE("verify events say what was proven") {
  const bj::object data = parsed(verify_event(shop_report().targets.front(), 5), "verify");
  REQUIRE(data == bj::object{{"what", "data"},
                             {"service", "db"},
                             {"identical", true},
                             {"tables", 212},
                             {"rows", 84'113'902},
                             {"sequences", 61},
                             {"roles", 1},
                             {"logins_tried", 3},
                             {"logins_accepted", 3}});
  REQUIRE(parsed(verify_backup_event("/b/db.tar.zst", "9c", 10, 2, 5), "verify") ==
          bj::object{{"what", "backup"},
                     {"file", "/b/db.tar.zst"},
                     {"identical", true},
                     {"sha256", "9c"},
                     {"bytes", 10},
                     {"members", 2}});
}

TEST_CASE("a diagnostic event") {
  REQUIRE(
      parsed(diagnostic_event({Severity::warning, "W-X", "line\none\ttab", "hint"}, 5), "diagnostic") ==
      bj::object{{"severity", "warning"}, {"code", "W-X"}, {"message", "line\none?tab"}, {"hint", "hint"}});
}

TEST_CASE("the summary of a run") {
  const bj::object object = parsed(report_summary(shop_report(), 0, 5), "summary");
  REQUIRE(object.at("outcome") == bj::value("succeeded"));
  REQUIRE(object.at("exit_code") == bj::value(0));
  REQUIRE(object.at("downtime_ms") == bj::value(1'852'000));
  REQUIRE(object.at("targets").as_array().at(0).at("new_version") == bj::value("17.11"));
}

TEST_CASE("the summary of an error") {
  Error error(ErrorKind::failed, "E-X", "cannot do", "hint it");
  error.add_context("in step dump");
  const Situation situation{.data = "untouched", .log = "", .next = {"pgupgrade resume"}};
  REQUIRE(parsed(error_summary(error, situation, 5, 5), "summary") ==
          bj::object{{"outcome", "error"},
                     {"exit_code", 5},
                     {"code", "E-X"},
                     {"message", "cannot do"},
                     {"context", bj::array{"in step dump"}},
                     {"data", "untouched"},
                     {"log", nullptr},
                     {"hint", "hint it"},
                     {"next", bj::array{"pgupgrade resume"}}});
}

TEST_CASE("the summary of a status keeps apart no leftovers and unknown ones") {
  RunStatus status{.state = shop_run(),
                   .state_file = "/s",
                   .data = "d",
                   .next = {"n"},
                   .leftovers = {},
                   .engine_problem = {}};
  bj::object object = parsed(status_summary(status, 5), "summary");
  REQUIRE(object.at("outcome") == bj::value("unfinished"));
  REQUIRE(object.at("leftovers") == bj::value(bj::array{}));
  REQUIRE(object.at("steps").as_array().at(1) == bj::value(bj::object{{"step", "dump"},
                                                                      {"phase", "started"},
                                                                      {"attempt", 2},
                                                                      {"started_ms", 1'764'000'002'000},
                                                                      {"ended_ms", 0}}));
  status.engine_problem = "gone";
  object = parsed(status_summary(status, 5), "summary");
  REQUIRE(object.at("leftovers").is_null());
  REQUIRE(object.at("engine_problem") == bj::value("gone"));
}

TEST_CASE("the summary of what has no data of its own") {
  REQUIRE(parsed(plain_summary("planned", {"a"}, 10, 5), "summary") ==
          bj::object{{"outcome", "planned"}, {"exit_code", 10}, {"lines", bj::array{"a"}}});
}
