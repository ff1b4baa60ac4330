#include "upgrade/sandbox/hidden_settings.hpp"

#include <algorithm>

#include "pgupgrade/base/text.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr const char* kHidden = "(hidden)";

// "scheme://user:password@host" somewhere in the text.
bool has_login_in_url(const std::string& text) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string::npos) return false;
  const std::size_t at = text.find('@', scheme);
  const std::size_t colon = text.find(':', scheme + 3);
  return at != std::string::npos && colon < at;
}

bool may_have_password(const SettingFacts& setting) {
  const std::string name = lower(setting.name);
  if (name == "primary_conninfo" || name == "ssl_passphrase_command") return true;
  for (const char* word : {"password", "passphrase", "secret", "token"}) {
    if (name.find(word) != std::string::npos && name != "password_encryption") return true;
    if (lower(setting.value).find(word) != std::string::npos) return true;
  }
  return has_login_in_url(setting.value);
}

}  // namespace

// An empty value tells nothing, and it is the default of most.
void hide_passwords(Inventory& inventory) {
  for (SettingFacts& setting : inventory.settings)
    if (!setting.value.empty() && may_have_password(setting)) setting.value = kHidden;
}

bool is_hidden(const SettingFacts& setting) {
  return setting.value == kHidden;
}

std::map<std::string, std::string> hidden_values(const Inventory& planned, const Inventory& now) {
  std::map<std::string, std::string> values;
  for (const SettingFacts& setting : now.settings) {
    const bool hidden = std::any_of(
        planned.settings.begin(), planned.settings.end(),
        [&](const SettingFacts& other) { return other.name == setting.name && is_hidden(other); });
    if (hidden && setting.origin == SettingFacts::Origin::configuration_file)
      values[setting.name] = setting.value;
  }
  return values;
}

}  // namespace pgupgrade::upgrade
