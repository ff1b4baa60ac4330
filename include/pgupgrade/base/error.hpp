#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace pgupgrade {

// What went wrong, in the terms that decide what happens next. `main` turns a kind into an exit code.
enum class ErrorKind {
  internal,            // a defect of ours                                          exit 1
  usage,               // arguments, files or settings that the user gave           exit 2
  refused,             // a preflight check said no; nothing was touched            exit 3
  failed,              // an action did not succeed; the run can be resumed         exit 5
  difference,          // old and new data differ                                   exit 6
  locked,              // another run holds the lock                                exit 7
  engine_unreachable,  // no answer from the Docker Engine                          exit 8
  rollback_failed,     // an undo did not succeed                                   exit 9
  interrupted,         // cancelled by the user                                     exit 130/143
};

// The one root of all our exceptions. `code` is stable ("E-LOCALE-MISSING") and has a paragraph in the
// README; `message` is lowercase, names the object and has no full stop; `hint` is what to do.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, std::string code, const std::string& message, std::string hint = {})
      : std::runtime_error(message), kind_(kind), code_(std::move(code)), hint_(std::move(hint)) {}

  ErrorKind kind() const { return kind_; }
  const std::string& code() const { return code_; }
  const std::string& hint() const { return hint_; }
  const std::vector<std::string>& context() const { return context_; }  // innermost first

  void add_context(std::string what) { context_.push_back(std::move(what)); }
  void set_hint(std::string hint) { hint_ = std::move(hint); }
  // For a layer that knows better what it means: what a step cannot do is, for a whole run, a failure midway.
  void set_kind(ErrorKind kind) { kind_ = kind; }

 private:
  ErrorKind kind_;
  std::string code_;
  std::string hint_;
  std::vector<std::string> context_;
};

}  // namespace pgupgrade
