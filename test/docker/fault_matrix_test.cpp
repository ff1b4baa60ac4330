#include <fmt/format.h>

#include <atomic>
#include <cstring>
#include <exception>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "docker/engine_calls.hpp"
#include "docker/faults.hpp"
#include "docker/scripted_engine.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "support/catch.hpp"
#include "support/paths.hpp"
#include "support/world/faulty_engine.hpp"

// Every request that the client makes against every way in which its answer can go wrong: never a success,
// never another exception than ours, never a wait beyond the patience, and no command is ever sent twice.
using namespace pgupgrade;
using namespace pgupgrade::docker;
using test::ReceivedRequest;
using test::Reply;

namespace {

using std::chrono::milliseconds;

// So short that a wait looks at the clock all the time; the clock itself stands still until an engine hangs.
constexpr milliseconds kShort{1};

// Gives the exchanges of a call their good answers, in order, but for the one at `bad`.
struct Stage {
  const std::vector<Exchange>& exchanges;
  std::size_t bad;
  std::function<Reply()> answer_badly;
  std::size_t times = 1000;  // how often it is answered badly

  std::size_t next = 0;
  std::size_t sent = 0;  // how often the bad one was asked for
  std::vector<std::string> unexpected = {};

  // Runs in the server's thread, to which it belongs until the server has gone.
  Reply answer(const ReceivedRequest& request) {
    const bool versioned = request.target.starts_with("/v1.44");
    const std::string target = versioned ? request.target.substr(6) : request.target;
    if (next < exchanges.size() && exchanges[next].method == request.method &&
        exchanges[next].target == target) {
      if (next == bad && sent++ < times) return answer_badly();
      return exchanges[next++].good();
    }
    // After a conflict a removal looks whether another one is under way.
    if (sent > 0 && request.method == "GET" && target == "/containers/db/json") {
      return test::answer(200, running_container());
    }
    unexpected.push_back(request.method + " " + target);
    return test::answer(400, "");
  }
};

struct Outcome {
  std::optional<Error> error;
  std::string foreign;  // what was thrown that is no error of ours
  std::string method;   // of Engine
};

Outcome outcome_of(const EngineCall& call, const std::filesystem::path& socket,
                   const std::shared_ptr<PausedClock>& clock) {
  Cancellation cancellation;
  Outcome outcome;
  try {
    HttpEngine http(Transport(socket, cancellation, clock),
                    {.patience = {.answer = kShort, .work = kShort, .settle = kShort}});
    test::FaultyEngine engine(http);  // tells the name of the method
    if (call.make) call.make(engine);
    if (!engine.calls.empty()) outcome.method = engine.calls.front();
  } catch (const Error& error) {
    outcome.error = error;
  } catch (const std::exception& error) {
    outcome.foreign = error.what();
  } catch (...) {
    outcome.foreign = "something";
  }
  return outcome;
}

Outcome play(const EngineCall& call, Stage& stage,
             const std::shared_ptr<PausedClock>& clock = std::make_shared<PausedClock>()) {
  const test::SocketServer server([&](const ReceivedRequest& request) { return stage.answer(request); });
  return outcome_of(call, server.socket(), clock);
}

// The ping comes before all of them, and is a call of its own.
std::vector<EngineCall> all_calls() {
  std::vector<EngineCall> calls{
      {.what = "reach the Docker Engine", .object = "the Docker Engine", .make = {}, .exchanges = {}}};
  calls.insert(calls.end(), engine_calls().begin(), engine_calls().end());
  for (EngineCall& call : calls) call.exchanges.insert(call.exchanges.begin(), ping());
  return calls;
}

// Each request of each call, the ping once only.
void for_each_request(const std::function<void(const EngineCall&, std::size_t)>& action) {
  for (const EngineCall& call : all_calls()) {
    for (std::size_t at = call.make ? 1 : 0; at < call.exchanges.size(); ++at) action(call, at);
  }
}

std::string cell(const EngineCall& call, std::size_t at, const std::string& fault) {
  return fmt::format("{}, {} {}: {}", call.what, call.exchanges[at].method, call.exchanges[at].target, fault);
}

// All that the user is told.
std::string output_of(const Error& error) {
  std::string text = error.what();
  for (const std::string& context : error.context()) text += "\nwhile " + context;
  return text;
}

void check_error(const EngineCall& call, const Expected& expected, const Outcome& outcome) {
  CHECK(outcome.foreign == "");
  if (!outcome.error) {
    FAIL_CHECK("it passes for a success");
    return;
  }
  CHECK(outcome.error->kind() == expected.kind);
  CHECK(outcome.error->code() == expected.code);
  CHECK_THAT(output_of(*outcome.error), ContainsSubstring(call.object));
  CHECK_THAT(outcome.error->what(), ContainsSubstring(expected.says));
}

void check_no_error(const Outcome& outcome) {
  CHECK(outcome.foreign == "");
  CHECK((outcome.error ? output_of(*outcome.error) : "") == "");
}

void try_fault(const EngineCall& call, std::size_t at, const Fault& fault) {
  const Exchange& exchange = call.exchanges[at];
  auto reply = fault.reply(exchange);
  if (!reply) return;
  INFO(cell(call, at, fault.name));
  const auto clock = std::make_shared<PausedClock>();
  if (reply->then == Reply::Then::hang) reply->afterwards = [clock] { clock->run_away(); };
  Stage stage{.exchanges = call.exchanges, .bad = at, .answer_badly = [&] { return *reply; }};
  const Outcome outcome = play(call, stage, clock);
  const Expected expected = fault.expected(exchange);
  if (expected.code.empty()) {
    check_no_error(outcome);
  } else {
    check_error(call, expected, outcome);
  }
  CHECK(stage.sent == (exchange.is_question() ? expected.questions : 1));
  CHECK(stage.unexpected.empty());
}

std::set<std::string> methods_of_the_interface() {
  const std::string header = read_file(test::source_directory() / "include/pgupgrade/docker/engine.hpp");
  const std::regex method(R"(virtual\s[^(;~]*?(\w+)\()");
  std::set<std::string> names;
  for (std::sregex_iterator found(header.begin(), header.end(), method), end; found != end; ++found) {
    names.insert((*found)[1]);
  }
  return names;
}

}  // namespace

TEST_CASE("the table of calls has each method of the engine and all that it sends") {
  std::set<std::string> methods;
  for (const EngineCall& call : all_calls()) {
    INFO(call.what);
    Stage stage{.exchanges = call.exchanges, .bad = call.exchanges.size(), .answer_badly = {}};
    const Outcome outcome = play(call, stage);
    check_no_error(outcome);
    CHECK(stage.next == call.exchanges.size());
    CHECK(stage.unexpected.empty());
    if (!outcome.method.empty()) methods.insert(outcome.method);
  }
  CHECK(methods == methods_of_the_interface());
}

TEST_CASE("whatever is wrong with an answer is an error that names the object and no command is repeated") {
  for_each_request([](const EngineCall& call, std::size_t at) {
    for (const Fault& fault : faults()) try_fault(call, at, fault);
  });
}

TEST_CASE("an engine that is gone at any request is unreachable") {
  const Expected expected{.kind = ErrorKind::engine_unreachable,
                          .code = "E-ENGINE-UNREACHABLE",
                          .says = ": no engine answers at "};
  for_each_request([&](const EngineCall& call, std::size_t at) {
    if (at == 0) return;  // nobody has answered yet: tried in the tests of failures
    INFO(cell(call, at, "connection refused"));
    Stage stage{.exchanges = call.exchanges, .bad = at - 1, .answer_badly = [&] {
                  Reply last = call.exchanges[at - 1].good();
                  last.then = Reply::Then::leave;
                  return last;
                }};
    check_error(call, expected, play(call, stage));
    CHECK(stage.sent == 1);
  });
}

TEST_CASE("a question that got no answer is asked again and a command is not") {
  for (const Reply::Then then : {Reply::Then::close, Reply::Then::reset}) {
    for_each_request([&](const EngineCall& call, std::size_t at) {
      INFO(cell(call, at, then == Reply::Then::close ? "closed once" : "reset once"));
      Stage stage{.exchanges = call.exchanges,
                  .bad = at,
                  .answer_badly = [&] { return Reply{.bytes = {}, .then = then}; },
                  .times = 1};
      const Outcome outcome = play(call, stage);
      const bool question = call.exchanges[at].is_question();
      if (question) {
        check_no_error(outcome);
      } else {
        check_error(call, {.kind = ErrorKind::engine_unreachable, .code = "E-ENGINE-UNREACHABLE", .says = ""},
                    outcome);
      }
      CHECK(stage.sent == (question ? 2 : 1));
    });
  }
}

TEST_CASE("an upload that breaks off is an error and is not begun again") {
  for (const Reply::Then then : {Reply::Then::reset, Reply::Then::hang}) {
    const auto clock = std::make_shared<PausedClock>();
    std::atomic<std::size_t> uploads = 0;
    const test::SocketServer server(
        [](const ReceivedRequest& request) {
          return request.target == "/_ping" ? ping().good() : test::answer(200, "");
        },
        [&](const ReceivedRequest& request) -> std::optional<Reply> {
          if (request.method != "PUT") return std::nullopt;
          ++uploads;
          return Reply{.bytes = {}, .then = then, .afterwards = [&] {
                         if (then == Reply::Then::hang) clock->run_away();
                       }};
        });
    const Source endless = [](char* buffer, std::size_t limit) {
      std::memset(buffer, 0, limit);
      return limit;
    };
    const EngineCall call{.what = "write to /data of container \"db\"",
                          .object = "container \"db\"",
                          .make = [&](Engine& engine) { engine.put_archive("db", "/data", endless); },
                          .exchanges = {}};
    const Expected expected =
        then == Reply::Then::hang
            ? Expected{.code = "E-ENGINE-TIMEOUT", .says = " was silent for "}
            : Expected{.code = "E-ENGINE-STREAM", .says = " closed the connection before all was sent"};
    check_error(call, expected, outcome_of(call, server.socket(), clock));
    CHECK(uploads == 1);
  }
}
