#include "campaign/subject.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <fstream>

#include "campaign/campaign.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::test::campaign {

namespace {

// The process that works in the state directory, as its lock tells; 0 when there is none.
pid_t working_process(const Project& project) {
  std::error_code ignored;
  if (!std::filesystem::exists(project / ".pgupgrade/lock.holder", ignored)) return 0;
  const std::string holder = project.read(".pgupgrade/lock.holder");
  const std::string mark = ", process ";
  const std::size_t at = holder.find(mark);
  return at == std::string::npos ? 0 : std::stoi(holder.substr(at + mark.size()));
}

bool is_stopped(pid_t process) {
  std::ifstream stat(fmt::format("/proc/{}/stat", process));
  std::string line;
  std::getline(stat, line);
  const std::size_t name_end = line.rfind(')');
  return name_end != std::string::npos && line.compare(name_end, 3, ") T") == 0;
}

}  // namespace

Subject::Subject(const std::string& name, const std::string& compose_file)
    : project_(name), compose_file_(compose_file) {
  project_.keep_when_failing();
  project_.write("docker-compose.yml", compose_file_);
  project_.up();
  project_.script("db", "postgres",
                  "CREATE TABLE t (i int PRIMARY KEY, text text);"
                  "INSERT INTO t SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, 2000) AS i;"
                  "CREATE TABLE carts AS SELECT generate_series(1, 100) AS i;"
                  "CREATE ROLE reader LOGIN; GRANT SELECT ON t TO reader; CREATE DATABASE other;");
  content_before_ = content();
  standing_before_ = standing();
}

const Words& Subject::upgrade_words() {
  static const Words words = {"--compose", "docker-compose.yml", "--to", "17", "--strategy", "dump", "--yes"};
  return words;
}

ProcessResult Subject::upgrade(const Variables& variables) const {
  return project_.pgupgrade(upgrade_words(), variables);
}

ProcessResult Subject::expect_exit(int exit_code, const Words& arguments, const Variables& variables) const {
  const ProcessResult result = project_.pgupgrade(arguments, variables);
  require(result.signal_number == 0 && result.exit_code == exit_code,
          fmt::format("pgupgrade {} did not end with exit {}: {}", join(arguments, " "), exit_code,
                      output_of(result)));
  return result;
}

void Subject::expect_killed(const std::string& place, const Words& arguments) const {
  const ProcessResult result = project_.killed_at(place, arguments);
  require(result.signal_number == SIGKILL, fmt::format("pgupgrade {} was not killed at {}: {}",
                                                       join(arguments, " "), place, output_of(result)));
}

Words Subject::places(const Words& upgrade) {
  const auto list = project_ / "places";
  expect_exit(0, upgrade, {{"PGUPGRADE_PLACES", list.native()}});
  expect_upgraded();
  begin_anew();
  Words result;
  for (const std::string& place : split_lines(read_file(list)))
    if (std::find(result.begin(), result.end(), place) == result.end()) result.push_back(place);
  require(result.size() > 50, "a run tells its places");
  return result;
}

std::string Subject::content() const {
  return project_.sql("db", "postgres",
                      "SELECT count(*), md5(string_agg(t::text, ',' ORDER BY i)),"
                      " has_table_privilege('reader', 't', 'SELECT'), (SELECT count(*) FROM carts) FROM t") +
         project_.sql("db", "other", "SELECT current_database()");
}

Words Subject::standing() const {
  Words result;
  for (const std::string& entry : project_.containers()) {
    const std::string id = entry.substr(entry.find('=') + 1);
    result.push_back(entry + " " +
                     project_.inspect(id, "{{.State.Status}} {{.HostConfig.RestartPolicy.Name}}"));
  }
  return result;
}

void Subject::expect_upgraded() const {
  wait_until("the new server", [&] {
    return project_.inspect(project_.container("db"), "{{.State.Health.Status}}") == "healthy";
  });
  require(project_.server_version("db") == "17", "the server is 17");
  require(content() == content_before_, "the content is the same");
  std::string wanted = compose_file_;
  wanted.replace(wanted.find("postgres:13"), 11, "postgres:17");
  require(project_.read("docker-compose.yml") == wanted, "only the version in the Compose file is changed");
  const Words now = standing();
  require(now.size() == standing_before_.size(), "there are as many containers");
  for (std::size_t i = 0; i < now.size(); ++i) {
    const auto tail = [](const std::string& entry) { return entry.substr(entry.find(' ')); };
    require(tail(now[i]) == tail(standing_before_[i]), "runs as before, with its restart policy: " + now[i]);
  }
}

void Subject::expect_as_before() const {
  wait_until("the old server", [&] {
    return project_.inspect(project_.container("db"), "{{.State.Health.Status}}") == "healthy";
  });
  require(project_.server_version("db") == "13", "the server is 13");
  require(content() == content_before_, "the content is the same");
  require(project_.read("docker-compose.yml") == compose_file_, "the Compose file is as it was");
  require(standing().size() == standing_before_.size(), "there are as many containers");
}

void Subject::expect_untouched() const {
  expect_as_before();
  require(standing() == standing_before_, fmt::format("the same containers run:\n{}\nbefore:\n{}",
                                                      join(standing(), "\n"), join(standing_before_, "\n")));
}

// The engine gives an empty volume the mode of the image's directory whenever a container looks into it, so
// the root's own line is left out.
std::string Subject::snapshot(bool server_runs) const {
  std::string text = project_.read("docker-compose.yml") + join(standing(), "\n") + "\n";
  if (server_runs) return text;
  for (const std::string& line : split_lines(project_.listing(data_volume())))
    if (!line.starts_with("'/data' directory")) text += line + "\n";
  return text;
}

void Subject::begin_anew() const {
  const Words runs = project_.runs();
  if (runs.empty()) return expect_as_before();
  const std::string state = (project_.run_files().state()).native();
  // A run that ended undone is only to be cleaned up.
  const ProcessResult back = project_.pgupgrade({"rollback", "--discard-new-writes", "--state", state});
  require(back.signal_number == 0 && (back.exit_code == 0 || back.exit_code == 2),
          "rolled back: " + output_of(back));
  expect_as_before();
  expect_exit(0, {"cleanup", "--yes", "--state", state});
  require(project_.engine_leftovers().empty(), "nothing of the run is left on the engine");
  std::filesystem::remove_all(project_ / ".pgupgrade");
  standing_before_ = standing();
}

PausedRun::PausedRun(const Subject& subject, const std::string& place, const Words& arguments) {
  const Project& project = subject.project();
  result_ = std::async(std::launch::async, [&project, place, arguments] {
    return project.pgupgrade(arguments, {{"PGUPGRADE_PAUSE_AT", place}});
  });
  wait_until(
      "a stop at " + place,
      [&] {
        if (result_.wait_for(std::chrono::seconds(0)) == std::future_status::ready)
          throw Violation(fmt::format("the run ended before {}: {}", place, output_of(result_.get())));
        const pid_t process = working_process(project);
        if (process == 0 || !is_stopped(process)) return false;
        process_ = process;
        return true;
      },
      std::chrono::minutes(10));
}

PausedRun::~PausedRun() {
  if (!result_.valid()) return;
  if (process_ != 0) {
    ::kill(process_, SIGKILL);
    ::kill(process_, SIGCONT);
  }
  result_.wait();
}

void PausedRun::signal(int number) const {
  require(::kill(process_, number) == 0, "the run takes a signal");
}

ProcessResult PausedRun::go_on() {
  signal(SIGCONT);
  return result_.get();
}

}  // namespace pgupgrade::test::campaign
