#pragma once

#include <functional>
#include <string>

#include "pgupgrade/base/error.hpp"

namespace pgupgrade::test {

// "E-CODE: message", or "no error".
inline std::string error_of(const std::function<void()>& action) {
  try {
    action();
    return "no error";
  } catch (const Error& error) {
    return error.code() + ": " + error.what();
  }
}

inline std::string hint_of(const std::function<void()>& action) {
  try {
    action();
    return "no error";
  } catch (const Error& error) {
    return error.hint();
  }
}

}  // namespace pgupgrade::test
