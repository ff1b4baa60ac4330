#pragma once

#include <string>

#include "pgupgrade/base/error.hpp"

namespace pgupgrade::compose {

// What the editor throws for all that it cannot rewrite surely.
inline Error refusal(const std::string& message, std::string hint) {
  return Error(ErrorKind::refused, "E-COMPOSE-EDIT", message, std::move(hint));
}

}  // namespace pgupgrade::compose
