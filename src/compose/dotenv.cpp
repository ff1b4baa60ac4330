#include "compose/dotenv.hpp"

#include <algorithm>
#include <string_view>

namespace pgupgrade::compose {

namespace {

constexpr std::string_view kExport = "export";

class Reader {
 public:
  Reader(const std::string& path, const std::string& text) : path_(path), text_(text) {
    if (text.compare(0, 3, "\xEF\xBB\xBF") == 0) at_ = 3;
  }

  std::vector<Assignment> run() {
    std::vector<Assignment> result;
    while (at_ < text_.size()) {
      Assignment found;
      if (read_name(found.name)) {
        found.file = path_;
        read_value(found);
        result.push_back(std::move(found));
      }
      skip_line();
    }
    return result;
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t'; }
  static bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  }

  bool at_end() const { return at_ >= text_.size(); }
  void skip_blanks() {
    while (!at_end() && is_blank(text_[at_])) ++at_;
  }
  void skip_line() {
    const auto end = text_.find('\n', at_);
    at_ = end == std::string::npos ? text_.size() : end + 1;
  }

  // Up to and with the `=` (or `:`, which Compose takes as well).
  bool read_name(std::string& name) {
    skip_blanks();
    if (text_.compare(at_, kExport.size(), kExport) == 0 && at_ + kExport.size() < text_.size() &&
        is_blank(text_[at_ + kExport.size()])) {
      at_ += kExport.size();
      skip_blanks();
    }
    const std::size_t start = at_;
    while (!at_end() && is_name(text_[at_])) ++at_;
    name = text_.substr(start, at_ - start);
    skip_blanks();
    if (name.empty() || at_end() || (text_[at_] != '=' && text_[at_] != ':')) return false;
    ++at_;
    skip_blanks();
    return true;
  }

  void read_value(Assignment& found) {
    const char quote = at_end() ? '\0' : text_[at_];
    if (quote == '\'' || quote == '"') {
      read_quoted(found, quote);
      return;
    }
    const std::size_t line_end = std::min(text_.find('\n', at_), text_.size());
    std::size_t end = line_end;
    for (std::size_t i = at_; i < line_end; ++i) {
      // A comment begins with a blank and `#`.
      if (text_[i] == '#' && i > at_ && is_blank(text_[i - 1])) {
        end = i;
        break;
      }
    }
    while (end > at_ && (is_blank(text_[end - 1]) || text_[end - 1] == '\r')) --end;
    take(found, end);
    at_ = line_end;
  }

  void read_quoted(Assignment& found, char quote) {
    ++at_;
    found.interpolated = quote == '"';
    std::size_t end = at_;
    while (end < text_.size() && text_[end] != quote) end += text_[end] == '\\' ? 2U : 1U;
    end = std::min(end, text_.size());
    take(found, end);
    at_ = end;
  }

  void take(Assignment& found, std::size_t end) const {
    found.offset = at_;
    found.line =
        static_cast<int>(std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n')) +
        1;
    found.value = text_.substr(at_, end - at_);
    found.verbatim = found.value.find('\\') == std::string::npos;
  }

  const std::string& path_;
  const std::string& text_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Assignment> parse_dotenv(const std::string& path, const std::string& text) {
  return Reader(path, text).run();
}

}  // namespace pgupgrade::compose
