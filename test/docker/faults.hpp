#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "docker/engine_calls.hpp"
#include "pgupgrade/base/error.hpp"
#include "support/socket_server.hpp"

namespace pgupgrade::docker {

// What must come of a fault.
struct Expected {
  ErrorKind kind = ErrorKind::failed;
  std::string code = {};      // empty: no error
  std::string says = {};      // a part of the message
  std::size_t questions = 1;  // how often a question is sent; a command always once
};

// One way in which the answer to a request can go wrong.
struct Fault {
  std::string name;
  std::function<std::optional<test::Reply>(const Exchange&)> reply;  // nothing when it cannot happen to it
  std::function<Expected(const Exchange&)> expected;
};

const std::vector<Fault>& faults();

}  // namespace pgupgrade::docker
