#include "upgrade/back/replaced_container.hpp"

#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "upgrade/back/old_container.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/sandbox/service_container.hpp"

namespace pgupgrade::upgrade {
namespace {

std::string unfinished_name(const Plan& plan, const TargetPlan& target) {
  return aside_name(plan, target) + "-new";
}

// `docker create …`: a server that starts at once would be in the way.
std::string create_line(const std::string& run_line) {
  constexpr std::string_view kRun = "docker run --detach";
  if (!run_line.starts_with(kRun)) return run_line;
  return "docker create" + run_line.substr(kRun.size());
}

// By a line that was made when the plan was.
[[noreturn]] void refuse_gone(const std::string& what, const std::string& run_line,
                              const std::string& command) {
  throw Error(ErrorKind::failed, "E-CONTAINER-GONE", what,
              fmt::format("the data is not affected; make the container with \"{}\" (with the values of its "
                          "variables in the shell), then: {}",
                          create_line(run_line), command));
}

// The tag, where it still names the image that the run has taken.
std::string image_for_new(StepContext& context, const TargetPlan& target) {
  const std::string id = new_image_id(context, target);
  const auto tagged = context.world.engine.inspect_image(target.new_image);
  return tagged && tagged->id == id ? target.new_image : id;
}

[[noreturn]] void refuse_other(const docker::ContainerInfo& other, const std::string& command) {
  throw Error(ErrorKind::failed, "E-CONTAINER-GONE",
              fmt::format("another container has the name {} now: {}", other.name, other.id.substr(0, 12)),
              fmt::format("rename or remove it, then: {}", command));
}

// Somebody may have made it by hand, as the hint says.
bool is_made_by_hand(StepContext& context, const TargetPlan& target, const docker::ContainerInfo& info) {
  return info.id != target.container_id && info.image_id == new_image_id(context, target);
}

std::string make_new(StepContext& context, const TargetPlan& target) {
  docker::Engine& engine = context.world.engine;
  const std::string unfinished = unfinished_name(context.plan(), target);
  engine.remove_container(unfinished);  // of an attempt that died before it could say that it is complete
  const auto old = engine.inspect_container(target.container_id);
  if (!old) {
    const auto other = find_by_name(context.world, target.container_name);
    if (other && is_made_by_hand(context, target, *other)) return other->id;
    if (other) refuse_other(*other, "pgupgrade resume");
    refuse_gone(
        fmt::format("could not make container {} on {}: the old one, which it would be made like, is gone",
                    target.container_name, target.new_image),
        target.run_line, "pgupgrade resume");
  }
  const std::string pgdata = target.keeps_old ? target.new_pgdata : std::string();
  const std::string id = engine.create_like(
      old->id, unfinished,
      changes_for_new(image_for_new(context, target), target.data_mount, target.new_data_target, pgdata));
  context.reach("made");
  return id;
}

}  // namespace

std::string aside_name(const Plan& plan, const TargetPlan& target) {
  return fmt::format("{}-pgupgrade-{}", target.container_name, plan.run_id);
}

docker::ContainerChanges changes_for_new(const std::string& image, const Mount& data,
                                         const std::string& new_target, const std::string& new_pgdata) {
  docker::ContainerChanges changes{.image = image};
  if (!new_pgdata.empty()) changes.environment = {{"PGDATA", new_pgdata}};
  if (new_target != data.target) changes.mount_targets = {{data.target, new_target}};
  return changes;
}

void replace_container(StepContext& context, const TargetPlan& target, const std::string& made,
                       const std::function<void(const std::string& id)>& remember) {
  docker::Engine& engine = context.world.engine;
  auto info = made.empty() ? std::nullopt : engine.inspect_container(made);
  if (!info) {
    const std::string id = make_new(context, target);
    remember(id);
    context.reach("remembered");
    info = engine.inspect_container(id);
  }
  if (!info || info->name == target.container_name) return;
  if (const auto holder = find_by_name(context.world, target.container_name)) {
    if (holder->id != target.container_id) refuse_other(*holder, "pgupgrade resume");
    engine.rename_container(holder->id, aside_name(context.plan(), target));
    context.reach("old-aside");
  }
  engine.rename_container(info->id, target.container_name);
  context.reach("named");
}

bool is_replaced(StepContext& context, const TargetPlan& target, const std::string& made) {
  const auto info = made.empty() ? std::nullopt : context.world.engine.inspect_container(made);
  return info && info->name == target.container_name;
}

void bring_container_back(StepContext& context, const TargetPlan& target, const std::string& made) {
  docker::Engine& engine = context.world.engine;
  const auto old = engine.inspect_container(target.container_id);
  if (!old) return;
  engine.remove_container(unfinished_name(context.plan(), target));
  if (!made.empty()) engine.remove_container(made);
  context.reach("new-removed");
  if (old->name != aside_name(context.plan(), target)) return;
  if (const auto holder = find_by_name(context.world, target.container_name))
    refuse_other(*holder, "pgupgrade rollback");
  engine.rename_container(old->id, target.container_name);
  context.reach("old-named");
}

void start_old_like_new(StepContext& context, const TargetPlan& target) {
  docker::Engine& engine = context.world.engine;
  const auto there = find_by_name(context.world, target.container_name);
  if (!there || there->image_id != target.old_image_id) {
    const bool can = engine.inspect_image(target.old_image_id).has_value();
    if (!can || !make_old_container(context, target))
      refuse_gone(fmt::format("could not start container {} again: {}", target.container_name,
                              can ? "it is gone, and so is the new one"
                                  : "it is gone, and so is its image " + target.old_image),
                  target.old_run_line, "pgupgrade rollback");
  }
  const auto old = find_by_name(context.world, target.container_name);
  if (!old) return;  // somebody is faster; the wait for the server tells
  engine.set_restart_policy(old->id, target.restart);
  engine.start_container(old->id);
}

}  // namespace pgupgrade::upgrade
