// Settings whose values may have a password in them: they stay out of the plan, which is shown and kept.
#pragma once

#include <map>
#include <string>

#include "pgupgrade/model/inventory.hpp"

namespace pgupgrade::upgrade {

// Takes the values out of the settings that may have a password in them.
void hide_passwords(Inventory& inventory);

bool is_hidden(const SettingFacts& setting);

// Name -> value of those settings of configuration files that the plan hides, as the server tells them now.
std::map<std::string, std::string> hidden_values(const Inventory& planned, const Inventory& now);

}  // namespace pgupgrade::upgrade
