#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "pgupgrade/docker/engine.hpp"
#include "support/socket_server.hpp"

namespace pgupgrade::docker {

// What the client reads of an answer.
enum class Answer {
  json,       // one JSON value
  nothing,    // that the status is good, and that there are no words
  headers,    // the headers alone
  frames,     // multiplexed output
  archive,    // a tar
  documents,  // JSON objects one after another
};

// One request that a call makes, and a good answer to it.
struct Exchange {
  std::string method;
  std::string target;  // without the version
  Answer kind;
  int status = 200;
  std::string body = {};
  std::set<int> fine = {};  // statuses that are no errors here, besides the good one
  // What an engine says that failed after it had begun to answer well; empty: its usual words.
  std::string error_inside = {};

  // The output of a command comes without a length: it is over when the connection is.
  bool ends_with_connection() const { return method == "POST" && kind == Answer::frames; }
  bool is_question() const { return method == "GET" || method == "HEAD"; }
  // The answer with another body, as the engine frames this kind of answer.
  test::Reply with_body(const std::string& other) const;
  test::Reply good() const { return with_body(body); }
};

// One call to the engine, with all requests that it makes when nothing goes wrong.
struct EngineCall {
  std::string what;    // as it stands in messages, after "cannot"
  std::string object;  // what the user knows it by; a part of `what`
  std::function<void(Engine&)> make;
  std::vector<Exchange> exchanges;
};

// Before any call: the client asks which version of the API the engine speaks.
Exchange ping();

// Every method of Engine, in every way that makes it send something.
const std::vector<EngineCall>& engine_calls();

// A container that runs, as the engine tells it.
std::string running_container();

}  // namespace pgupgrade::docker
