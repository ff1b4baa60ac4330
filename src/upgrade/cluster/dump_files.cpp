#include "upgrade/cluster/dump_files.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/name_text.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/json.hpp"
#include "pgupgrade/postgres/commands.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/client_work.hpp"
#include "upgrade/sandbox/work_files.hpp"

namespace pgupgrade::upgrade {
namespace {

namespace bj = boost::json;

[[noreturn]] void damaged(const TargetPlan& target, const std::string& why) {
  throw Error(ErrorKind::failed, "E-DUMP-DAMAGED",
              fmt::format("the dump of service \"{}\" is unusable: {}", target.service, why),
              "run `pgupgrade rollback`, then start over");
}

std::string name_in(const std::string& text) {
  auto name = from_json_text(text);
  if (!name) throw Error(ErrorKind::failed, "E-JSON", "\"dump.databases.name\": expected escaped bytes");
  return std::move(*name);
}

WorkSpec dump_work(StepContext& context, const TargetPlan& target, const std::string& purpose,
                   std::vector<std::string> argv) {
  return WorkServer(context, target, Side::old).client(purpose, std::move(argv));
}

}  // namespace

std::string dump_record_text(const DumpRecord& record) {
  bj::array databases;
  for (const auto& database : record.databases) {
    bj::object objects;
    for (const auto& [kind, count] : database.objects) objects[kind] = count;
    databases.push_back(bj::object{{"name", json_text(database.name)},
                                   {"directory", database.directory},
                                   {"objects", std::move(objects)},
                                   {"missing", json::from_strings(database.missing)},
                                   {"marked", database.marked}});
  }
  return json::pretty(
      bj::object{{"databases", std::move(databases)}, {"digests", json::from_string_map(record.digests)}});
}

DumpRecord parse_dump_record(const std::string& text) {
  const auto value = json::parse(text, "the dump's record");
  const auto& object = json::as_object(value, "the dump's record");
  DumpRecord record;
  record.digests = json::get_string_map(object, "digests");
  if (const auto* databases = json::find_array(object, "databases")) {
    for (const auto& entry : *databases) {
      const auto& fields = json::as_object(entry, "databases");
      DumpedDatabase database{.name = name_in(json::get_string(fields, "name")),
                              .directory = json::get_string(fields, "directory"),
                              .objects = {},
                              .missing = json::get_strings(fields, "missing"),
                              .marked = json::get_bool_or(fields, "marked", false)};
      if (const auto* objects = json::find_object(fields, "objects")) {
        for (const auto& [kind, count] : *objects) {
          database.objects[std::string(kind)] = json::get_int(*objects, kind);
        }
      }
      record.databases.push_back(std::move(database));
    }
  }
  return record;
}

DumpRecord read_dump_record(StepContext& context, const TargetPlan& target) {
  const auto text = read_file_if_present(context.journal.files().dump_record(target.service));
  if (!text) damaged(target, "its record is missing");
  if (sha256_hex(*text) != context.known(target).dump_sha256) {
    damaged(target, "its record has changed since it was written");
  }
  return parse_dump_record(*text);
}

void make_dump_volume(StepContext& context, const TargetPlan& target) {
  const std::string name = dump_volume_name(context.plan().run_id, target.service);
  context.world.engine.remove_volume(name);
  context.world.engine.create_volume({.name = name, .labels = {{kRunLabel, context.plan().run_id}}});
}

ClientCommand close_dump_volume(const TargetPlan& target) {
  return {.command = {.argv = {"chmod", "0700", kDumpMount}},
          .task = {.code = "E-DUMP",
                   .verb = "close",
                   .whole = fmt::format("the dump volume of service \"{}\" to others", target.service)}};
}

ClientCommand digest_dump(const TargetPlan& target) {
  const std::string script = "cd \"$1\" && find . -type f -exec sha256sum {} + && echo end";
  return {.command = {.argv = {"sh", "-c", script, "sh", kDumpMount}},
          .task = {.code = "E-DUMP-DAMAGED",
                   .verb = "read",
                   .whole = fmt::format("the dump of service \"{}\" again", target.service)}};
}

std::map<std::string, std::string> parse_digests(const TargetPlan& target, const WorkResult& result) {
  const auto lines = split_lines(result.standard_output);
  if (lines.empty() || lines.back() != "end") damaged(target, "the list of its files was cut short");
  std::map<std::string, std::string> digests;
  for (const std::string& line : lines) {
    if (line.size() > 68 && line.substr(64, 4) == "  ./") digests[line.substr(68)] = line.substr(0, 64);
  }
  return digests;
}

namespace {

void compare_digests(const TargetPlan& target, const DumpRecord& record, const WorkResult& result) {
  const auto now = parse_digests(target, result);
  for (const auto& [file, digest] : record.digests) {
    const auto found = now.find(file);
    if (found == now.end()) damaged(target, fmt::format("file {} is missing", file));
    if (found->second != digest)
      damaged(target, fmt::format("file {} has changed since it was written", file));
  }
}

std::vector<ClientCommand> list_commands(const std::vector<DumpedDatabase>& databases) {
  std::vector<ClientCommand> commands;
  for (const DumpedDatabase& database : databases)
    commands.push_back(
        {.command = {.argv = postgres::list_dump(std::string(kDumpMount) + "/" + database.directory)},
         .task = {.code = "E-DUMP-DAMAGED",
                  .verb = "read",
                  .whole = fmt::format("the dump of database \"{}\" again", printable(database.name))}});
  return commands;
}

}  // namespace

void verify_dump_digests(StepContext& context, const TargetPlan& target, const DumpRecord& record) {
  const auto results =
      run_clients(context.world, dump_work(context, target, "digest", {}), {digest_dump(target)});
  compare_digests(target, record, results.front());
}

std::vector<std::string> verify_dump_files(StepContext& context, const TargetPlan& target,
                                           const DumpRecord& record) {
  std::vector<ClientCommand> commands = list_commands(record.databases);
  commands.insert(commands.begin(), digest_dump(target));
  auto results = run_clients(context.world, dump_work(context, target, "list", {}), commands);
  compare_digests(target, record, results.front());
  std::vector<std::string> listings;
  for (std::size_t index = 1; index < results.size(); ++index)
    listings.push_back(std::move(results[index].standard_output));
  return listings;
}

std::string read_dump_file(StepContext& context, const TargetPlan& target, const std::string& file) {
  const WorkSpec spec = dump_work(context, target, "read", {"true"});
  auto content = read_file_by_work(context.world, spec, std::string(kDumpMount) + "/" + file);
  if (!content) damaged(target, fmt::format("file {} cannot be read", file));
  return std::move(*content);
}

void write_dump_files(StepContext& context, const TargetPlan& target,
                      const std::map<std::string, std::string>& files) {
  const WorkSpec spec = dump_work(context, target, "write", {"true"});
  std::vector<backup::SmallFile> entries;
  for (const auto& [file, content] : files)
    entries.push_back({.path = file, .content = content, .mode = 0600});
  put_tar_by_work(context.world, spec, kDumpMount, backup::tar_of(entries));
}

std::vector<std::string> list_dumps(StepContext& context, const TargetPlan& target,
                                    const std::vector<DumpedDatabase>& databases) {
  if (databases.empty()) return {};
  std::vector<std::string> listings;
  for (WorkResult& result :
       run_clients(context.world, dump_work(context, target, "list", {}), list_commands(databases)))
    listings.push_back(std::move(result.standard_output));
  return listings;
}

Fingerprint parse_old_fingerprint(const std::string& text, const TargetPlan& target) {
  Fingerprint fingerprint = fingerprint_from_json(json::parse(text, "the fingerprint"));
  if (fingerprint.format == Fingerprint::kFormat) return fingerprint;
  throw Error(
      ErrorKind::failed, "E-FINGERPRINT-FORMAT",
      fmt::format("cannot continue: the fingerprint of service \"{}\" was taken by another version of this "
                  "program (format {}, expected {})",
                  target.service, fingerprint.format, Fingerprint::kFormat),
      "continue with that version, or run `pgupgrade rollback`, then start over");
}

}  // namespace pgupgrade::upgrade
