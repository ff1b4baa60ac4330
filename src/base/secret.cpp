#include "pgupgrade/base/secret.hpp"

#include <openssl/crypto.h>

#include <algorithm>

namespace pgupgrade {

namespace {

constexpr std::size_t kShortestRedacted = 4;  // shorter ones would blot out ordinary words

// The whole buffer, not only the text: a string that was moved from or shortened still holds its bytes.
void wipe(std::string& text) {
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

}  // namespace

Secret::Secret(std::string value) : value_(value) {
  wipe(value);
}

// By way of a copy, since growing the string in place would free the old buffer unwiped.
Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    Secret copy(other);
    *this = std::move(copy);
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe(value_);
    value_.swap(other.value_);
  }
  return *this;
}

Secret::~Secret() {
  wipe(value_);
}

void Redactor::learn(const Secret& secret) {
  if (secret.reveal().size() < kShortestRedacted) return;
  const auto same = [&](const Secret& known) { return known.reveal() == secret.reveal(); };
  if (std::any_of(secrets_.begin(), secrets_.end(), same)) return;
  const auto shorter = [&](const Secret& known) { return known.reveal().size() < secret.reveal().size(); };
  secrets_.insert(std::find_if(secrets_.begin(), secrets_.end(), shorter), secret);
}

std::string Redactor::apply(std::string_view text) const {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const auto begins = [&](const Secret& known) { return text.starts_with(known.reveal()); };
    const auto found = std::find_if(secrets_.begin(), secrets_.end(), begins);
    if (found == secrets_.end()) {
      result += text.front();
      text.remove_prefix(1);
    } else {
      result += "***";
      text.remove_prefix(found->reveal().size());
    }
  }
  return result;
}

}  // namespace pgupgrade
