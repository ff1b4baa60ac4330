#include <algorithm>

#include "fuzz/targets.hpp"
#include "pgupgrade/base/error.hpp"

namespace pgupgrade::test::fuzz {

void hold(bool holds, const std::string& what) {
  if (!holds) throw Broken(what);
}

std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    hold(!error.code().empty() && *error.what() != '\0', "an error has a code and a message");
    return error.code();
  }
  return {};
}

std::string refusal(const std::vector<std::string>& codes, const std::function<void()>& action) {
  std::string code = refusal(action);
  hold(code.empty() || std::find(codes.begin(), codes.end(), code) != codes.end(),
       "an error of another code than the header says: " + code);
  return code;
}

void in_pieces(std::string_view input, std::size_t longest,
               const std::function<void(std::string_view)>& take) {
  if (longest == 0) return take(input);
  for (std::size_t step = input.size(); !input.empty(); step = step * 7 + 13) {
    const std::size_t length = std::min(step % longest + 1, input.size());
    take(input.substr(0, length));
    input.remove_prefix(length);
  }
}

std::vector<std::string> parts_of(std::string_view input, std::size_t count) {
  std::vector<std::string> parts;
  for (std::size_t end = 0; end != std::string_view::npos;
       input.remove_prefix(std::min(end, input.size() - 1) + 1)) {
    end = input.find('\0');
    parts.emplace_back(input.substr(0, end));
    if (end == std::string_view::npos) break;
  }
  parts.resize(std::max(parts.size(), count));
  return parts;
}

std::string with_one_byte_changed(std::string text) {
  std::size_t at = 7;
  for (const char c : text) at = at * 31 + static_cast<unsigned char>(c);
  if (!text.empty()) text[at % text.size()] = static_cast<char>(text[at % text.size()] ^ 1);
  return text;
}

}  // namespace pgupgrade::test::fuzz
