// What is kept of a rehearsal within one server, and what is known of its scripts.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "migrate/checks.hpp"
#include "migrate/context.hpp"
#include "model/fields.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/migrate/alternate.hpp"
#include "pgupgrade/postgres/user_script.hpp"

namespace pgupgrade::migrate {
namespace fs = std::filesystem;

template <class Archive, fields::Of<Script> T>
void describe(Archive& archive, T& value) {
  archive("path", value.path);
  archive("sha256", value.sha256);
  archive("one_transaction", value.one_transaction);
}

template <class Archive, fields::Of<AlternateState> T>
void describe(Archive& archive, T& value) {
  archive("id", value.id);
  archive("database", value.database);
  archive("into", value.into);
  archive("schemas", value.schemas);
  archive("creating", value.creating);
  archive("copied", value.copied);
  archive("passed", value.passed);
  archive("tried_ms", value.tried_ms);
  archive("dump", value.dump);
  archive("way_back", value.way_back);
  archive("applied", value.applied);
  archive("under_way", value.under_way);
  archive("boot", value.boot);
  archive.optional("cluster", value.cluster);
  archive("applied_ms", value.applied_ms);
}

namespace {

constexpr std::size_t kIdDigits = 8;

}  // namespace

std::string known_by(const Request& request, const postgres::RemoteServer& server) {
  return request.server.empty() ? postgres::address_of(server.endpoint()) : request.server;
}

AlternateState load_alternate(const fs::path& state_root, const std::string& server,
                              const std::string& database, const std::string& into) {
  AlternateState state;
  state.id = "alternate-" + sha256_hex(server + "\n" + database + "\n" + into).substr(0, kIdDigits);
  state.database = database;
  state.into = into;
  const fs::path path = state_root / state.id / kAlternateFile;
  return fs::exists(path) ? read_alternate(path) : state;
}

AlternateState read_alternate(const fs::path& path) {
  const std::string text = read_file(path);
  try {
    return fields::read_document<AlternateState>(json::parse(text, "the state"), "state");
  } catch (const Error& error) {
    throw Error(ErrorKind::usage, "E-STATE-DAMAGED",
                fmt::format("cannot use the state file {}: {}", path.string(), error.what()),
                "move it away and rehearse again");
  }
}

void save_alternate(const fs::path& state_root, const AlternateState& state) {
  create_private_directory(state_root / state.id);
  write_file_durably(state_root / state.id / kAlternateFile, json::pretty(fields::write(state)) + "\n");
}

std::vector<fs::path> find_alternates(const fs::path& state_root) {
  std::vector<std::pair<fs::file_time_type, fs::path>> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(state_root, ignored)) {
    const fs::path file = entry.path() / kAlternateFile;
    if (fs::exists(file, ignored)) found.emplace_back(fs::last_write_time(file, ignored), file);
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<fs::path> files;
  for (auto& [time, file] : found) files.push_back(std::move(file));
  return files;
}

std::vector<fs::path> alternate_leftovers(const fs::path& state_file) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(state_file.parent_path(), ignored)) {
    const std::string name = entry.path().filename().string();
    if (name != kAlternateFile && name != "run.log" && name != "lock") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool is_midway(const AlternateState& state) {
  return !state.under_way.empty() || (!state.applied.empty() && state.applied_ms == 0);
}

AlternateState clean_up_alternate(const fs::path& state_file) {
  const FileLock lock = lock_run(fs::absolute(state_file).parent_path());
  AlternateState state = read_alternate(state_file);
  if (is_midway(state))
    throw Error(ErrorKind::locked, "E-UNFINISHED",
                fmt::format("cannot clean up: scripts were applied to database {}, and not all of them",
                            migrate::quoted(state.database)),
                "run the same `pgupgrade rehearse … --apply` again, or go back by the dump");
  for (const fs::path& path : alternate_leftovers(state_file)) remove_tree(path);
  state.dump.clear();
  state.way_back.clear();
  save_alternate(fs::absolute(state_file).parent_path().parent_path(), state);
  return state;
}

std::vector<Script> read_scripts(const std::vector<std::string>& paths) {
  std::vector<Script> scripts;
  for (const std::string& path : paths) {
    const std::string content = read_file(path);
    const postgres::LeavingLine leaving = postgres::leaving_line(content);
    if (leaving.number != 0)
      throw Error(
          ErrorKind::usage, "E-USAGE",
          fmt::format("cannot run the script {}: its line {} ({}) leads to another file or another database",
                      printable(path, 500), leaving.number, leaving.command),
          "name each file with --run; the database is chosen by --apply");
    scripts.push_back({.path = path,
                       .sha256 = sha256_hex(content),
                       .one_transaction = !postgres::sees_to_transactions(content)});
  }
  return scripts;
}

}  // namespace pgupgrade::migrate
