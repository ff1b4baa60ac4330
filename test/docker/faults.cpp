#include "docker/faults.hpp"

#include <fmt/format.h>

namespace pgupgrade::docker {
namespace {

using test::Reply;
using Then = Reply::Then;

bool has_body(const Exchange& exchange) {
  return exchange.kind != Answer::headers && exchange.kind != Answer::nothing;
}

std::string name_of(Then then) {
  return then == Then::reset ? "reset" : then == Then::hang ? "hang" : "end";
}

Expected expected_of(Then then, bool anything_came) {
  if (then == Then::hang) return {.code = "E-ENGINE-TIMEOUT"};
  if (anything_came) return {.code = "E-ENGINE-STREAM"};
  return {.kind = ErrorKind::engine_unreachable,
          .code = "E-ENGINE-UNREACHABLE",
          .says = " closed the connection without an answer",
          .questions = 3};
}

// How many bytes of an answer come before it breaks off.
using Length = std::size_t (*)(const std::string& bytes);

struct Place {
  std::string name;
  Length length;
  bool in_body;
};

std::size_t end_of_head(const std::string& bytes) {
  return bytes.find("\r\n\r\n") + 4;
}

const std::vector<Place>& places() {
  static const std::vector<Place> all{
      {"before the answer", [](const std::string&) -> std::size_t { return 0; }, false},
      {"in the status line", [](const std::string&) -> std::size_t { return 10; }, false},
      {"in the head", [](const std::string& bytes) { return end_of_head(bytes) - 2; }, false},
      {"after the head", [](const std::string& bytes) { return end_of_head(bytes); }, true},
      {"in the body", [](const std::string& bytes) { return (end_of_head(bytes) + bytes.size()) / 2; }, true},
      // Of a chunked answer all has come but the word that it is all.
      {"at the end",
       [](const std::string& bytes) { return bytes.size() - (bytes.ends_with("0\r\n\r\n") ? 5 : 1); }, true}};
  return all;
}

Fault break_off(const Place& place, Then then) {
  return {.name = fmt::format("{} {}", name_of(then), place.name),
          .reply = [=](const Exchange& exchange) -> std::optional<Reply> {
            if (place.in_body && !has_body(exchange)) return std::nullopt;
            // No output at all is a good end, and what comes after tells.
            if (place.name == "after the head" && then == Then::close && exchange.ends_with_connection())
              return std::nullopt;
            const std::string bytes = exchange.good().bytes;
            return Reply{.bytes = bytes.substr(0, place.length(bytes)), .then = then};
          },
          // A line that has not ended is no line.
          .expected =
              [=](const Exchange&) {
                return expected_of(then,
                                   place.name != "before the answer" && place.name != "in the status line");
              }};
}

Fault refuse(int status, const std::string& body, const std::string& says) {
  return {.name = fmt::format("status {}", status),
          .reply = [=](const Exchange& exchange) -> std::optional<Reply> {
            return test::answer(status, exchange.method == "HEAD" ? "" : body);
          },
          .expected = [=](const Exchange& exchange) -> Expected {
            if (exchange.fine.contains(status)) return {};
            if (exchange.kind == Answer::documents) return {.code = "E-PULL", .says = says};
            return {.code = status == 409 ? "E-ENGINE-CONFLICT" : "E-ENGINE",
                    .says = status == 404 ? says : fmt::format("(status {})", status)};
          }};
}

// An answer that is whole for HTTP, and wrong in what it says.
Fault say(const std::string& name, const std::function<std::optional<std::string>(const Exchange&)>& words) {
  return {.name = name,
          .reply = [words](const Exchange& exchange) -> std::optional<Reply> {
            const auto other = words(exchange);
            if (!other || exchange.kind == Answer::headers) return std::nullopt;
            return exchange.with_body(*other);
          },
          .expected = [name](const Exchange& exchange) -> Expected {
            const bool told = name == "an error inside" || name == "no words";
            if (exchange.kind == Answer::documents && told) return {.code = "E-PULL"};
            const bool short_answer = exchange.kind == Answer::json || exchange.kind == Answer::nothing;
            return {.code = short_answer ? "E-ENGINE" : "E-ENGINE-STREAM"};
          }};
}

// Any object may be a document of progress.
std::optional<std::string> empty_object(const Exchange& exchange) {
  if (exchange.kind == Answer::documents) return std::nullopt;
  return "{}";
}

// A command may have no output.
std::optional<std::string> no_words(const Exchange& exchange) {
  if (!has_body(exchange) || exchange.kind == Answer::frames) return std::nullopt;
  return "";
}

std::optional<std::string> half_the_words(const Exchange& exchange) {
  if (!has_body(exchange)) return std::nullopt;
  return exchange.body.substr(0, (exchange.body.size() + 1) / 2);
}

std::optional<std::string> all_but_the_last(const Exchange& exchange) {
  if (!has_body(exchange)) return std::nullopt;
  return exchange.body.substr(0, exchange.body.size() - 1);
}

std::optional<std::string> error_inside(const Exchange& exchange) {
  if (!exchange.error_inside.empty()) return exchange.error_inside;
  if (exchange.kind == Answer::frames) return exchange.body + std::string("\3\0\0\0\0\0\0\11disk full", 17);
  if (exchange.kind == Answer::documents) return exchange.body + R"({"errorDetail":{"message":"disk full"}})";
  if (exchange.kind == Answer::archive) return exchange.body + R"({"message":"disk full"})";
  return R"({"message":"disk full"})";
}

}  // namespace

const std::vector<Fault>& faults() {
  static const std::vector<Fault> all = [] {
    std::vector<Fault> list;
    for (const Place& place : places()) {
      for (const Then then : {Then::close, Then::reset, Then::hang}) list.push_back(break_off(place, then));
    }
    list.push_back(refuse(301, "", "the engine gave no reason"));
    list.push_back(refuse(304, "", "the engine gave no reason"));
    list.push_back(refuse(404, R"({"message":"no such thing"})", "no such "));
    list.push_back(refuse(409, R"({"message":"in use"})", "in use"));
    list.push_back(refuse(500, R"({"message":"disk\n\u001b[1mfull"})", "disk ?[1mfull"));
    list.push_back(refuse(502, "Bad Gateway\n", "Bad Gateway"));
    list.push_back(say("no JSON", [](const Exchange&) { return "<html>"; }));
    list.push_back(say("a number", [](const Exchange&) { return "42"; }));
    list.push_back(say("an empty object", empty_object));
    list.push_back(say("no words", no_words));
    list.push_back(say("half the words", half_the_words));
    list.push_back(say("all but the last byte", all_but_the_last));
    list.push_back(say("an error inside", error_inside));
    return list;
  }();
  return all;
}

}  // namespace pgupgrade::docker
