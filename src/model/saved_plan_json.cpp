#include <array>

#include "model/plan_fields.hpp"
#include "model/schema_writer.hpp"
#include "pgupgrade/model/saved_plan.hpp"

namespace pgupgrade {

inline constexpr std::array<fields::Text<Md5Policy>, 2> texts_of(Md5Policy) {
  return {{{Md5Policy::convert, "convert"}, {Md5Policy::keep, "keep"}}};
}

// Request::backup, which may be left to the strategy.
enum class AskedBackup { by_strategy, tar, aside };

inline constexpr std::array<fields::Text<AskedBackup>, 3> texts_of(AskedBackup) {
  return {
      {{AskedBackup::by_strategy, "by strategy"}, {AskedBackup::tar, "tar"}, {AskedBackup::aside, "aside"}}};
}

// Request::verify, which may be left to the strategy, too.
enum class AskedVerify { by_strategy, full, deferred, catalog };

inline constexpr std::array<fields::Text<AskedVerify>, 4> texts_of(AskedVerify) {
  return {{{AskedVerify::by_strategy, "by strategy"},
           {AskedVerify::full, "full"},
           {AskedVerify::deferred, "deferred"},
           {AskedVerify::catalog, "catalog"}}};
}

namespace {

template <class Archive, class Asked>
void describe_verify(Archive& archive, Asked& value) {
  constexpr std::array<std::pair<Verify, AskedVerify>, 3> kSame = {{{Verify::full, AskedVerify::full},
                                                                    {Verify::deferred, AskedVerify::deferred},
                                                                    {Verify::catalog, AskedVerify::catalog}}};
  AskedVerify asked = AskedVerify::by_strategy;
  for (const auto& [verify, same] : kSame)
    if (value == verify) asked = same;
  archive("verify", asked);
  if constexpr (!std::is_const_v<Asked>) {
    value.reset();
    for (const auto& [verify, same] : kSame)
      if (asked == same) value = verify;
  }
}

template <class Archive, class Asked>
void describe_backup(Archive& archive, Asked& value) {
  AskedBackup asked = AskedBackup::by_strategy;
  if (value) asked = *value == Backup::tar ? AskedBackup::tar : AskedBackup::aside;
  archive("backup", asked);
  if constexpr (!std::is_const_v<Asked>) {
    value.reset();
    if (asked != AskedBackup::by_strategy) value = asked == AskedBackup::tar ? Backup::tar : Backup::aside;
  }
}

// A path that may be absent is an empty one in the document.
template <class Archive, class Path>
void describe_path(Archive& archive, std::string_view key, Path& value) {
  std::filesystem::path path = value.value_or(std::filesystem::path());
  archive(key, path);
  if constexpr (!std::is_const_v<Path>) {
    if (path.empty())
      value.reset();
    else
      value = path;
  }
}

}  // namespace

// The binding names every field: one that is added does not compile until it is described, since a request
// that lacks it would give another plan.
template <class Archive, fields::Of<Request> T>
void describe(Archive& archive, T& value) {
  auto& [project, container, target_major, services, all_services, strategy, verify, backup, image, old_image,
         password_file, md5_policy, acknowledged, jobs, state_root, backup_directory, dump_directory,
         edit_files, keep_going, deep, hooks, rehearsal] = value;
  archive("project", project);
  archive.optional("container", container);
  archive("target_major", target_major);
  archive("services", services);
  archive("all_services", all_services);
  archive("strategy", strategy);
  describe_verify(archive, verify);
  describe_backup(archive, backup);
  archive("image", image);
  archive("old_image", old_image);
  describe_path(archive, "password_file", password_file);
  archive("md5_policy", md5_policy);
  archive("acknowledged", acknowledged);
  archive("jobs", jobs);
  archive("state_root", state_root);
  describe_path(archive, "backup_directory", backup_directory);
  describe_path(archive, "dump_directory", dump_directory);
  archive("edit_files", edit_files);
  archive.optional("keep_going", keep_going);
  archive.optional("deep", deep);
  archive("hooks", hooks);
  archive("rehearsal", rehearsal);
}

template <class Archive, fields::Of<SavedPlan> T>
void describe(Archive& archive, T& value) {
  archive("request", value.request);
  archive("new_images", value.new_images);
  archive("plan", value.plan);
}

boost::json::value to_json(const SavedPlan& value) {
  return fields::write(value);
}

SavedPlan saved_plan_from_json(const boost::json::value& value) {
  return fields::read_document<SavedPlan>(value, "saved");
}

boost::json::object saved_plan_schema() {
  return fields::schema_document<SavedPlan>("saved-plan", 1, "A plan that pgupgrade has saved to be applied");
}

}  // namespace pgupgrade
