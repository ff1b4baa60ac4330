#include "upgrade/sandbox/hidden_settings.hpp"

#include "support/catch.hpp"
#include "support/world/scene.hpp"

namespace pgupgrade::test {

namespace {

bool hides(const std::string& name, const std::string& value) {
  Inventory inventory;
  inventory.settings = {{.name = name, .value = value}};
  upgrade::hide_passwords(inventory);
  const bool hidden = upgrade::is_hidden(inventory.settings[0]);
  CHECK((inventory.settings[0].value == value) == !hidden);
  return hidden;
}

}  // namespace

TEST_CASE("values that may have a password in them are hidden and no others") {
  CHECK(hides("primary_conninfo", "host=other user=replicator"));
  CHECK(hides("ssl_passphrase_command", "echo word"));
  CHECK(hides("archive_command", "curl -u x postgresql://u:word@h/%f"));
  CHECK(hides("archive_command", "PASSWORD=word send %p"));
  CHECK(hides("app.jwt_secret", "word"));
  CHECK_FALSE(hides("password_encryption", "scram-sha-256"));
  CHECK_FALSE(hides("work_mem", "16MB"));
  CHECK_FALSE(hides("archive_command", "curl https://host:80/%f"));
  CHECK_FALSE(hides("primary_conninfo", ""));
}

TEST_CASE("a hidden value is carried over all the same") {
  Scene scene;
  auto& setting = scene.plan.targets.at(0).inventory.settings.at(0);
  REQUIRE(setting.name == "max_connections");
  setting.value = "(hidden)";
  REQUIRE(upgrade::is_hidden(setting));
  scene.start();
  CHECK(scene.wrong_after_success().empty());
}

}  // namespace pgupgrade::test
