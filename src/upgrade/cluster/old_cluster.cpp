#include "upgrade/cluster/old_cluster.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "pgupgrade/backup/name_text.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/name_text.hpp"

namespace pgupgrade::upgrade {
namespace {

namespace bj = boost::json;

std::string name_in(const std::string& text) {
  auto name = from_json_text(text);
  if (!name) throw Error(ErrorKind::failed, "E-JSON", "\"old cluster\": expected escaped bytes");
  return std::move(*name);
}

std::map<std::string, std::string> bytes_of(std::map<std::string, std::string> settings) {
  for (auto& [name, value] : settings) value = name_in(value);
  return settings;
}

std::map<std::string, std::string> texts_of(std::map<std::string, std::string> settings) {
  for (auto& [name, value] : settings) value = json_text(value);
  return settings;
}

std::vector<postgres::RemoteView> remote_views_of(const bj::object& database) {
  std::vector<postgres::RemoteView> views;
  const auto* listed = json::find_array(database, "remote_views");
  if (listed == nullptr) return views;
  for (const auto& entry : *listed) {
    const auto& fields = json::as_object(entry, "remote_views");
    views.push_back({.oid = json::get_string(fields, "oid"),
                     .name = name_in(json::get_string(fields, "name")),
                     .quoted = name_in(json::get_string(fields, "quoted"))});
  }
  return views;
}

bj::array copied_text(const std::map<std::string, CopiedDatabase>& copied) {
  bj::array databases;
  for (const auto& [name, database] : copied)
    databases.push_back(bj::object{{"name", json_text(name)},
                                   {"missing", json::from_strings(database.missing)},
                                   {"files", json::from_string_map(database.files)}});
  return databases;
}

std::map<std::string, CopiedDatabase> copied_of(const bj::array& listed) {
  std::map<std::string, CopiedDatabase> copied;
  for (const auto& entry : listed) {
    const auto& fields = json::as_object(entry, "copied");
    copied[name_in(json::get_string(fields, "name"))] = {.missing = json::get_strings(fields, "missing"),
                                                         .files = json::get_string_map(fields, "files")};
  }
  return copied;
}

[[noreturn]] void damaged(const TargetPlan& target, const std::string& why) {
  throw Error(
      ErrorKind::failed, "E-DUMP-DAMAGED",
      fmt::format("the record of the old cluster of service \"{}\" is unusable: {}", target.service, why),
      "run `pgupgrade rollback`, then start over");
}

}  // namespace

std::string old_cluster_text(const OldCluster& old_cluster) {
  bj::array databases;
  for (const auto& [name, views] : old_cluster.remote_views) {
    bj::array remote_views;
    for (const auto& view : views)
      remote_views.push_back(
          bj::object{{"oid", view.oid}, {"name", json_text(view.name)}, {"quoted", json_text(view.quoted)}});
    databases.push_back(bj::object{{"name", json_text(name)}, {"remote_views", std::move(remote_views)}});
  }
  bj::object carried;
  for (const auto& [path, file] : old_cluster.carried)
    carried[backup::escaped(path)] =
        bj::object{{"sha256", file.sha256}, {"mode", file.mode}, {"link", backup::escaped(file.link)}};
  bj::object record{{"databases", std::move(databases)},
                    {"carried", std::move(carried)},
                    {"all_role_settings", json::from_string_map(texts_of(old_cluster.all_role_settings))},
                    {"hidden_settings", json::from_string_map(texts_of(old_cluster.hidden_settings))}};
  if (!old_cluster.copied.empty()) record["copied"] = copied_text(old_cluster.copied);
  return json::pretty(record);
}

OldCluster parse_old_cluster(const std::string& text) {
  const auto value = json::parse(text, "the record of the old cluster");
  const auto& object = json::as_object(value, "old cluster");
  OldCluster old_cluster;
  if (const auto* carried = json::find_object(object, "carried")) {
    for (const auto& [path, entry] : *carried) {
      const auto& fields = json::as_object(entry, "carried");
      old_cluster.carried[backup::unescaped(path)] = {
          .sha256 = json::get_string(fields, "sha256"),
          .mode = static_cast<unsigned>(json::get_int(fields, "mode")),
          .link = backup::unescaped(json::get_string_or(fields, "link", ""))};
    }
  }
  old_cluster.all_role_settings = bytes_of(json::get_string_map(object, "all_role_settings"));
  old_cluster.hidden_settings = bytes_of(json::get_string_map(object, "hidden_settings"));
  if (const auto* databases = json::find_array(object, "databases")) {
    for (const auto& entry : *databases) {
      const auto& fields = json::as_object(entry, "databases");
      auto views = remote_views_of(fields);
      if (!views.empty())
        old_cluster.remote_views[name_in(json::get_string(fields, "name"))] = std::move(views);
    }
  }
  if (const auto* copied = json::find_array(object, "copied")) old_cluster.copied = copied_of(*copied);
  return old_cluster;
}

void write_old_cluster(const StepContext& context, const TargetPlan& target, const OldCluster& old_cluster) {
  const std::string text = old_cluster_text(old_cluster);
  write_file_durably(context.journal.files().old_cluster(target.service), text);
  context.learn(target, [&](TargetState& state) { state.old_cluster_sha256 = sha256_hex(text); });
}

OldCluster read_old_cluster(const StepContext& context, const TargetPlan& target) {
  const TargetState& known = context.known(target);
  const RunFiles& files = context.journal.files();
  // Programs before format 3 wrote both records as one, in this form, with more in it.
  const bool one = known.old_cluster_sha256.empty();
  const auto text =
      read_file_if_present(one ? files.dump_record(target.service) : files.old_cluster(target.service));
  if (!text) damaged(target, "it is missing");
  if (sha256_hex(*text) != (one ? known.dump_sha256 : known.old_cluster_sha256))
    damaged(target, "it has changed since it was written");
  return parse_old_cluster(*text);
}

}  // namespace pgupgrade::upgrade
