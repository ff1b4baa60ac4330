#include "docker/json_sequence.hpp"

#include <boost/json.hpp>
#include <string>
#include <utility>

#include "pgupgrade/base/error.hpp"

namespace pgupgrade::docker {
namespace {

[[noreturn]] void fail(const std::string& reason) {
  throw Error(ErrorKind::failed, "E-ENGINE-STREAM", "could not read the engine's progress stream: " + reason);
}

}  // namespace

struct JsonSequence::State {
  std::function<void(const boost::json::object&)> on_object;
  boost::json::stream_parser parser;
  bool inside = false;  // an object has begun
};

JsonSequence::JsonSequence(std::function<void(const boost::json::object&)> on_object)
    : state_(std::make_unique<State>()) {
  state_->on_object = std::move(on_object);
}

JsonSequence::~JsonSequence() = default;

void JsonSequence::feed(std::string_view bytes) {
  State& state = *state_;
  while (!bytes.empty()) {
    if (!state.inside) {
      const std::size_t start = bytes.find_first_not_of(" \t\r\n");
      if (start == std::string_view::npos) return;
      bytes.remove_prefix(start);
      if (bytes.front() != '{') fail("expected an object");
      state.parser.reset();
      state.inside = true;
    }
    boost::json::error_code error;
    const std::size_t length = state.parser.write_some(bytes.data(), bytes.size(), error);
    if (error) fail(error.message());
    bytes.remove_prefix(length);
    if (!state.parser.done()) continue;
    state.inside = false;
    const boost::json::value value = state.parser.release();
    state.on_object(value.get_object());
  }
}

void JsonSequence::finish() const {
  if (state_->inside) fail("it ends inside an object");
}

}  // namespace pgupgrade::docker
