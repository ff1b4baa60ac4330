#include "upgrade/back/old_container.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/data_directory.hpp"
#include "upgrade/run/site.hpp"
#include "upgrade/sandbox/fetch_image.hpp"
#include "upgrade/sandbox/image_probe.hpp"
#include "upgrade/sandbox/service_container.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr std::chrono::minutes kPatience{10};

// What the old image's tag names now, when that is not the old version; else nothing. A newer build of the
// same version is what Compose would start as well.
std::string other_version(StepContext& context, const TargetPlan& target) {
  const auto image = context.world.engine.inspect_image(target.old_image);
  // With neither tag nor image Compose pulls what the tag names elsewhere.
  if (!image) return context.world.engine.inspect_image(target.old_image_id) ? "gone" : "";
  if (image->id == target.old_image_id) return {};
  try {
    const ImageFacts facts =
        probe_image(context.world, context.plan().run_id, target.service, target.old_image);
    return facts.major == target.old_major ? std::string() : fmt::format("PostgreSQL {}", facts.major);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::failed) throw;
    return "another image";
  }
}

// The user's files, and one that names the old image by its id where its tag names another now.
ProjectLocation old_location(StepContext& context, const TargetPlan& target) {
  ProjectLocation location = context.plan().location;
  const std::string now = other_version(context, target);
  if (now.empty()) return location;
  const std::string tag = tag_command(target.old_image_id, target.old_image);
  if (!context.world.engine.inspect_image(target.old_image_id))
    throw Error(
        ErrorKind::failed, "E-OLD-IMAGE",
        fmt::format("could not start service \"{}\" again: its image {} is {} now, and that of its data "
                    "(PostgreSQL {}) is not on the engine any more",
                    target.service, target.old_image, now, target.old_major),
        fmt::format("pull an image of PostgreSQL {} as {}", target.old_major, target.old_image));
  const auto file = context.journal.files().directory / fmt::format("old-image-{}.json", target.service);
  const boost::json::object service{{"image", target.old_image_id}, {"pull_policy", "never"}};
  write_file_durably(
      file, json::pretty(boost::json::object{{"services", boost::json::object{{target.service, service}}}}));
  location.files.push_back(file);
  context.warn(
      "W-OLD-IMAGE",
      fmt::format("service {} runs on the image that it had, but its tag {} is {} now; before Compose "
                  "makes the container anew: {}",
                  target.service, target.old_image, now, tag));
  return location;
}

// In what the old container was other than the new one.
docker::ContainerChanges as_it_was(docker::Engine& engine, const TargetPlan& target,
                                   const docker::ContainerInfo& new_one) {
  const auto tagged = engine.inspect_image(target.old_image);
  const bool is_tagged = tagged && tagged->id == target.old_image_id;
  docker::ContainerChanges changes{.image = is_tagged ? target.old_image : target.old_image_id,
                                   .environment = {{"PGDATA", target.old_pgdata}}};
  if (target.new_data_target != target.data_mount.target)
    changes.mount_targets = {{target.new_data_target, target.data_mount.target}};
  for (const Mount& mount : target.other_mounts) {
    const auto next = planning::next_versioned_target(mount.target, target.old_major, target.new_major);
    if (next && !planning::has_mount_at(new_one.mounts, mount.target))
      changes.mount_targets[*next] = mount.target;
  }
  return changes;
}

// Made under a name of its own, which it changes for the right one when it is complete: one that an earlier
// attempt has left is not.
void make_like_new_one(StepContext& context, const TargetPlan& target, const docker::ContainerInfo& other) {
  docker::Engine& engine = context.world.engine;
  const std::string unfinished = fmt::format("{}-{}", target.container_name, context.plan().run_id);
  engine.remove_container(unfinished);
  const std::string made = engine.create_like(other.id, unfinished, as_it_was(engine, target, other));
  engine.set_restart_policy(made, target.restart);
  context.reach("made");
  engine.remove_container(other.id);
  context.reach("other-removed");
  engine.rename_container(made, target.container_name);
}

// The one that is not complete, when nothing but its name was missing.
bool finish_renaming(StepContext& context, const TargetPlan& target) {
  docker::Engine& engine = context.world.engine;
  const auto made =
      find_by_name(context.world, fmt::format("{}-{}", target.container_name, context.plan().run_id));
  if (!made || find_by_name(context.world, target.container_name)) return false;
  engine.rename_container(made->id, target.container_name);
  return true;
}

void make_without_compose(StepContext& context, const TargetPlan& target, const Error& problem) {
  if (!make_old_container(context, target)) throw problem;
  context.warn(
      "W-COMPOSE-UP",
      fmt::format("{}; its container was made as it was before; once Compose accepts the project: docker "
                  "compose up -d {}",
                  problem.what(), shell_word(target.service)));
  context.world.engine.start_container(target.container_name);
}

}  // namespace

bool make_old_container(StepContext& context, const TargetPlan& target) {
  if (finish_renaming(context, target)) return true;
  const auto other = find_service_container(context.world, context.plan(), target.service);
  if (!other || !context.world.engine.inspect_image(target.old_image_id)) return false;
  if (other->image_id != target.old_image_id) make_like_new_one(context, target, *other);
  return true;
}

void start_old_server(StepContext& context, const TargetPlan& target) {
  const auto info = context.world.engine.inspect_container(target.container_id);
  if (info) {
    if (!info->running()) context.world.engine.start_container(info->id);
    return;
  }
  site_of(context.plan()).start_old(context, target);
}

void start_old_through_compose(StepContext& context, const TargetPlan& target) {
  const ProjectLocation location = old_location(context, target);
  try {
    context.world.compose.up(location, {target.service}, kPatience);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::failed) throw;
    make_without_compose(context, target, error);
  }
}

}  // namespace pgupgrade::upgrade
