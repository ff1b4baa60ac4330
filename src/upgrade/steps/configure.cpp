#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/image_check.hpp"
#include "pgupgrade/postgres/inspect.hpp"
#include "upgrade/cluster/carried_files.hpp"
#include "upgrade/cluster/new_cluster.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/sandbox/image_probe.hpp"
#include "upgrade/sandbox/work_files.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr const char* kDecided = "configuration_sha256";

// Where the new cluster's own value is the right one. Who may log in is decided by hba_file and ident_file,
// which are carried.
bool is_never_carried(const std::string& name) {
  static const std::set<std::string> names = {"data_directory", "config_file", "external_pid_file"};
  return names.contains(name);
}

// What names a place in the old data directory means the same place in the new one.
std::string in_new_directory(const TargetPlan& target, std::string value) {
  const std::string old = target.old_pgdata + "/";
  const std::string fresh = target.new_pgdata + "/";
  if (old == fresh) return value;
  for (std::size_t at = value.find(old); at != std::string::npos; at = value.find(old, at + fresh.size()))
    value.replace(at, old.size(), fresh);
  return value;
}

// pg_hba.conf, pg_ident.conf, ALTER SYSTEM, files of the user's own, and the settings of postgresql.conf that
// differ, as far as the new version knows them. The new postgresql.conf stays, with a block at its end.
class ConfigureStep final : public TargetStep {
 public:
  std::string_view name() const override { return "configure"; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [](const TargetPlan& target) {
      const std::string dropped = join(target.dropped_settings, ", ");
      return "pg_hba.conf, pg_ident.conf, settings" + (dropped.empty() ? "" : " but " + dropped);
    });
  }

  Artefacts artefacts(const RunFiles& files, const Plan&, const TargetPlan& target) const override {
    return {.files = {files.configuration(target.service)}, .volumes = {}};
  }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    configure(context, target);
    context.record(target, "configured", "yes");
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    return context.recorded(target, "configured");
  }

 private:
  using Values = std::map<std::string, std::string>;

  static void configure(StepContext& context, const TargetPlan& target) {
    WorkServer server(context, target, Side::fresh);
    std::string tar = decided_before(context, target);
    if (tar.empty()) {
      const auto connection = server.ensure();
      tar = decide(context, target, connection->inventory(), server.name());
    } else {
      // What the attempt before has left, perhaps in halves, no server may have to read.
      server.discard();
    }
    context.reach("decided");
    put_in_new_cluster(context, target, tar);  // neither the engine nor a server's stop syncs them
    context.reach("files-placed");
    const auto errors = server.ensure()->configuration_errors();
    if (!errors.empty()) {
      throw Error(ErrorKind::failed, "E-SETTING",
                  fmt::format("could not carry the configuration of service \"{}\" over: {}", target.service,
                              join(errors, "; ")),
                  "run `pgupgrade rollback`, fix the setting, then start over");
    }
  }

  // The new cluster's own settings can be asked for only until the first file is placed. So what is placed is
  // decided once, and kept; empty when it has not been.
  static std::string decided_before(StepContext& context, const TargetPlan& target) {
    const auto tar = read_file_if_present(context.journal.files().configuration(target.service));
    const bool whole = tar && sha256_hex(*tar) == context.datum(target, kDecided);
    return whole ? *tar : std::string();
  }

  static std::string decide(StepContext& context, const TargetPlan& target, const Inventory& fresh,
                            const std::string& server) {
    const std::vector<std::string> unknown = unknown_settings(context, target);
    const std::set<std::string> dropped(unknown.begin(), unknown.end());
    std::vector<backup::SmallFile> placed;
    // initdb's own file is the base; the data directory's listing of it is read, not guessed.
    add_postgresql_conf(context, target, dropped, fresh, server, placed);
    for (const auto& [path, file] : saved_configuration(context, target)) {
      std::string content = file.content;
      if (path == "postgresql.auto.conf") content = auto_conf(context, target, dropped, content);
      placed.push_back({.path = path, .content = std::move(content), .mode = file.mode, .link = file.link});
    }
    own(context, target, placed);
    std::string tar = backup::tar_of(placed);
    write_file_durably(context.journal.files().configuration(target.service), tar);
    context.record(target, kDecided, sha256_hex(tar));
    return tar;
  }

  static std::vector<std::string> unknown_settings(StepContext& context, const TargetPlan& target) {
    const NewImage& known = context.known(target).image;
    if (known.settings_known) return known.unknown_settings;
    return planning::unknown_settings(
        target.inventory,
        probe_image(context.world, context.plan().run_id, target.service, new_image_id(context, target)));
  }

  // By the rule of the plan, so that what it does not name as left out is not left out.
  static bool accepted(StepContext& context, const std::set<std::string>& dropped, const std::string& name) {
    if (is_never_carried(name)) return false;
    if (!dropped.contains(name)) return true;
    context.warn("W-SETTING-REMOVED",
                 fmt::format("setting {} is not carried over: the new version does not know it", name));
    return false;
  }

  static bool keeps_md5(const TargetPlan& target) {
    return std::any_of(target.roles.begin(), target.roles.end(),
                       [](const RolePlan& role) { return role.action == PasswordAction::keep_md5; });
  }

  // New passwords would go on being stored as md5.
  static bool is_md5_default(const TargetPlan& target, const std::string& name, const std::string& value) {
    return name == "password_encryption" && (value == "md5" || value == "on") && !keeps_md5(target);
  }

  static void add_postgresql_conf(StepContext& context, const TargetPlan& target,
                                  const std::set<std::string>& dropped, const Inventory& fresh,
                                  const std::string& server, std::vector<backup::SmallFile>& placed) {
    if (target.inventory.config_file != target.old_pgdata + "/postgresql.conf")
      return;  // mounted from outside
    Values now;
    for (const auto& setting : fresh.settings) {
      if (setting.origin == SettingFacts::Origin::configuration_file) now[setting.name] = setting.value;
    }
    const auto hidden = read_old_cluster(context, target).hidden_settings;
    std::string block;
    for (const auto& setting : target.inventory.settings) {
      if (setting.origin != SettingFacts::Origin::configuration_file) continue;
      const auto real = hidden.find(setting.name);
      const std::string value = real == hidden.end() ? setting.value : real->second;
      const auto same = now.find(setting.name);
      if (same != now.end() && same->second == value) continue;
      if (is_md5_default(target, setting.name, value)) continue;
      if (!accepted(context, dropped, setting.name)) continue;
      block +=
          fmt::format("{} = {}\n", setting.name, postgres::quoted_setting(in_new_directory(target, value)));
    }
    const std::string made =
        file_in_container(context.world.engine, server, target.new_pgdata + "/postgresql.conf").value_or("");
    const std::string base = without_settings(made, names_set_only_in(now, target.inventory));
    if (block.empty() && base == made) return;
    const std::string mark = "\n# Carried over from PostgreSQL " + target.old_version + " by pgupgrade\n";
    placed.push_back({.path = "postgresql.conf", .content = base + mark + block});
  }

  // Where the old files said nothing, the server's own default held.
  static std::set<std::string> names_set_only_in(const Values& fresh, const Inventory& old) {
    static const std::set<std::string> by_surroundings = {"datestyle",    "default_text_search_config",
                                                          "lc_messages",  "lc_monetary",
                                                          "lc_numeric",   "lc_time",
                                                          "log_timezone", "timezone"};
    std::set<std::string> names;
    for (const auto& [name, value] : fresh)
      if (by_surroundings.contains(lower(name))) names.insert(lower(name));
    for (const auto& setting : old.settings) names.erase(lower(setting.name));
    return names;
  }

  static std::string without_settings(const std::string& text, const std::set<std::string>& names) {
    std::string result;
    for (const std::string& line : split_lines(text)) {
      const std::string name = lower(std::string(trim(line.substr(0, line.find_first_of("= \t", 1)))));
      result += names.contains(name) ? "#" + line + "\n" : line + "\n";
    }
    return result;
  }

  static std::string auto_conf(StepContext& context, const TargetPlan& target,
                               const std::set<std::string>& dropped, const std::string& text) {
    std::string result =
        "# Do not edit this file manually!\n# It will be overwritten by the ALTER SYSTEM command.\n";
    for (const auto& [name, value] : postgres::parse_auto_conf(text)) {
      if (is_md5_default(target, name, value) || !accepted(context, dropped, name)) continue;
      result += fmt::format("{} = {}\n", name, postgres::quoted_setting(in_new_directory(target, value)));
    }
    return result;
  }

  static void own(StepContext& context, const TargetPlan& target, std::vector<backup::SmallFile>& files) {
    const std::string owner = new_owner(context, target);
    const auto colon = owner.find(':');
    for (auto& file : files) {
      file.uid = std::stoll(owner.substr(0, colon));
      file.gid = std::stoll(owner.substr(colon + 1));
    }
  }
};

}  // namespace

std::unique_ptr<Step> make_configure_step() {
  return std::make_unique<ConfigureStep>();
}

}  // namespace pgupgrade::upgrade
