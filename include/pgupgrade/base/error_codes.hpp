#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace pgupgrade {

// What went wrong, in the terms that decide what happens next. `main` turns a kind into an exit code.
enum class ErrorKind {
  internal,            // a defect of ours                                          exit 1
  usage,               // arguments, files or settings that the user gave           exit 2
  refused,             // not allowed; before a run has stopped anything            exit 3, else as failed
  failed,              // an action did not succeed; the run can be resumed         exit 5
  difference,          // old and new data differ                                   exit 6
  locked,              // another run holds the lock                                exit 7
  engine_unreachable,  // no answer from the Docker Engine                          exit 8
  interrupted,         // cancelled by the user                                     exit 130/143
};

// Throws in a constant expression only, where it ends the compilation.
consteval bool is_written_as_code(std::string_view text) {
  if (text.size() < 3 || text[1] != '-' || (text[0] != 'E' && text[0] != 'W' && text[0] != 'N')) return false;
  for (const char c : text)
    if (c != '-' && (c < 'A' || c > 'Z') && (c < '0' || c > '9')) return false;
  return true;
}

struct CodeRow;

// A stable code: "E-DISK" of an error, "W-POOLER" of a warning, "N-LIBC" of a note. Each that is written out
// in the sources is a row of the table; a test checks that. Not made from text at run time, so that no code
// comes from outside of the table.
class Code {
 public:
  template <std::size_t N>
  consteval Code(const char (&text)[N]) : text_(text, N - 1) {
    if (!is_written_as_code(text_)) throw "a code is E-, W- or N- and capital letters";
  }
  explicit Code(const CodeRow& row);

  std::string_view text() const { return text_; }
  friend bool operator==(const Code&, const Code&) = default;

 private:
  std::string_view text_;
};

// One row of the table of codes, from which the README's table and `pgupgrade explain` are made.
struct CodeRow {
  std::string_view code;
  std::optional<ErrorKind> kind;  // of every error with this code; nothing for warnings and notes
  std::string_view meaning;       // one clause, lowercase, no full stop
  std::string_view to_do;         // likewise
};

// In the order of their codes: errors, notes, warnings. A new code is one line in error_codes.cpp.
std::span<const CodeRow> code_table();

// Nothing for a code that is not in the table.
const CodeRow* find_code(std::string_view code);

}  // namespace pgupgrade
