#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "docker/http_engine.hpp"
#include "pgupgrade/base/cancel.hpp"
#include "pgupgrade/base/clock.hpp"
#include "support/socket_server.hpp"

namespace pgupgrade::docker {

// By this clock every call but a wait is patient for a minute.
constexpr std::chrono::milliseconds kPatience{60'000};

// Time passes only when somebody pauses or lets it run away, from any thread.
class PausedClock final : public Clock {
 public:
  std::int64_t unix_ms() const override { return monotonic().count(); }
  std::chrono::milliseconds monotonic() const override { return std::chrono::milliseconds(now_ += step_); }
  void pause(std::chrono::milliseconds length) override { now_ += length.count(); }
  // From now on more time than any patience passes between two looks.
  void run_away() { step_ = 2 * kPatience.count(); }

 private:
  mutable std::atomic<std::int64_t> now_{0};
  std::atomic<std::int64_t> step_{0};
};

struct Script {
  test::SocketServer::Handler handler;
  test::SocketServer::EarlyHandler early = {};
  std::string api_version = "1.44";
  std::filesystem::path client_configuration = {};
  std::shared_ptr<PausedClock> clock = std::make_shared<PausedClock>();
};

// Answers nothing, for longer than any patience.
inline test::Reply silence(const std::shared_ptr<PausedClock>& clock) {
  return {.then = test::Reply::Then::hang, .afterwards = [clock] { clock->run_away(); }};
}

// The client, talking to a server that answers as the handler says; the ping is answered for it.
class ScriptedEngine {
 public:
  explicit ScriptedEngine(const Script& script)
      : server_(
            [script](const test::ReceivedRequest& request) {
              if (request.target != "/_ping") return script.handler(request);
              return test::answer(200, "OK", "Api-Version: " + script.api_version + "\r\n");
            },
            script.early),
        engine_(
            Transport(server_.socket(), cancellation_, script.clock),
            {.patience = {.answer = kPatience, .work = kPatience, .settle = std::chrono::milliseconds(100)},
             .client_configuration = script.client_configuration}) {}

  Engine* operator->() { return &engine_; }
  Engine& operator*() { return engine_; }
  Cancellation& cancellation() { return cancellation_; }
  std::string socket() const { return server_.socket().string(); }
  // The requests after the ping.
  std::vector<test::ReceivedRequest> requests() const {
    auto requests = server_.requests();
    requests.erase(requests.begin());
    return requests;
  }

 private:
  Cancellation cancellation_;
  test::SocketServer server_;
  HttpEngine engine_;
};

}  // namespace pgupgrade::docker
