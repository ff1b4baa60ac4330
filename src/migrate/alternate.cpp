// The work of a rehearsal within one server: copy, scripts there, dump, scripts on the database itself.
#include "pgupgrade/migrate/alternate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "migrate/alternate_mark.hpp"
#include "migrate/checks.hpp"
#include "migrate/context.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/sql_text.hpp"
#include "pgupgrade/postgres/program_errors.hpp"
#include "pgupgrade/postgres/user_script.hpp"
#include "pgupgrade/postgres/without_passwords.hpp"

namespace pgupgrade::migrate {
namespace fs = std::filesystem;

namespace {

constexpr std::chrono::milliseconds kPingEvery{30'000};
constexpr const char* kLockKey = "7166112010119825440";  // the same for every run, in every database

std::string this_boot() {
  return std::string(trim(read_file_if_present("/proc/sys/kernel/random/boot_id").value_or("")));
}

// "transaction 4711" -> "4711"
std::string transaction_in(const std::string& text) {
  const std::size_t at = text.find(kTransaction);
  if (at == std::string::npos) return {};
  const std::size_t start = at + std::string_view(kTransaction).size();
  const std::size_t end = std::min(text.find_first_not_of("0123456789", start), text.size());
  return text.substr(start, end - start);
}

// For people to type: what only this connection has found out is left out.
std::string short_string(const postgres::Endpoint& endpoint, const std::string& database) {
  std::string text;
  auto parameters = endpoint.parameters;
  parameters["dbname"] = database;
  if (parameters.contains("host")) parameters.erase("hostaddr");
  for (const char* found : {"keepalives_idle", "application_name", "options"}) parameters.erase(found);
  for (const auto& [keyword, value] : parameters) {
    std::string quoted_value;
    for (const char c : value) quoted_value += (c == '\'' || c == '\\' ? "\\" : "") + std::string(1, c);
    const bool is_plain = !value.empty() && value.find_first_of(" '\\") == std::string::npos;
    text += (text.empty() ? "" : " ") + keyword + "=" + (is_plain ? value : "'" + quoted_value + "'");
  }
  return text;
}

class Work {
 public:
  Work(const AlternatePlan& plan, World& world, upgrade::Listener& listener)
      : asked_(plan),
        world_(world),
        listener_(listener),
        directory_(directory_of(plan.plan)),
        lock_(lock_run(directory_)),
        state_(load_alternate(plan.plan.state_root, plan.plan.source.address, plan.state.database,
                              plan.state.into)) {
    // Kept by the session until it ends, however it does.
    const auto free =
        world_.source.query(state_.database, fmt::format("SELECT pg_try_advisory_lock({})::text", kLockKey));
    if (free.at(0) != "true")
      throw Error(ErrorKind::locked, "E-LOCKED",
                  fmt::format("cannot work on database {}: another run rehearses or applies scripts",
                              migrate::quoted(state_.database)),
                  "wait for it to finish");
    for (const std::string& database : {state_.database, state_.into})
      end_our_sessions(world_.source, database, kScriptSession);
  }

  AlternateState rehearse() {
    total_ = static_cast<int>(asked_.scripts.size()) + 1;
    state_.schemas = asked_.state.schemas;
    state_.copied = false;
    state_.passed.clear();
    state_.applied.clear();
    state_.under_way.clear();
    state_.dump.clear();
    state_.way_back.clear();
    state_.applied_ms = 0;
    save();
    step(fmt::format("copy {} into {}", printable(state_.database), printable(state_.into)),
         [&] { return copy(); });
    for (const Script& script : asked_.scripts) {
      step("run " + name_of(script), [&] {
        run(script, state_.into, state_.passed.size());
        return std::string();
      });
      state_.passed.push_back(script);
      state_.tried_ms = world_.clock.unix_ms();
      save();
    }
    return state_;
  }

  AlternateState apply() {
    total_ = static_cast<int>(asked_.scripts.size()) + 1;
    require_passed(state_, asked_.state.schemas, asked_.scripts);
    if (state_.applied_ms != 0) return state_;
    settle();
    if (state_.applied.empty()) step("dump", [&] { return dump(); });
    number_ = static_cast<int>(state_.applied.size()) + 1;
    for (std::size_t i = state_.applied.size(); i < asked_.scripts.size(); ++i) {
      const Script& script = asked_.scripts[i];
      step("apply " + name_of(script), [&] {
        apply(script);
        return std::string();
      });
    }
    state_.applied_ms = world_.clock.unix_ms();
    save();
    return state_;
  }

 private:
  static std::string name_of(const Script& script) {
    return printable(fs::path(script.path).filename().native());
  }
  void save() { save_alternate(asked_.plan.state_root, state_); }
  void reach(const std::string& place) { world_.probe.reach("alternate:" + place); }

  void step(const std::string& name, const std::function<std::string()>& work) {
    world_.cancellation.throw_if_requested();
    upgrade::StepEvent event{.number = ++number_, .total = total_, .step = name};
    listener_.step(event);
    const auto begun = world_.clock.monotonic();
    const auto end = [&](upgrade::StepEventKind kind) {
      event.kind = kind;
      event.duration_ms = (world_.clock.monotonic() - begun).count();
      listener_.step(event);
    };
    try {
      event.detail = work();
    } catch (const std::exception&) {
      end(upgrade::StepEventKind::failed);
      throw;
    }
    end(upgrade::StepEventKind::done);
  }

  // The copy.
  std::string copy() {
    State state;
    state.plan = asked_.plan;
    state.databases.emplace_back();
    const Context context{.world = world_, .state = state, .index = 0, .listener = listener_};
    try {
      prepare(context);
      reach("prepared");
      const auto snapshot = world_.source.snapshot(state_.database);
      const auto sequences = snapshot->sequences(state_.schemas);
      copy_contents(context, *snapshot);
      verify(context, *snapshot, sequences);
    } catch (Error& error) {
      give_up(error);
      throw;
    }
    for (const char* name : {"definitions", "list", "views"}) remove_tree(context.file(name));
    if (context.database().create) carry_properties(context);
    world_.programs.run(analyze(copying(world_.target)), {});
    state_.copied = true;
    save();
    reach("copied");
    const DatabaseState& record = context.record();
    return fmt::format("{}, {}: identical", plural(static_cast<std::uint64_t>(record.tables), "table"),
                       plural(static_cast<std::uint64_t>(record.rows), "row"));
  }

  void prepare(const Context& context) {
    postgres::RemoteServer& server = world_.target;
    drop_ours();
    std::vector<std::string> statements;
    const std::string mark = sql_literal(mark_of(state_));
    if (context.database().create) {
      state_.creating = true;
      save();
      create_database(context, mark);
      state_.creating = false;
      save();
    }
    const bool keeps = context.plan().ownership == Ownership::keep;
    for (const std::string& schema : state_.schemas) {
      const std::string name = sql_identifier(schema);
      if (schema == "public" && context.database().create) continue;  // every database begins with it
      const auto owner = world_.source.query(
          state_.database,
          "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = " + sql_literal(schema));
      statements.push_back(fmt::format("CREATE SCHEMA {}{}; COMMENT ON SCHEMA {} IS {}", name,
                                       keeps && !owner.empty() ? " AUTHORIZATION " + owner.front() : "", name,
                                       mark));
    }
    for (const NeededExtension& extension : asked_.extensions) {
      if (!context.database().create) break;
      const std::string schema = sql_identifier(extension.schema);
      if (extension.schema != "pg_catalog") statements.push_back("CREATE SCHEMA IF NOT EXISTS " + schema);
      statements.push_back(fmt::format("CREATE EXTENSION IF NOT EXISTS {} SCHEMA {} VERSION {} CASCADE",
                                       sql_identifier(extension.name), schema,
                                       sql_literal(extension.version)));
    }
    server.execute(state_.into, statements);
    server.forget(state_.into);
  }

  void create_database(const Context& context, const std::string& mark) {
    const std::string maintenance = world_.target.connect_database();
    try {
      world_.target.execute(maintenance, {create_statement(context.plan(), context.database())});
    } catch (const Error& error) {
      if (!error.is("E-SQL")) throw;
      state_.creating = false;
      save();
      throw Error(ErrorKind::refused, "E-NO-CREATE", error.what(),
                  "create an empty database of that name in the way that the server allows, and run again");
    }
    reach("created");
    world_.target.execute(maintenance,
                          {fmt::format("COMMENT ON DATABASE {} IS {}", sql_identifier(state_.into), mark)});
  }

  // A database of ours; else what is marked in one of somebody else's.
  void drop_ours() {
    const DatabasePlan& database = asked_.plan.databases.front();
    if (database.create) {
      if (!is_there(world_.target, state_.into)) return;
      if (!read_marks(world_.target, state_.into, mark_of(state_)).database &&
          !was_just_created(state_, world_.target))
        throw Error(ErrorKind::refused, "E-TARGET-NOT-EMPTY",
                    fmt::format("cannot copy to database {}: somebody has created it since the plan",
                                migrate::quoted(state_.into)),
                    "choose another name with --into");
      drop_destination(asked_.plan, database, world_.target);
      return;
    }
    end_our_sessions(world_.target, state_.into, "pgupgrade");
    for (const std::string& schema : read_marks(world_.target, state_.into, mark_of(state_)).schemas)
      world_.target.execute(state_.into, {"DROP SCHEMA " + sql_identifier(schema) + " CASCADE"});
    world_.target.forget(state_.into);
  }

  // What is half there helps nobody. The first error is the one to tell.
  void give_up(Error& error) {
    if (!asked_.outside.empty() && error.is("E-MIGRATE"))
      error.set_hint(
          fmt::format("the schemas need {}: name the other schema with --schema as well, or make it in "
                      "database {}",
                      printable(some_of(asked_.outside), 1000), migrate::quoted(state_.into)));
    try {
      drop_ours();
    } catch (const Error&) {
      // It bears the mark, and the next rehearsal drops it.
    }
  }

  Copying copying(const postgres::RemoteServer& server) const {
    return {.plan = asked_.plan,
            .database = asked_.plan.databases.front(),
            .source = world_.source.endpoint(),
            .target = server.endpoint(),
            .snapshot = {}};
  }

  // Scripts.
  fs::path file_of(std::size_t index, const char* kind) const {
    return directory_ / fmt::format("{}.{}", index + 1, kind);
  }

  ProgramOutput run_program(const Command& command) {
    auto ping = world_.clock.monotonic() + kPingEvery;
    return world_.programs.run(command, [&] {
      world_.cancellation.throw_if_requested();
      if (world_.clock.monotonic() < ping) return;
      world_.source.query(state_.database, "SELECT 'the lock is still ours'");
      ping = world_.clock.monotonic() + kPingEvery;
    });
  }

  // What psql reads is the very text that was hashed.
  void run(const Script& script, const std::string& database, std::size_t index) {
    const std::string content = read_file(script.path);
    write_file_durably(file_of(index, "sql"), content);
    if (sha256_hex_of_file(file_of(index, "sql")) != script.sha256)
      throw Error(ErrorKind::refused, "E-DRIFT",
                  fmt::format("cannot run {}: it has changed since the plan", printable(script.path, 500)),
                  "start over");
    const ScriptFiles files{
        .script = file_of(index, "sql"),
        .output = file_of(index, "out"),
        .confirmation = script.one_transaction ? file_of(index, "transaction") : fs::path()};
    for (const char* kind : {"transaction", "out"}) write_file_durably(file_of(index, kind), "");
    reach("script");
    const ProgramOutput output = run_program(run_script(world_.source.endpoint(), database, files));
    if (!output.succeeded()) fail(script, database, content, output);
    if (script.one_transaction && !is_committed(index).value_or(false))
      throw Error(
          ErrorKind::failed, "E-SCRIPT",
          fmt::format(
              "could not run {} in database {}: psql came to its end, but the transaction was not committed",
              name_of(script), migrate::quoted(database)),
          "look for \\set ON_ERROR_STOP and ROLLBACK in it");
  }

  [[noreturn]] void fail(const Script& script, const std::string& database, const std::string& content,
                         const ProgramOutput& output) {
    const postgres::ProgramFailure failure = postgres::parse_failure(std::string(trim(output.message)));
    std::string cause = postgres::explain(failure).cause;
    if (cause.empty()) {
      const auto lines = split_lines(trim(output.message));
      cause = lines.empty() ? fmt::format("psql exited with {}", output.exit_code)
                            : printable(postgres::without_passwords(lines.back().substr(0, 800)), 400);
    }
    const std::string text = postgres::line_of(content, failure.line);
    const std::string line = text.empty() ? "" : fmt::format(" at line {} ({})", failure.line, text);
    const bool blocked = cause.find("cannot run inside a transaction block") != std::string::npos;
    Error error(ErrorKind::failed, "E-SCRIPT",
                fmt::format("could not run {} in database {}{}: {}", name_of(script),
                            migrate::quoted(database), line, cause),
                blocked ? fmt::format("put the line \"{}\" at its beginning", postgres::kNoTransaction)
                        : printable(failure.hint, 500));
    error.add_context("running " + printable(script.path, 500));
    throw error;
  }

  // Nothing: not known.
  std::optional<bool> is_committed(std::size_t index) {
    const std::string id = transaction_in(read_file_if_present(file_of(index, "transaction")).value_or(""));
    if (id.empty())
      return state_.boot.empty() || state_.boot == this_boot() ? std::optional(false) : std::nullopt;
    const auto status =
        world_.source.query(state_.database, fmt::format("SELECT coalesce(txid_status({}), '')", id));
    if (status.at(0) == "committed") return true;
    if (status.at(0) == "aborted") return false;
    return std::nullopt;
  }

  // The database itself.
  std::string dump() {
    if (!state_.dump.empty()) remove_tree(state_.dump);
    const fs::path file = directory_ / fmt::format("before-{}.dump", world_.clock.unix_ms() / 1000);
    write_file_durably(file, "", 0600);  // pg_dump keeps what the file has
    {
      const auto snapshot = world_.source.snapshot(state_.database);
      Copying all = copying(world_.source);
      all.snapshot = snapshot->id();
      check(run_program(dump_to_keep(all, file)), "dump");
    }
    check(run_program(read_archive(file)), "read the dump of");
    fsync_file(file);
    state_.dump = file.native();
    state_.way_back = way_back();
    save();
    reach("dumped");
    return fmt::format("{}, {}", printable(file.native(), 500), human_bytes(fs::file_size(file)));
  }

  void check(const ProgramOutput& output, const std::string& verb) {
    if (output.succeeded()) return;
    const postgres::Explanation told = postgres::explain(postgres::parse_failure(output.message));
    throw Error(ErrorKind::failed, "E-MIGRATE",
                fmt::format("could not {} database {}: {}{}", verb, migrate::quoted(state_.database),
                            told.object.empty() ? "" : told.object + ": ",
                            told.cause.empty() ? printable(trim(output.message), 500) : told.cause));
  }

  // An extension in one of the schemas would go with it, and no dump of a schema has it.
  std::vector<std::string> way_back() const {
    std::vector<std::string> names;
    for (const std::string& schema : state_.schemas) names.push_back(sql_identifier(schema));
    const std::string to = shell_word(short_string(world_.source.endpoint(), state_.database));
    const std::string restore = "pg_restore --exit-on-error --single-transaction ";
    const bool holds_extension = std::any_of(
        asked_.extensions.begin(), asked_.extensions.end(), [&](const NeededExtension& extension) {
          return std::find(state_.schemas.begin(), state_.schemas.end(), extension.schema) !=
                 state_.schemas.end();
        });
    if (holds_extension)
      return {restore + fmt::format("--clean --if-exists -d {} {}", to, shell_word(state_.dump))};
    return {fmt::format("psql -d {} -c {}", to, shell_word("DROP SCHEMA " + join(names, ", ") + " CASCADE")),
            restore + fmt::format("-d {} {}", to, shell_word(state_.dump))};
  }

  void apply(const Script& script) {
    state_.under_way = script.sha256;
    state_.boot = this_boot();
    save();
    try {
      run(script, state_.database, state_.applied.size());
    } catch (const Error&) {
      // What was rolled back leaves nothing.
      end_our_sessions(world_.source, state_.database, kScriptSession);
      if (script.one_transaction && is_committed(state_.applied.size()) == std::optional(false)) {
        state_.under_way.clear();
        save();
      }
      throw;
    }
    reach("ran");
    state_.applied.push_back(script);
    state_.under_way.clear();
    save();
    reach("applied");
  }

  // What became of the script at which a run was killed.
  void settle() {
    if (state_.under_way.empty()) return;
    const Script& script = asked_.scripts.at(state_.applied.size());
    const auto committed = script.one_transaction ? is_committed(state_.applied.size()) : std::nullopt;
    if (!committed)
      throw Error(
          ErrorKind::refused, "E-APPLIED-PARTLY",
          fmt::format(
              "cannot continue: {} was cut off or failed in database {}, and it is not known how far it came",
              name_of(script), migrate::quoted(state_.database)),
          "look at the database; go back by the dump, or rehearse what is still to be done");
    if (*committed) state_.applied.push_back(script);
    state_.under_way.clear();
    save();
  }

  const AlternatePlan& asked_;
  World& world_;
  upgrade::Listener& listener_;
  fs::path directory_;
  FileLock lock_;
  AlternateState state_;
  int number_ = 0;
  int total_ = 0;
};

}  // namespace

AlternateState rehearse_scripts(const AlternatePlan& plan, World& world, upgrade::Listener& listener) {
  return Work(plan, world, listener).rehearse();
}

AlternateState apply_scripts(const AlternatePlan& plan, World& world, upgrade::Listener& listener) {
  return Work(plan, world, listener).apply();
}

}  // namespace pgupgrade::migrate
