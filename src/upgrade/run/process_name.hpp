#pragma once

#include <string>

namespace pgupgrade::upgrade {

// "user@host, process 123"
std::string this_process();
// "@host, process ": what a process of this host has in its name.
bool is_of_this_host(const std::string& process);

enum class Life { lives, gone, unknown };
// Of the process that a text begins with the name of. Only one of this very host can be asked.
Life life_of(const std::string& process);

}  // namespace pgupgrade::upgrade
