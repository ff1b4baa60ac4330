#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

#include "pgupgrade/base/environment.hpp"
#include "pgupgrade/cli/arguments/arguments.hpp"
#include "pgupgrade/cli/process/real_world.hpp"
#include "pgupgrade/cli/text/error_text.hpp"
#include "pgupgrade/cli/text/style.hpp"
#include "pgupgrade/cli/view/views.hpp"

namespace pgupgrade::cli {

enum class Look { terminal, plain, json };

// What a command works with: everything that `run` takes from the process, so that tests can give others.
struct Session {
  Arguments arguments;
  Environment environment;
  std::filesystem::path directory;  // the current one
  Clock& clock;
  const Cancellation& cancellation;
  std::istream& in;
  std::ostream& out;  // what was asked for: plan, summary, events
  std::ostream& err;  // progress, questions, errors
  Look look = Look::plain;
  bool can_ask = false;  // somebody can type an answer
  Style out_style;
  std::function<Style()> err_style;  // asked again for each redraw
  std::function<std::unique_ptr<Connection>()> connect;

  std::filesystem::path state_file;  // of the run that the command works on, once it is known

  bool json() const { return look == Look::json; }
};

// A view with the thread that ticks for it. Ends with the screen left clean.
class Screen {
 public:
  explicit Screen(Session& session);
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  View& view() { return *view_; }

 private:
  std::unique_ptr<View> view_;
  std::unique_ptr<Ticker> ticker_;
};

// Prints text where people read it, or the event where programs do.
void tell(Session& session, const std::string& text, const std::function<std::string(std::int64_t)>& event);

// Asks, or throws Error(usage, "E-CONFIRM").
void require_consent(Session& session, const std::string& noun, const std::string& phrase);

// Tells an error with what the run's state knows about it; returns the exit code: `code` where the command
// has one of its own.
int report_error(Session& session, const Error& error, std::optional<int> code = std::nullopt);

}  // namespace pgupgrade::cli
