#include "pgupgrade/migrate/state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "model/facts_fields.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/json.hpp"

namespace pgupgrade {

inline constexpr std::array<fields::Text<RunOutcome>, 4> texts_of(RunOutcome) {
  return {{{RunOutcome::unfinished, "unfinished"},
           {RunOutcome::succeeded, "succeeded"},
           {RunOutcome::rolled_back, "rolled_back"},
           {RunOutcome::cleaned, "cleaned"}}};
}

namespace migrate {

inline constexpr std::array<fields::Text<CopyForm>, 4> texts_of(CopyForm) {
  return {{{CopyForm::stream, "stream"},
           {CopyForm::custom, "custom"},
           {CopyForm::directory, "directory"},
           {CopyForm::tar, "tar"}}};
}

inline constexpr std::array<fields::Text<Ownership>, 2> texts_of(Ownership) {
  return {{{Ownership::keep, "keep"}, {Ownership::leave_out, "leave_out"}}};
}

inline constexpr std::array<fields::Text<Phase>, 3> texts_of(Phase) {
  return {{{Phase::waiting, "waiting"}, {Phase::copying, "copying"}, {Phase::done, "done"}}};
}

template <class Archive, fields::Of<SidePlan> T>
void describe(Archive& archive, T& value) {
  archive("parameters", value.parameters);
  archive("address", value.address);
  archive("version", value.version);
  archive("version_num", value.version_num);
  archive("role", value.role);
  archive("bootstrap", value.bootstrap);
  archive("superuser", value.superuser);
  archive("encrypted", value.encrypted);
}

template <class Archive, fields::Of<DatabasePlan> T>
void describe(Archive& archive, T& value) {
  archive("name", value.name);
  archive("into", value.into);
  archive("create", value.create);
  archive("owner", value.owner);
  archive("encoding", value.encoding);
  archive("collate", value.collate);
  archive("ctype", value.ctype);
  archive("locale_provider", value.locale_provider);
  archive("icu_locale", value.icu_locale);
  archive("icu_rules", value.icu_rules);
  archive("bytes", value.bytes);
  archive("tables", value.tables);
  archive.optional("schemas", value.schemas);
  archive("apart", value.apart);
}

template <class Archive, fields::Of<ClientPrograms> T>
void describe(Archive& archive, T& value) {
  archive("major", value.major);
  archive("version", value.version);
  archive("directory", value.directory);
  archive("image", value.image);
}

template <class Archive, fields::Of<Plan> T>
void describe(Archive& archive, T& value) {
  archive("run_id", value.run_id);
  archive("tool_version", value.tool_version);
  archive("state_root", value.state_root);
  archive("source", value.source);
  archive("target", value.target);
  archive("form", value.form);
  archive("ownership", value.ownership);
  archive("tablespaces", value.tablespaces);
  archive("jobs", value.jobs);
  archive("programs", value.programs);
  archive("new_roles", value.new_roles);
  archive("databases", value.databases);
  archive("not_carried", value.not_carried);
  archive("diagnostics", value.diagnostics);
}

template <class Archive, fields::Of<DatabaseState> T>
void describe(Archive& archive, T& value) {
  archive("name", value.name);
  archive("phase", value.phase);
  archive("attempt", value.attempt);
  archive("begun", value.begun);
  archive("started_ms", value.started_ms);
  archive("ended_ms", value.ended_ms);
  archive("tables", value.tables);
  archive("rows", value.rows);
  archive("sequences", value.sequences);
  archive("notes", value.notes);
}

template <class Archive, fields::Of<State> T>
void describe(Archive& archive, T& value) {
  archive("generation", value.generation);
  archive("outcome", value.outcome);
  archive("created_ms", value.created_ms);
  archive("plan", value.plan);
  archive("created_roles", value.created_roles);
  archive("databases", value.databases);
}

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kFormat = 1;

[[noreturn]] void damaged(const fs::path& path, const std::string& why) {
  throw Error(ErrorKind::usage, "E-STATE-DAMAGED",
              fmt::format("cannot use the state file {}: {}", path.string(), why));
}

std::string envelope(std::int64_t format, const boost::json::value& state) {
  const std::string body = json::pretty(state);
  return fmt::format("{{\"pgupgrade_migration\": {}, \"sha256\": \"{}\", \"state\":\n{}}}\n", format,
                     sha256_hex(body), body);
}

}  // namespace

std::string_view text_of(CopyForm form) {
  return fields::text_in_table(form);
}

std::string state_text(const State& state) {
  return envelope(kFormat, fields::write(state));
}

State parse_state(const std::string& text, const fs::path& path) {
  boost::json::error_code failure;
  const auto value = boost::json::parse(text, failure);
  if (failure || !value.is_object()) damaged(path, "it is truncated or not valid JSON");
  const auto& object = value.get_object();
  const auto* format = json::find(object, "pgupgrade_migration");
  const auto* body = json::find(object, "state");
  if (format == nullptr || !format->is_int64() || body == nullptr)
    damaged(path, "it is not a state file of a migration");
  if (format->get_int64() != kFormat)
    throw Error(ErrorKind::usage, "E-STATE-FORMAT",
                fmt::format("cannot use the state file {}: its format is {}, this program knows {}",
                            path.string(), format->get_int64(), kFormat),
                "continue with the version of pgupgrade that started the run");
  try {
    if (envelope(kFormat, *body) != text) damaged(path, "checksum mismatch");
    return fields::read_document<State>(*body, "state");
  } catch (const Error& error) {
    if (error.is("E-STATE-DAMAGED")) throw;
    damaged(path, error.what());
  }
}

fs::path directory_of(const Plan& plan) {
  return plan.state_root / plan.run_id;
}

void save(State& state) {
  const fs::path directory = directory_of(state.plan);
  create_private_directory(directory);
  state.generation += 1;
  write_file_durably(directory / kStateFile, state_text(state));
}

State load(const fs::path& state_file) {
  const fs::path path = fs::absolute(state_file);
  State state = parse_state(read_file(path), path);
  if (state.plan.run_id != path.parent_path().filename().string())
    throw Error(ErrorKind::usage, "E-STATE-FOREIGN",
                fmt::format("cannot use the state file {}: it is that of run {}, in the directory of another",
                            path.string(), state.plan.run_id),
                "restore the run's own state file");
  state.plan.state_root = path.parent_path().parent_path();  // the directory may have been moved
  return state;
}

std::vector<FoundRun> find_runs(const fs::path& state_root) {
  std::vector<FoundRun> runs;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(state_root, ignored)) {
    FoundRun run{.state_file = entry.path() / kStateFile, .state = {}, .problem = {}};
    if (!fs::exists(run.state_file, ignored)) continue;
    try {
      run.state = load(run.state_file);
    } catch (const Error& error) {
      run.problem = error.what();
    }
    runs.push_back(std::move(run));
  }
  const auto age = [](const FoundRun& run) { return run.state ? run.state->created_ms : 0; };
  std::stable_sort(runs.begin(), runs.end(),
                   [&](const FoundRun& left, const FoundRun& right) { return age(left) > age(right); });
  return runs;
}

}  // namespace migrate
}  // namespace pgupgrade
