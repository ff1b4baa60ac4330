#include <fmt/format.h>

#include <atomic>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "migrate/context.hpp"
#include "migrate/listing.hpp"
#include "migrate/unknown_settings.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/sql_text.hpp"
#include "pgupgrade/postgres/program_errors.hpp"
#include "pgupgrade/postgres/without_passwords.hpp"

namespace pgupgrade::migrate {
namespace {

constexpr std::chrono::milliseconds kTick{500};
constexpr std::chrono::milliseconds kLookEvery{2'000};
constexpr std::chrono::milliseconds kPingEvery{30'000};

using Task = std::function<void()>;

// The last lines of what a program said.
std::string last_words(const std::string& output) {
  constexpr std::size_t kLines = 4;
  std::vector<std::string> lines = split_lines(output);
  std::erase_if(lines, [](const std::string& line) { return trim(line).empty(); });
  if (lines.size() > kLines) lines.erase(lines.begin(), lines.end() - kLines);
  for (std::string& line : lines) line = printable(postgres::without_passwords(line.substr(0, 800)), 400);
  return join(lines, "; ");
}

void refuse(const Context& context, const ProgramOutput& output, const std::string& verb) {
  const std::string all = output.output + "\n" + without_unknown_settings(output.message).rest;
  const postgres::Explanation explanation = postgres::explain(postgres::parse_failure(all));
  const std::string what = explanation.object.empty()
                               ? context.subject()
                               : fmt::format("{} of {}", explanation.object, context.subject());
  throw Error(ErrorKind::failed, "E-MIGRATE",
              fmt::format("could not {} {}: {}", verb, what,
                          explanation.cause.empty() ? last_words(all) : explanation.cause),
              explanation.cure);
}

// A program that is newer than the target goes on where the target does not know a setting.
void check(const Context& context, const ProgramOutput& output, const std::string& verb) {
  const bool newer = context.plan().programs.major > context.plan().target.version_num / 10000;
  const Said said = without_unknown_settings(output.message);
  if (output.succeeded() || (newer && said.unknown_settings && !said.errors)) return;
  refuse(context, output, verb);
}

// What is told while programs work: how much of the database is there, by the target's own word.
class Watch {
 public:
  Watch(const Context& context, postgres::Snapshot& snapshot) : context_(context), snapshot_(snapshot) {}

  void operator()() {
    context_.world.cancellation.throw_if_requested();
    const auto now = context_.world.clock.monotonic();
    if (now >= ping_) {
      snapshot_.keep_alive();
      ping_ = now + kPingEvery;
    }
    if (now < look_) return;
    look_ = now + kLookEvery;
    postgres::RemoteServer& target = context_.world.target;
    const auto size =
        target.query(target.connect_database(),
                     fmt::format("SELECT pg_database_size({})::text", sql_literal(context_.database().into)));
    context_.listener.progress({.step = "copy",
                                .what = context_.subject(),
                                .done = size.empty() ? 0 : std::stoll("0" + size.front()),
                                .total = context_.database().bytes});
  }

 private:
  const Context& context_;
  postgres::Snapshot& snapshot_;
  std::chrono::milliseconds ping_{0};
  std::chrono::milliseconds look_{0};
};

// Tasks side by side, in order; the first failure is the one that is thrown, once all that had begun have
// ended.
void run_side_by_side(const std::vector<Task>& tasks, int jobs, const std::function<void()>& tick) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto fail = [&] {
    const std::lock_guard lock(mutex);
    if (!failure) failure = std::current_exception();
    stop = true;
  };
  const auto work = [&] {
    for (std::size_t i = next++; i < tasks.size() && !stop; i = next++) {
      try {
        tasks[i]();
      } catch (...) {
        fail();
      }
    }
  };
  std::vector<std::future<void>> workers;
  for (std::size_t i = 0; i < std::min(tasks.size(), static_cast<std::size_t>(std::max(jobs, 1))); ++i)
    workers.push_back(std::async(std::launch::async, work));
  for (std::future<void>& worker : workers) {
    while (worker.wait_for(kTick) != std::future_status::ready) {
      try {
        tick();
      } catch (...) {
        fail();  // what runs sees the cancellation by itself
      }
    }
  }
  if (failure) std::rethrow_exception(failure);
}

class Copy {
 public:
  Copy(const Context& context, postgres::Snapshot& snapshot)
      : context_(context),
        copying_{.plan = context.plan(),
                 .database = context.database(),
                 .source = context.world.source.endpoint(),
                 .target = context.world.target.endpoint(),
                 .snapshot = snapshot.id()},
        watch_(context, snapshot) {}

  void stream() {
    const std::string archive = context_.file("definitions");
    run(dump_definitions(copying_, archive), "dump");
    restore_definitions(archive);
    std::vector<Task> streams;
    for (const std::string& table : context_.database().apart)
      streams.push_back([this, table] { pipe(dump_rows(copying_, table)); });
    streams.push_back([this] { pipe(dump_rows(copying_, std::nullopt)); });
    run_side_by_side(streams, context_.plan().jobs, [this] { watch_(); });
    context_.reach("rows");
    restore_rest(archive);
  }

  void by_files() {
    const std::string archive = context_.file("dump");
    remove_tree(archive);
    run(dump_whole(copying_, archive), "dump");
    context_.reach("dumped");
    restore_definitions(archive);
    run(restore_section(copying_, Section::rows, archive, {}), "restore");
    context_.reach("rows");
    restore_rest(archive);
  }

 private:
  void run(const Command& command, const std::string& verb) {
    run_side_by_side({[&] { check(context_, context_.world.programs.run(command, {}), verb); }}, 1,
                     [this] { watch_(); });
  }
  void pipe(const Command& from) {
    check(context_, context_.world.programs.pipe(from, restore_rows(copying_), {}), "copy");
  }

  // Entries that the target's role cannot make are left out; views are computed last, after all that they may
  // need without a trace of it in the catalog.
  void restore_definitions(const std::string& archive) {
    const ProgramOutput listed = context_.world.programs.run(list_archive(archive), {});
    if (!listed.succeeded()) refuse(context_, listed, "read the dump of");
    const Restorer owner = context_.database().create ? Restorer::owner : Restorer::guest;
    const Plan& plan = context_.plan();
    const bool of_schemas = !context_.database().schemas.empty();
    lists_ = split_entries(of_schemas ? without_schemas(listed.output) : listed.output,
                           plan.target.superuser ? Restorer::superuser : owner,
                           {.foreign_owner = plan.keeps_owner_of_public() ? "" : plan.source.bootstrap,
                            .may_comment = plan.target.superuser || plan.target.version_num >= 150000});
    write_file_durably(context_.file("list"), lists_.kept);
    if (!lists_.views.empty()) write_file_durably(context_.file("views"), lists_.views);
    run(restore_section(copying_, Section::definitions, archive, context_.file("list")), "restore");
    if (!of_schemas) drop_missing_built_ins();
    context_.reach("definitions");
  }

  void restore_rest(const std::string& archive) {
    run(restore_section(copying_, Section::rest, archive, context_.file("list")), "restore");
    if (!lists_.views.empty())
      run(restore_section(copying_, Section::rest, archive, context_.file("views"), Values::computed),
          "refresh");
    context_.reach("restored");
  }

  // Every database begins with these; a dump does not say that somebody has dropped them.
  void drop_missing_built_ins() {
    const auto lacks = [&](const std::string& question) {
      return context_.world.source.query(context_.database().name, question).empty();
    };
    std::vector<std::string> statements;
    if (lacks("SELECT '1' FROM pg_namespace WHERE nspname = 'public'"))
      statements.emplace_back("DROP SCHEMA public");
    if (lacks("SELECT '1' FROM pg_extension WHERE extname = 'plpgsql'"))
      statements.emplace_back("DROP EXTENSION plpgsql");
    if (!statements.empty() && context_.database().create)
      context_.world.target.execute(context_.database().into, statements);
  }

  const Context& context_;
  Copying copying_;
  Watch watch_;
  SplitEntries lists_;
};

}  // namespace

void copy_contents(const Context& context, postgres::Snapshot& snapshot) {
  Copy copy(context, snapshot);
  if (context.plan().form == CopyForm::stream)
    copy.stream();
  else
    copy.by_files();
}

}  // namespace pgupgrade::migrate
