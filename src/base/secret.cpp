#include "pgupgrade/base/secret.hpp"

#include <openssl/crypto.h>

#include <utility>

namespace pgupgrade {

namespace {

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

}  // namespace pgupgrade
