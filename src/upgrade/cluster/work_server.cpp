#include "upgrade/cluster/work_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>

#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/data_directory.hpp"
#include "pgupgrade/postgres/commands.hpp"
#include "pgupgrade/postgres/value_settings.hpp"
#include "upgrade/cluster/socket_directory.hpp"
#include "upgrade/data/aside.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/hidden_settings.hpp"
#include "upgrade/sandbox/stop_server.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr std::chrono::minutes kStartPatience{10};  // crash recovery of a large WAL takes its time

std::string purpose_of(Side side) {
  return side == Side::old ? "old-server" : "new-server";
}

std::string settings_file(const TargetPlan& target, Side side) {
  return side == Side::fresh ? target.new_pgdata + "/postgresql.conf" : target.inventory.config_file;
}

// What the user's own configuration may say, and must not say to us: a default that forbids writing, and,
// from 17 on, triggers that fire when somebody logs in.
void add_quiet_settings(std::vector<SettingFacts>& settings, int major) {
  constexpr auto kOrigin = SettingFacts::Origin::command_line;
  settings.push_back({.name = "default_transaction_read_only", .value = "off", .origin = kOrigin});
  // A server that recovers by itself has emptied its unlogged tables, and nobody would know.
  settings.push_back({.name = "fsync", .value = "on", .origin = kOrigin});  // but for a restore's
  settings.push_back({.name = "restart_after_crash", .value = "off", .origin = kOrigin});
  if (major >= 17) settings.push_back({.name = "event_triggers", .value = "off", .origin = kOrigin});
  // Nor may what is meant for clients end a long dump, or a session that waits for one.
  if (major >= 14) settings.push_back({.name = "idle_session_timeout", .value = "0", .origin = kOrigin});
  if (major >= 17) settings.push_back({.name = "transaction_timeout", .value = "0", .origin = kOrigin});
}

// Dump and fingerprint lock all tables of a database at once. What a server may lock is this many times its
// connections; about 300 bytes of shared memory each.
void add_room_for_locks(std::vector<SettingFacts>& settings, const Inventory& inventory) {
  constexpr const char* kName = "max_locks_per_transaction";
  int locks = 1024;
  for (const SettingFacts& setting : inventory.settings)
    if (setting.name == kName) locks = std::max(locks, std::atoi(setting.value.c_str()));
  settings.push_back(
      {.name = kName, .value = std::to_string(locks), .origin = SettingFacts::Origin::command_line});
}

// What is in the service's container on no mount, by directory and all: a vendor's entrypoint makes the
// configuration there at each start, and the image does not have it. Too much is nobody's configuration.
std::vector<backup::SmallFile> own_configuration(World& world, const TargetPlan& target,
                                                 const std::string& owner) {
  const std::string& file = target.inventory.config_file;
  std::vector<Mount> mounts = target.other_mounts;
  mounts.push_back(target.data_mount);
  if (file.empty() || planning::mount_of(mounts, file) ||
      !world.engine.inspect_container(target.container_id))
    return {};
  constexpr std::size_t kMost = 16U << 20U;
  const std::filesystem::path directory = std::filesystem::path(file).parent_path();
  std::string tar;
  world.engine.get_archive(target.container_id, directory.string(), [&](std::string_view bytes) {
    if (tar.size() <= kMost) tar += bytes;
  });
  std::vector<backup::SmallFile> files;
  if (tar.size() > kMost || directory == "/") return files;
  std::int64_t uid = 0;
  std::int64_t gid = 0;
  const auto colon = std::min(owner.find(':'), owner.size());
  std::from_chars(owner.data(), owner.data() + colon, uid);
  if (colon < owner.size()) std::from_chars(owner.data() + colon + 1, owner.data() + owner.size(), gid);
  // The names begin with the directory's own.
  for (auto& [name, content] : backup::files_of_tar(tar))
    files.push_back({.path = (directory.parent_path() / name).relative_path().string(),
                     .content = std::move(content),
                     .uid = uid,
                     .gid = gid});
  return files;
}

// Of a server's log the lines that tell of a failure, but for those that are told already.
std::string failures_in(const std::string& log, const std::string& told) {
  std::string failures;
  for (const std::string& line : split_lines(log)) {
    for (const char* severity : {"ERROR:", "FATAL:", "PANIC:"}) {
      const std::size_t at = line.find(severity);
      if (at == std::string::npos) continue;
      std::string what(trim(line.substr(at + std::string_view(severity).size())));
      what.resize(std::min(what.rfind(" at character "), what.size()));  // a client is told it otherwise
      // A session of ours may have come too early, and comes again.
      if (what == "the database system is starting up") break;
      if (told.find(what) == std::string::npos) failures += fmt::format("{}  {}\n", severity, what);
      break;
    }
  }
  return failures;
}

}  // namespace

WorkServer::WorkServer(StepContext& context, const TargetPlan& target, Side side)
    : context_(context), target_(target), side_(side) {}

Mount WorkServer::data_mount() const {
  return side_ == Side::old ? old_data_mount(context_, target_) : new_data_mount(context_, target_);
}

Mount WorkServer::socket_mount() const {
  return {.kind = MountKind::bind,
          .source = socket_directory(context_.world, context_.plan(), target_),
          .target = kRunMount};
}

std::string WorkServer::socket_in_container() const {
  return kRunMount;
}

WorkSpec WorkServer::spec(std::vector<std::string> argv) const {
  WorkSpec spec;
  spec.run = context_.plan().run_id;
  spec.service = target_.service;
  spec.purpose = purpose_of(side_);
  spec.argv = std::move(argv);
  spec.environment = target_.environment;
  spec.shm_bytes = std::max<std::int64_t>(target_.shm_bytes, 1LL << 30);  // parallel index builds need it
  spec.stop_signal = "SIGINT";
  spec.mounts = target_.other_mounts;
  // The user's server writes to them, or its neighbours; or the new one by now.
  if (is_rehearsal(context_.plan()) || (side_ == Side::old && context_.journal.begun(Point::serves)))
    for (Mount& mount : spec.mounts) mount.read_only = true;
  spec.mounts.push_back(socket_mount());
  return spec;
}

std::unique_ptr<postgres::Server> WorkServer::start(const std::vector<SettingFacts>& settings,
                                                    const std::string& network) {
  discard();
  const bool old = side_ == Side::old;
  const std::string data = old ? target_.old_pgdata : target_.new_pgdata;
  std::vector<SettingFacts> all;
  if (old) {
    // The server knows best what it was started with; a wrapper script around it does not matter then. What
    // may have a password in it is of no use to an isolated server, and would show in its arguments.
    std::copy_if(target_.inventory.settings.begin(), target_.inventory.settings.end(),
                 std::back_inserter(all), [](const SettingFacts& setting) {
                   return setting.origin == SettingFacts::Origin::command_line && !is_hidden(setting);
                 });
  }
  if (!old) {
    // Its own configuration is carried over after the restore; and what was on a command line, never.
    const auto values = postgres::value_settings(target_.inventory);
    std::copy_if(values.begin(), values.end(), std::back_inserter(all),
                 [](const SettingFacts& setting) { return !is_hidden(setting); });
  }
  add_quiet_settings(all, old ? target_.old_major : target_.new_major);
  add_room_for_locks(all, target_.inventory);
  all.insert(all.end(), settings.begin(), settings.end());
  const std::string hba = std::string(kRunMount) + "/pg_hba.conf";
  WorkSpec server = spec(postgres::server(data, settings_file(target_, side_), kRunMount, hba, all));
  server.image = old ? target_.old_image_id : new_image_id(context_, target_);
  server.user = old ? old_owner(context_, target_) : new_owner(context_, target_);
  server.mounts.push_back(data_mount());
  server.network = network;
  if (old) {
    const auto files = own_configuration(context_.world, target_, server.user);
    if (!files.empty()) server.files = backup::tar_of(files);
  }
  // Two servers on one cluster in two containers do not see each other's lock file.
  if (data_mount().source == target_.data_mount.source) refuse_other_users(context_, target_);
  const std::string id = create_work(context_.world, server);
  context_.world.engine.start_container(name());  // errors tell the name
  return connect(id);
}

bool WorkServer::is_running() const {
  const auto info = context_.world.engine.inspect_container(name());
  return info && info->running();
}

std::unique_ptr<postgres::Server> WorkServer::ensure() {
  const std::string server = name();
  const auto info = context_.world.engine.inspect_container(server);
  return info && info->running() ? connect(info->id) : start({});
}

std::unique_ptr<postgres::Server> WorkServer::connect(const std::string& container) {
  const std::string directory = socket_directory(context_.world, context_.plan(), target_);
  const auto alive = [&] {
    const auto info = context_.world.engine.inspect_container(container);
    return info && info->running();
  };
  try {
    return context_.world.connector.connect(
        {.directory = directory, .superuser = target_.inventory.superuser}, kStartPatience, alive);
  } catch (const Error& error) {
    fail_with_log(error);
    throw;
  }
}

std::string WorkServer::name() const {
  return work_container_name(context_.plan().run_id, target_.service, purpose_of(side_));
}

// The reason why a server does not start is in its own log, not in the client's error.
void WorkServer::fail_with_log(const Error& error) {
  if (error.kind() == ErrorKind::interrupted) return;
  throw Error(ErrorKind::failed, "E-SERVER-START",
              fmt::format("could not start the {} server of service \"{}\" in container {}: {}{}",
                          side_ == Side::old ? "old" : "new", target_.service, name(), error.what(),
                          log_end(context_.world, name())));
}

void WorkServer::fail_with_failures(const Error& error) {
  if (error.kind() != ErrorKind::failed) return;
  const std::string words = last_words(failures_in(log_of(context_.world, name()), error.what()));
  if (words.empty()) return;
  throw error.retold(fmt::format("{}; server log: {}", error.what(), words));
}

std::optional<ControlData> WorkServer::stop() {
  const std::string server = name();
  const auto info = context_.world.engine.inspect_container(server);
  if (!info) return std::nullopt;
  const bool old = side_ == Side::old;
  stop_server(context_.world, info->id, old ? target_.old_pgdata : target_.new_pgdata);
  const ControlData control =
      control_data(context_, target_, old ? target_.old_image_id : new_image_id(context_, target_),
                   data_mount(), old ? target_.old_pgdata : target_.new_pgdata);
  if (control.state != "shut down") {
    const Error error(
        ErrorKind::failed, "E-NOT-SHUT-DOWN",
        fmt::format("could not stop the {} server of service \"{}\" cleanly: its cluster is \"{}\"",
                    old ? "old" : "new", target_.service, control.state));
    fail_with_failures(error);
    throw error;
  }
  context_.world.engine.remove_container(info->id);
  return control;
}

void WorkServer::discard() {
  remove_work(context_.world,
              {.run = context_.plan().run_id, .service = target_.service, .purpose = purpose_of(side_)});
}

WorkSpec WorkServer::client(const std::string& purpose, std::vector<std::string> argv, Values values) const {
  WorkSpec client;
  client.run = context_.plan().run_id;
  client.service = target_.service;
  client.purpose = purpose;
  client.image = new_image_id(context_, target_);
  client.argv = std::move(argv);
  client.mounts = {socket_mount()};
  if (is_dumped(context_.plan()))
    client.mounts.push_back({.kind = MountKind::volume,
                             .source = dump_volume_name(context_.plan().run_id, target_.service),
                             .target = kDumpMount});
  client.environment = {{"LC_ALL", "C"}, {"PGCLIENTENCODING", "SQL_ASCII"}};
  client.environment.merge(command({}, values).environment);
  return client;
}

SeriesCommand WorkServer::command(std::vector<std::string> argv, Values values) const {
  const std::string options =
      values == Values::exchanged ? postgres::exchange_options() : postgres::compute_options();
  return {.argv = std::move(argv), .environment = {{"PGOPTIONS", options}}};
}

std::unique_ptr<postgres::Server> find_work_server(World& world, const Plan& plan, const TargetPlan& target,
                                                   Side side) {
  constexpr std::chrono::seconds kPatience{5};
  const std::string name = work_container_name(plan.run_id, target.service, purpose_of(side));
  const auto runs = [&] {
    const auto info = world.engine.inspect_container(name);
    return info && info->running();
  };
  if (!runs()) return nullptr;
  return world.connector.connect(
      {.directory = socket_directory(world, plan, target), .superuser = target.inventory.superuser},
      kPatience, runs);
}

void stop_leftover_servers(World& world, const Plan& plan, const TargetPlan& target) {
  for (const Side side : {Side::old, Side::fresh}) {
    const auto info =
        world.engine.inspect_container(work_container_name(plan.run_id, target.service, purpose_of(side)));
    if (!info || !info->running()) continue;
    const auto label = info->labels.find(kRunLabel);
    if (label == info->labels.end() || label->second != plan.run_id) continue;
    stop_server(world, info->id, side == Side::old ? target.old_pgdata : target.new_pgdata);
  }
}

std::string old_owner(StepContext& context, const TargetPlan& target) {
  if (const std::string& known = context.known(target).old_owner; !known.empty()) return known;
  WorkSpec spec = data_work(context, target, "owner", {"stat", "-c", "%u:%g", target.old_pgdata});
  if (context.journal.begun(Point::replaces_data)) spec.mounts[0] = old_data_mount(context, target);
  spec.mounts[0].read_only = true;
  const auto result =
      run_work_checked(context.world, spec, "E-LISTING", "read the owner of " + target.old_pgdata);
  const std::string owner(trim(result.standard_output));
  context.learn(target, [&](TargetState& state) { state.old_owner = owner; });
  return owner;
}

std::vector<SettingFacts> read_only_settings() {
  return {
      {.name = "default_transaction_read_only", .value = "on", .origin = SettingFacts::Origin::command_line},
      {.name = "autovacuum", .value = "off", .origin = SettingFacts::Origin::command_line}};
}

std::string new_image_id(const StepContext& context, const TargetPlan& target) {
  return context.known(target).image.id;
}

std::string new_owner(const StepContext& context, const TargetPlan& target) {
  return context.known(target).image.owner;
}

}  // namespace pgupgrade::upgrade
