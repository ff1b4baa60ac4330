#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <functional>
#include <set>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/json.hpp"
#include "pgupgrade/upgrade/command/saved_plan.hpp"
#include "upgrade/run/names.hpp"

namespace pgupgrade::upgrade {
namespace {

namespace bj = boost::json;
using Clauses = std::vector<std::string>;

constexpr std::size_t kValueLimit = 100;

std::string shown(const bj::value& value) {
  const std::string text = value.is_string() ? std::string(value.get_string()) : bj::serialize(value);
  return text.empty() ? "empty" : printable(text, kValueLimit);
}

// "old_pgdata" as "old pgdata".
std::string words(std::string_view key) {
  std::string text(key);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

// "databases" of one of them: "database".
std::string one_of(std::string_view key) {
  std::string text = words(key);
  if (text.ends_with('s')) text.pop_back();
  return text;
}

std::string name_of(const bj::value& element) {
  if (!element.is_object()) return {};
  for (const char* key : {"name", "role"})
    if (const bj::value* name = element.get_object().if_contains(key); name != nullptr && name->is_string())
      return std::string(name->get_string());
  return {};
}

bool all_named(const bj::array& array) {
  return std::all_of(array.begin(), array.end(), [](const bj::value& one) { return !name_of(one).empty(); });
}

const bj::value* find_named(const bj::array& array, const std::string& name) {
  const auto found =
      std::find_if(array.begin(), array.end(), [&](const bj::value& one) { return name_of(one) == name; });
  return found == array.end() ? nullptr : &*found;
}

void compare(const std::string& place, std::string_view key, const bj::value& was, const bj::value& is,
             Clauses& found);

std::string joined(const std::string& place, const std::string& word) {
  return place.empty() || place.ends_with(": ") ? place + word : place + ", " + word;
}

void compare_fields(const std::string& place, const bj::object& was, const bj::object& is, Clauses& found) {
  std::set<std::string> keys;
  for (const auto& entry : was) keys.emplace(entry.key());
  for (const auto& entry : is) keys.emplace(entry.key());
  const bj::value none;
  for (const std::string& key : keys) {
    const bj::value* before = was.if_contains(key);
    const bj::value* now = is.if_contains(key);
    compare(place, key, before == nullptr ? none : *before, now == nullptr ? none : *now, found);
  }
}

// What has a name is known by it, wherever it stands. A setting's value may be nobody else's business.
void compare_named(const std::string& place, std::string_view key, const bj::array& was, const bj::array& is,
                   Clauses& found) {
  const auto at = [&](const std::string& name) {
    return joined(place, fmt::format("{} \"{}\"", one_of(key), printable(name)));
  };
  for (const bj::value& before : was) {
    const std::string name = name_of(before);
    const bj::value* now = find_named(is, name);
    if (now == nullptr)
      found.push_back(at(name) + " is gone");
    else if (key == "settings" && before != *now)
      found.push_back(at(name) + " has changed");
    else
      compare_fields(at(name), before.get_object(), now->get_object(), found);
  }
  for (const bj::value& now : is)
    if (find_named(was, name_of(now)) == nullptr) found.push_back(at(name_of(now)) + " is new");
}

void compare(const std::string& place, std::string_view key, const bj::value& was, const bj::value& is,
             Clauses& found) {
  if (was == is) return;
  if (was.is_object() && is.is_object()) {
    // The server's inventory is the service's.
    const std::string inner = key == "inventory" ? place : joined(place, words(key));
    return compare_fields(inner, was.get_object(), is.get_object(), found);
  }
  if (was.is_array() && is.is_array() && all_named(was.get_array()) && all_named(is.get_array()))
    return compare_named(place, key, was.get_array(), is.get_array(), found);
  found.push_back(fmt::format("{} is {}, was {}", joined(place, words(key)), shown(is), shown(was)));
}

// Changes by itself in a database that is in use, or is looked at again when the run comes to it.
void leave_out_changing(bj::object& inventory) {
  for (const char* key : {"connections", "prepared_transactions", "standbys", "replication_slots"})
    inventory.erase(key);
  for (bj::value& database : inventory.at("databases").as_array()) {
    bj::object& facts = database.as_object();
    for (const char* key : {"size_bytes", "tables", "estimated_rows", "large_objects"}) facts.erase(key);
    for (const char* key : {"counters", "rows"}) facts.at("left_behind").as_object().erase(key);
    for (bj::value& column : facts.at("left_behind").at("generated_columns").as_array())
      for (const char* key : {"changed", "first_keys"}) column.as_object().erase(key);
  }
}

bj::object target_object(const TargetPlan& target, const Plan& plan) {
  Plan alone = plan;
  alone.targets = {target};
  return to_json(alone).at("targets").at(0).as_object();
}

void compare_targets(const SavedPlan& saved, const TargetPlan& was, const SavedPlan& now,
                     const TargetPlan& is, Clauses& found) {
  if (was.container_id != is.container_id)
    found.push_back(fmt::format("container {} was recreated", printable(was.container_name)));
  if (was.old_image_id != is.old_image_id)
    found.push_back(fmt::format("the image of container {} is {}, was {}", printable(is.container_name),
                                printable(is.old_image_id), printable(was.old_image_id)));
  if (was.data_mount == is.data_mount && was.data_volume.created_at != is.data_volume.created_at)
    found.push_back(fmt::format("{} was made at {}, the plan was made for one of {}",
                                data_name(is.data_mount), printable(is.data_volume.created_at),
                                printable(was.data_volume.created_at)));
  bj::object before = target_object(was, saved.plan);
  bj::object after = target_object(is, now.plan);
  // The grants follow from the roles of the inventory.
  std::vector<std::string> told = {"container_id", "old_image_id", "data_bytes", "role_grants"};
  if (was.data_mount == is.data_mount) told.emplace_back("data_volume");
  // Not known before the new image is on the engine.
  if (was.dropped_settings.empty()) told.emplace_back("dropped_settings");
  if (was.old_libc.empty()) told.emplace_back("old_libc");
  for (bj::object* one : {&before, &after}) {
    for (const std::string& key : told) one->erase(key);
    leave_out_changing(one->at("inventory").as_object());
  }
  compare_fields(fmt::format("service {}: ", printable(was.service)), before, after, found);
}

const TargetPlan* find_target(const Plan& plan, const std::string& service) {
  const auto found = std::find_if(plan.targets.begin(), plan.targets.end(),
                                  [&](const TargetPlan& target) { return target.service == service; });
  return found == plan.targets.end() ? nullptr : &*found;
}

void compare_all_targets(const SavedPlan& saved, const SavedPlan& now, Clauses& found) {
  for (const TargetPlan& was : saved.plan.targets) {
    const TargetPlan* is = find_target(now.plan, was.service);
    if (is != nullptr)
      compare_targets(saved, was, now, *is, found);
    else
      found.push_back(fmt::format("service {} no longer needs this upgrade", printable(was.service)));
  }
  for (const TargetPlan& is : now.plan.targets)
    if (find_target(saved.plan, is.service) == nullptr)
      found.push_back(fmt::format("service {} needs an upgrade, too, by now", printable(is.service)));
}

void compare_images(const SavedPlan& saved, const SavedPlan& now, Clauses& found) {
  for (const auto& [service, was] : saved.new_images) {
    const auto is = now.new_images.find(service);
    const TargetPlan* target = find_target(saved.plan, service);
    if (is == now.new_images.end() || is->second == was || target == nullptr) continue;
    found.push_back(fmt::format("image {} is {}, was {}", printable(target->new_image), printable(is->second),
                                printable(was)));
  }
}

void compare_files(const Plan& saved, const Plan& now, Clauses& found) {
  for (const auto& [file, digest] : saved.file_digests) {
    const auto is = now.file_digests.find(file);
    if (is == now.file_digests.end() || is->second != digest)
      found.push_back(fmt::format("{} has changed", printable(file, 500)));
  }
  const bool same = saved.file_digests == now.file_digests;
  if (same && saved.edits != now.edits)
    found.push_back("what is to be edited in the Compose files is something else");
  if (saved.to_set != now.to_set)
    found.push_back("what is left to be set in the Compose files is something else");
}

void compare_client(const ClientFacts& was, const ClientFacts& is, Clauses& found) {
  if (was.container_id != is.container_id)
    found.push_back(fmt::format("container {} was recreated", printable(was.container_name)));
  else if (was.running != is.running)
    found.push_back(fmt::format("container {} {}", printable(was.container_name),
                                is.running ? "runs now" : "was stopped"));
  if (was.restart != is.restart)
    found.push_back(fmt::format("the restart policy of container {} is {}, was {}",
                                printable(was.container_name), printable(is.restart.name),
                                printable(was.restart.name)));
}

const ClientFacts* find_client(const Plan& plan, const std::string& name) {
  const auto found = std::find_if(plan.clients.begin(), plan.clients.end(),
                                  [&](const ClientFacts& client) { return client.container_name == name; });
  return found == plan.clients.end() ? nullptr : &*found;
}

// One that was only connected may have no connection at this moment: it is stopped as planned.
void compare_clients(const Plan& saved, const Plan& now, Clauses& found) {
  for (const ClientFacts& was : saved.clients) {
    const ClientFacts* is = find_client(now, was.container_name);
    if (is != nullptr)
      compare_client(was, *is, found);
    else if (was.why.starts_with("depends on"))
      found.push_back(fmt::format("container {} is gone", printable(was.container_name)));
  }
  for (const ClientFacts& is : now.clients)
    if (find_client(saved, is.container_name) == nullptr)
      found.push_back(fmt::format("container {} uses the database, too ({}), and the plan does not stop it",
                                  printable(is.container_name), printable(is.why)));
}

// All of the plan that nothing above looks at, and that does not change by itself.
void compare_rest(const Plan& saved, const Plan& now, Clauses& found) {
  bj::object was = to_json(saved).as_object();
  bj::object is = to_json(now).as_object();
  for (bj::object* one : {&was, &is})
    for (const char* key : {"targets", "clients", "host_clients", "edits", "to_set", "file_digests",
                            "tool_version", "engine_id", "engine_endpoint", "jobs", "disk", "diagnostics",
                            "checks", "estimated_downtime_ms", "strategy_reason", "strategies"})
      one->erase(key);
  compare_fields("the plan: ", was, is, found);
}

}  // namespace

std::vector<std::string> plan_drift(const SavedPlan& saved, const SavedPlan& now) {
  if (saved.plan.engine_id != now.plan.engine_id)
    return {fmt::format("the engine is {}, the plan was made for {} ({})", printable(now.plan.engine_id),
                        printable(saved.plan.engine_id), printable(saved.plan.engine_endpoint))};
  Clauses found;
  if (saved.plan.tool_version != now.plan.tool_version)
    found.push_back(fmt::format("pgupgrade is {}, the plan was made by {}", printable(now.plan.tool_version),
                                printable(saved.plan.tool_version)));
  compare_files(saved.plan, now.plan, found);
  compare_all_targets(saved, now, found);
  compare_images(saved, now, found);
  compare_clients(saved.plan, now.plan, found);
  compare_rest(saved.plan, now.plan, found);
  Clauses once;
  for (std::string& clause : found)
    if (std::find(once.begin(), once.end(), clause) == once.end()) once.push_back(std::move(clause));
  return once;
}

}  // namespace pgupgrade::upgrade
