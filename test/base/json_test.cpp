#include "pgupgrade/base/json.hpp"

#include <boost/json.hpp>
#include <functional>

#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
namespace bj = boost::json;

namespace {

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::failed);
    CHECK(error.code() == "E-JSON");
    return error.what();
  }
  return "no error";
}

bj::object object_of(std::string_view text) {
  return json::parse(text, "the test").as_object();
}

}  // namespace

TEST_CASE("JSON getters give values and fallbacks") {
  const bj::object object = object_of(
      R"({"s":"text","i":-7,"b":true,"n":null,"list":["a","b"],"map":{"k":"v","none":null},"o":{},"big":9007199254740993})");
  CHECK(json::get_string(object, "s") == "text");
  CHECK(json::get_string_or(object, "n", "other") == "other");
  CHECK(json::get_int(object, "i") == -7);
  CHECK(json::get_int(object, "big") == 9007199254740993);
  CHECK(json::get_int_or(object, "none", 5) == 5);
  CHECK(json::get_bool_or(object, "b", false));
  CHECK(json::get_bool_or(object, "n", true));
  CHECK(json::get_strings(object, "list") == std::vector<std::string>{"a", "b"});
  CHECK(json::get_strings(object, "none").empty());
  CHECK(json::get_string_map(object, "map") == std::map<std::string, std::string>{{"k", "v"}});
  CHECK(json::find(object, "n") == nullptr);
  CHECK(json::find_object(object, "o") != nullptr);
  CHECK(json::find_object(object, "none") == nullptr);
  CHECK(json::find_array(object, "list")->size() == 2);
}

TEST_CASE("JSON errors name the key and what was expected") {
  const bj::object object =
      object_of(R"({"s":"text","i":1.5,"list":["a",2],"map":{"k":3},"huge":18446744073709551615})");
  CHECK(message_of([&] { json::get_string(object, "Id"); }) == "\"Id\": missing");
  CHECK(message_of([&] { json::get_string(object, "i"); }) == "\"i\": expected a string");
  CHECK(message_of([&] { json::get_int(object, "i"); }) == "\"i\": expected a whole number");
  CHECK(message_of([&] { json::get_int(object, "huge"); }) == "\"huge\": the number is too large");
  CHECK(message_of([&] { json::get_bool_or(object, "s", false); }) == "\"s\": expected a boolean");
  CHECK(message_of([&] { json::get_strings(object, "list"); }) == "\"list[1]\": expected a string");
  CHECK(message_of([&] { json::get_string_map(object, "map"); }) == "\"map.k\": expected a string");
  CHECK(message_of([&] { json::find_object(object, "s"); }) == "\"s\": expected an object");
  CHECK(message_of([&] { json::find_array(object, "s"); }) == "\"s\": expected an array");
  CHECK(message_of([&] { json::as_object(bj::value(1), "HostConfig"); }) ==
        "\"HostConfig\": expected an object");
}

TEST_CASE("text that is not one JSON document is refused by name") {
  for (const std::string text : {"", "{", "{} {}", "nope"}) {
    CHECK_THAT(message_of([&] { json::parse(text, "the engine's answer"); }),
               ContainsSubstring("could not parse the engine's answer: not valid JSON ("));
  }
}

TEST_CASE("pretty JSON is indented and reads back equal") {
  const bj::value value = json::parse(R"({"b":[1,{"x":"a\"b"},[]],"a":{},"n":null})", "the test");
  const std::string text = json::pretty(value);
  CHECK(text ==
        "{\n  \"b\": [\n    1,\n    {\n      \"x\": \"a\\\"b\"\n    },\n    []\n  ],\n  \"a\": {},\n  \"n\": "
        "null\n}\n");
  CHECK(json::parse(text, "the test") == value);
}

TEST_CASE("lists and maps of strings go to JSON and back") {
  const std::vector<std::string> list{"a", "", "ü"};
  const std::map<std::string, std::string> map{{"k", "v"}, {"empty", ""}};
  bj::object object;
  object["list"] = json::from_strings(list);
  object["map"] = json::from_string_map(map);
  CHECK(json::get_strings(object, "list") == list);
  CHECK(json::get_string_map(object, "map") == map);
}
