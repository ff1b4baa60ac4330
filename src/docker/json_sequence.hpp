#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

namespace pgupgrade::docker {

// JSON objects one after another in a stream that the transport cuts anywhere (the progress of a pull).
class JsonSequence {
 public:
  explicit JsonSequence(std::function<void(const boost::json::object&)> on_object);
  ~JsonSequence();
  JsonSequence(const JsonSequence&) = delete;
  JsonSequence& operator=(const JsonSequence&) = delete;

  // Throws Error(failed, "E-ENGINE-STREAM") for what is no JSON object.
  void feed(std::string_view bytes);
  // Throws Error(failed, "E-ENGINE-STREAM") when the stream ended inside an object.
  void finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pgupgrade::docker
