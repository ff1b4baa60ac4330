#include "pgupgrade/base/name_text.hpp"

#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;

TEST_CASE("any bytes become a text that JSON can hold, and come back") {
  for (const std::string& name :
       {std::string("größe"),
        std::string("gr\xF6\xDF"
                    "e"),
        std::string("%bytes:41"), std::string("50 %"), std::string(), std::string("\0\xFF", 2)}) {
    const std::string text = json_text(name);
    REQUIRE(is_utf8(text));
    REQUIRE(from_json_text(text) == name);
  }
  REQUIRE(json_text("größe") == "größe");
  REQUIRE(json_text("gr\xF6\xDF"
                    "e") == "%bytes:gr%F6%DFe");
}

TEST_CASE("what is not escaped as it should be is no name") {
  for (const char* text : {"%bytes:%", "%bytes:%4", "%bytes:%GG", "%bytes:%f6"})
    REQUIRE_FALSE(from_json_text(text));
}

TEST_CASE("any name becomes one component of a path, and no other name's") {
  CHECK(safe_file_name("shop_1-b") == "shop_1-b");
  CHECK(safe_file_name("..") == "%2E%2E");
  CHECK(safe_file_name("a/b") == "a%2Fb");
  CHECK(safe_file_name("a%2Fb") == "a%252Fb");
  CHECK(safe_file_name("ö\n") == "%C3%B6%0A");
  const std::string longer(300, '/');
  CHECK(safe_file_name(longer).size() <= 220);
  CHECK(safe_file_name(longer) != safe_file_name(longer + "x"));
}
