#pragma once

#include <stdlib.h>

#include <string>
#include <utility>

namespace pgupgrade::test {

// A variable of our environment, put back at the end.
class Variable {
 public:
  Variable(std::string name, const std::string& value) : name_(std::move(name)) {
    const char* before = ::getenv(name_.c_str());
    had_ = before != nullptr;
    if (had_) before_ = before;
    ::setenv(name_.c_str(), value.c_str(), 1);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() {
    if (had_) {
      ::setenv(name_.c_str(), before_.c_str(), 1);
    } else {
      ::unsetenv(name_.c_str());
    }
  }

 private:
  std::string name_;
  std::string before_;
  bool had_ = false;
};

}  // namespace pgupgrade::test
