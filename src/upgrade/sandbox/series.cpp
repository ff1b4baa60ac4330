#include "upgrade/sandbox/series.hpp"

#include <algorithm>
#include <charconv>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::upgrade {
namespace {

// A line of its own on both outputs ends what a command printed, with its exit code.
constexpr std::string_view kMark = "== exit ";
constexpr const char* kEnd = "== series";

// Of each command the number of its words, and the words.
constexpr const char* kScript = R"sh(
while [ $# -gt 0 ]; do
  words=$1
  shift
  number=0
  command=
  while [ $number -lt $words ]; do
    number=$((number + 1))
    command="$command \"\${$number}\""
  done
  eval "$command"
  code=$?
  printf '\n== exit %s\n' $code
  printf '\n== exit %s\n' $code >&2
  [ $code = 0 ] || break
  shift $words
done
echo '== series'
)sh";

// An argument list has its limits; far more than one container's start is not saved either.
constexpr std::size_t kAtOnce = 60;

std::vector<std::string> words_of(const SeriesCommand& command) {
  std::vector<std::string> words;
  if (!command.environment.empty()) words.push_back("env");
  for (const auto& [name, value] : command.environment) words.push_back(name + "=" + value);
  words.insert(words.end(), command.argv.begin(), command.argv.end());
  return words;
}

struct Part {
  std::string text;
  int exit_code = 0;
};

// What each command that has ended printed. Lines of a command's own that look like a mark cannot come from
// PostgreSQL's programs at the start of a line.
std::vector<Part> parts_of(const std::string& output) {
  std::vector<Part> parts;
  std::size_t begin = 0;
  const std::string mark = "\n" + std::string(kMark);
  for (std::size_t at = output.find(mark); at != std::string::npos; at = output.find(mark, begin)) {
    const std::size_t number = at + mark.size();
    const std::size_t end = output.find('\n', number);
    if (end == std::string::npos) break;
    Part part{.text = output.substr(begin, at - begin), .exit_code = 0};
    std::from_chars(output.data() + number, output.data() + end, part.exit_code);
    parts.push_back(std::move(part));
    begin = end + 1;
  }
  return parts;
}

std::vector<WorkResult> run_few(World& world, WorkSpec spec, const std::vector<SeriesCommand>& commands,
                                const std::function<void(std::size_t)>& tick) {
  spec.argv = series_argv(commands);
  spec.last_line = kEnd;
  const auto count = [&] { tick(series_results(output_so_far(world, spec).standard_output, {}).size()); };
  const WorkResult whole =
      run_work(world, spec, tick ? std::function<void()>(count) : std::function<void()>());
  auto results = series_results(whole.standard_output, whole.standard_error);
  const bool failed = !results.empty() && results.back().exit_code != 0;
  // The shell itself was ended, by a lack of memory for instance.
  if (whole.exit_code != 0 && !failed)
    results.push_back({.exit_code = whole.exit_code,
                       .standard_output = {},
                       .standard_error = last_words(whole.standard_error)});
  return results;
}

}  // namespace

std::vector<std::string> series_argv(const std::vector<SeriesCommand>& commands) {
  std::vector<std::string> argv = {"sh", "-c", kScript, "sh"};
  for (const SeriesCommand& command : commands) {
    const std::vector<std::string> words = words_of(command);
    argv.push_back(std::to_string(words.size()));
    argv.insert(argv.end(), words.begin(), words.end());
  }
  return argv;
}

std::vector<WorkResult> series_results(const std::string& standard_output,
                                       const std::string& standard_error) {
  const std::vector<Part> out = parts_of(standard_output);
  const std::vector<Part> err = parts_of(standard_error);
  std::vector<WorkResult> results;
  for (std::size_t index = 0; index < out.size(); ++index)
    results.push_back({.exit_code = out[index].exit_code,
                       .standard_output = out[index].text,
                       .standard_error = index < err.size() ? err[index].text : std::string()});
  return results;
}

std::vector<WorkResult> run_series(World& world, const WorkSpec& spec,
                                   const std::vector<SeriesCommand>& commands,
                                   const std::function<void(std::size_t)>& tick) {
  std::vector<WorkResult> results;
  while (results.size() < commands.size()) {
    const std::size_t begin = results.size();
    const std::size_t end = std::min(commands.size(), begin + kAtOnce);
    const std::vector<SeriesCommand> few(commands.begin() + static_cast<std::ptrdiff_t>(begin),
                                         commands.begin() + static_cast<std::ptrdiff_t>(end));
    const auto at = [&](std::size_t index) { tick(begin + std::min(index, few.size() - 1)); };
    const auto part = run_few(world, spec, few, tick ? std::function<void(std::size_t)>(at) : nullptr);
    results.insert(results.end(), part.begin(), part.end());
    if (!results.empty() && results.back().exit_code != 0) break;
    if (results.size() < end)
      throw Error(ErrorKind::failed, "E-PROCESS", "could not read what a work container printed to its end");
  }
  return results;
}

}  // namespace pgupgrade::upgrade
