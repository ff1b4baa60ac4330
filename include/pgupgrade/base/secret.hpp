#pragma once

#include <string>

namespace pgupgrade {

// A password or a verifier. Cannot be streamed, formatted or compared by accident; wiped on destruction.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value);
  Secret(const Secret&) = default;
  Secret& operator=(const Secret& other);
  Secret(Secret&&) noexcept = default;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  const std::string& reveal() const { return value_; }  // the one way to the plaintext
  bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};

}  // namespace pgupgrade
