#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "pgupgrade/base/error_codes.hpp"

namespace pgupgrade {

// When it happened, which only the run can tell. With the kind it decides the exit code.
enum class Moment {
  outside,     // of a run, or before it has stopped anything
  midway,      // in a step, with something of the user's stopped
  going_back,  // in a rollback that has begun, or that could not start because the backup is damaged
};

// The one root of all our exceptions. `code` is stable ("E-LOCALE-MISSING") and a row of the table of codes;
// `message` is lowercase, names the object and has no full stop; `hint` is what to do.
class Error : public std::runtime_error {
 public:
  // The kind is that of the table's row.
  Error(Code code, const std::string& message, std::string hint = {});
  // `kind` says the same at the place where it is thrown; a test checks that it does.
  Error(ErrorKind kind, Code code, const std::string& message, std::string hint = {})
      : std::runtime_error(message), kind_(kind), code_(code), hint_(std::move(hint)) {}

  ErrorKind kind() const { return kind_; }
  bool is(Code code) const { return code_ == code; }
  std::string code() const { return std::string(code_.text()); }
  const std::string& hint() const { return hint_; }
  const std::vector<std::string>& context() const { return context_; }  // innermost first
  Moment moment() const { return moment_; }

  // The same about another message.
  Error retold(const std::string& message) const { return {kind_, code_, message, hint_}; }

  void add_context(std::string what) { context_.push_back(std::move(what)); }
  void set_hint(std::string hint) { hint_ = std::move(hint); }
  void set_moment(Moment moment) { moment_ = moment; }

 private:
  ErrorKind kind_;
  Code code_;
  Moment moment_ = Moment::outside;
  std::string hint_;
  std::vector<std::string> context_;
};

// Any exception as one of ours: what the system or the library could not do, else a defect ("E-INTERNAL").
Error as_error(const std::exception& exception);

}  // namespace pgupgrade
