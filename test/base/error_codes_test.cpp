#include "pgupgrade/base/error_codes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <new>
#include <regex>
#include <set>
#include <stdexcept>

#include "pgupgrade/base/code_details.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "support/catch.hpp"
#include "support/paths.hpp"

using namespace pgupgrade;

namespace {

const std::filesystem::path kRoot = test::source_directory();
constexpr std::string_view kHead = "| error | means | what to do |\n|---|---|---|\n";

// All sources without their comments, in which codes are spoken of.
std::string sources() {
  std::string text;
  for (const char* directory : {"src", "include"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kRoot / directory)) {
      static const std::set<std::string> tables = {"error_codes.cpp", "error_codes.hpp", "code_details.cpp"};
      if (!entry.is_regular_file() || tables.contains(entry.path().filename())) continue;
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line);) text += line.substr(0, line.find("//")) + "\n";
    }
  }
  return text;
}

std::vector<std::smatch> matches(const std::string& text, const std::regex& pattern) {
  return {std::sregex_iterator(text.begin(), text.end(), pattern), std::sregex_iterator()};
}

std::string readme_table() {
  std::string table(kHead);
  for (const CodeRow& row : code_table())
    table += fmt::format("| {} | {} | {} |\n", row.code, row.meaning, row.to_do);
  return table;
}

// Where the table is in the README: from its head to the first line that is no row.
std::pair<std::size_t, std::size_t> place_of_table(const std::string& readme) {
  const std::size_t begin = readme.find(kHead);
  REQUIRE(begin != std::string::npos);
  std::size_t end = begin;
  while (end < readme.size() && readme[end] == '|') end = readme.find('\n', end) + 1;
  return {begin, end};
}

const char* name_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::internal:
      return "internal";
    case ErrorKind::usage:
      return "usage";
    case ErrorKind::refused:
      return "refused";
    case ErrorKind::failed:
      return "failed";
    case ErrorKind::difference:
      return "difference";
    case ErrorKind::locked:
      return "locked";
    case ErrorKind::engine_unreachable:
      return "engine_unreachable";
    case ErrorKind::interrupted:
      return "interrupted";
  }
  return "";
}

}  // namespace

TEST_CASE("the table of codes is in order, and each row has all its parts") {
  std::string before;
  for (const CodeRow& row : code_table()) {
    INFO(row.code);
    CHECK(before < row.code);
    before = row.code;
    CHECK(row.kind.has_value() == row.code.starts_with("E-"));
    CHECK_FALSE(row.meaning.empty());
    CHECK_FALSE(row.to_do.empty());
    CHECK_FALSE(row.meaning.ends_with('.'));
    CHECK(fmt::format("{} {}", row.meaning, row.to_do).find('|') == std::string::npos);
    CHECK(find_code(row.code) == &row);
  }
  CHECK(code_table().size() > 100);
  CHECK(find_code("E-NONE") == nullptr);
}

TEST_CASE("the long texts are in order, of codes that there are, and say more than the table") {
  std::string_view before;
  for (const CodeDetail& detail : code_details()) {
    INFO(detail.code);
    CHECK(before < detail.code);
    before = detail.code;
    const CodeRow* row = find_code(detail.code);
    REQUIRE(row != nullptr);
    for (const std::string_view text : {detail.cause, detail.cure}) {
      CHECK(text.ends_with('.'));
      CHECK(std::count(text.begin(), text.end(), '`') % 2 == 0);
    }
    CHECK(detail.cure.size() > row->to_do.size());
    CHECK(find_detail(detail.code) == &detail);
    for (const auto& match : matches(fmt::format("{} {}", detail.cause, detail.cure),
                                     std::regex("[EWN]-[A-Z][A-Z0-9-]+[A-Z0-9]"))) {
      INFO(match.str());
      CHECK(find_code(match.str()) != nullptr);
    }
  }
  CHECK(code_details().size() >= 25);
  CHECK(find_detail("E-NONE") == nullptr);
}

TEST_CASE("every code in the sources is a row of the table, and every row is used") {
  std::set<std::string> used;
  const std::string text = sources();
  for (const auto& match : matches(text, std::regex("\"([EWN]-[A-Z0-9-]+)\""))) used.insert(match[1]);
  for (const std::string& code : used) {
    INFO(
        "add a line to src/base/error_codes.cpp, then: PGUPGRADE_WRITE_README=1 "
        "build/release/test/base_test");
    INFO(code);
    CHECK(find_code(code) != nullptr);
  }
  for (const CodeRow& row : code_table()) {
    INFO(row.code << " is used nowhere");
    CHECK(used.contains(std::string(row.code)));
  }
}

TEST_CASE("an error is thrown with the kind that the table gives its code") {
  const std::string text = sources();
  const auto found = matches(text, std::regex("ErrorKind::(\\w+),\\s*(?:Code\\()?\"(E-[A-Z0-9-]+)\""));
  CHECK(found.size() > 100);
  for (const auto& match : found) {
    INFO(match[2].str());
    const CodeRow* row = find_code(match[2].str());
    CHECK((row == nullptr || match[1].str() == name_of(row->kind.value_or(ErrorKind::internal))));
  }
}

TEST_CASE("no code is compared as text") {
  const std::string text = sources();
  for (const auto& match :
       matches(text, std::regex("code\\(\\) *[!=]=|code\\(\\)\\.starts_with|[!=]= *\"[EWN]-[A-Z]")))
    FAIL_CHECK(match.str());
}

TEST_CASE("the README's table of errors is the table of codes") {
  const std::string readme = read_file(kRoot / "README.md");
  const auto [begin, end] = place_of_table(readme);
  INFO("PGUPGRADE_WRITE_README=1 build/release/test/base_test writes the table");
  if (std::getenv("PGUPGRADE_WRITE_README") != nullptr)
    std::ofstream(kRoot / "README.md") << std::string(readme).replace(begin, end - begin, readme_table());
  CHECK(readme.substr(begin, end - begin) == readme_table());
  for (const auto& match : matches(readme, std::regex("[^A-Z]([EWN]-[A-Z][A-Z0-9-]*[A-Z0-9])"))) {
    INFO(match[1].str());
    CHECK(find_code(match[1].str()) != nullptr);
  }
}

TEST_CASE("an error without a kind has that of its code") {
  CHECK(Error("E-DIFFERENCE", "differs").kind() == ErrorKind::difference);
  CHECK(Error("E-LOCKED", "is locked").kind() == ErrorKind::locked);
  CHECK(Error("E-LOCKED", "is locked").is("E-LOCKED"));
  CHECK_FALSE(Error("E-LOCKED", "is locked").is("E-LOCK-ALIVE"));
}

TEST_CASE("what is not thrown by us has a code that says whose fault it is") {
  const auto code_of = [](const std::exception& exception) { return as_error(exception).code(); };
  CHECK(code_of(std::bad_alloc()) == "E-MEMORY");
  CHECK(code_of(std::out_of_range("stoi")) == "E-INTERNAL");
  const Error file = as_error(std::filesystem::filesystem_error(
      "rename", "/srv/a", std::make_error_code(std::errc::no_space_on_device)));
  CHECK(file.code() == "E-FILE");
  CHECK(std::string(file.what()) == "could not use /srv/a: No space left on device");
}
