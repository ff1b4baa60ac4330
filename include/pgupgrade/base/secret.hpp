#pragma once

#include <string>
#include <string_view>
#include <vector>

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

// Replaces every known secret (of 4 characters and more) in a text by "***"; for logs and messages.
class Redactor {
 public:
  void learn(const Secret& secret);
  std::string apply(std::string_view text) const;

 private:
  std::vector<Secret> secrets_;  // longest first
};

}  // namespace pgupgrade
