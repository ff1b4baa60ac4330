#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgupgrade/base/cancel.hpp"
#include "pgupgrade/base/clock.hpp"
#include "pgupgrade/cli/text/meter.hpp"
#include "pgupgrade/cli/text/style.hpp"
#include "pgupgrade/cli/view/live_block.hpp"
#include "pgupgrade/upgrade/run/listener.hpp"

namespace pgupgrade::cli {

// Where a view writes; receives whole lines or whole redraws.
using Write = std::function<void(std::string_view)>;

// What shows a run while it goes. All calls may come from two threads: the one that runs, and the one that
// ticks. Names from outside are made printable here.
class View : public upgrade::Listener {
 public:
  // A thing looked at while observing, before there is a plan.
  virtual void looking(const std::string& what) = 0;
  // Time has passed: heartbeat, spinner, word of a requested stop.
  virtual void tick() = 0;
  // Leaves the screen as text may follow on it.
  virtual void finish() = 0;
};

// A line a change, and one every 30 s while a step lasts.
class PlainView final : public View {
 public:
  PlainView(Write write, Clock& clock, const Cancellation& cancellation);
  void looking(const std::string& what) override;
  void step(const upgrade::StepEvent& event) override;
  void progress(const upgrade::Progress& progress) override;
  void message(const Diagnostic& diagnostic) override;
  void waiting(const upgrade::Waiting& waiting) override;
  void tick() override;
  void finish() override {}

 private:
  void line(const std::string& text);

  Write write_;
  Clock& clock_;
  const Cancellation& cancellation_;
  std::mutex mutex_;
  LiveState state_;
  std::chrono::milliseconds last_line_{0};
  std::optional<std::chrono::milliseconds> last_waiting_;
  bool told_to_stop_ = false;
};

// One live block, redrawn at most 10 times a second.
class TerminalView final : public View {
 public:
  // `style` is asked before each redraw: the window may have changed its size.
  TerminalView(Write write, std::function<Style()> style, Clock& clock, const Cancellation& cancellation);
  ~TerminalView() override;
  TerminalView(const TerminalView&) = delete;
  TerminalView& operator=(const TerminalView&) = delete;
  void looking(const std::string& what) override;
  void step(const upgrade::StepEvent& event) override;
  void progress(const upgrade::Progress& progress) override;
  void message(const Diagnostic& diagnostic) override;
  void waiting(const upgrade::Waiting& waiting) override;
  void tick() override;
  void finish() override;

 private:
  enum class Urgency { now, when_due };
  void redraw(Urgency urgency);
  std::string erasure() const;

  Write write_;
  std::function<Style()> style_;
  Clock& clock_;
  const Cancellation& cancellation_;
  std::mutex mutex_;
  LiveState state_;
  std::string looking_at_;
  std::vector<std::string> drawn_;  // the lines on the screen
  std::optional<std::chrono::milliseconds> last_draw_;
  bool cursor_hidden_ = false;
};

// One event a line; progress at most once a second.
class JsonView final : public View {
 public:
  JsonView(Write write, Clock& clock);
  void looking(const std::string&) override {}
  void step(const upgrade::StepEvent& event) override;
  void progress(const upgrade::Progress& progress) override;
  void message(const Diagnostic& diagnostic) override;
  void waiting(const upgrade::Waiting& waiting) override;
  void tick() override {}
  void finish() override {}

 private:
  void line(const std::string& event);

  Write write_;
  Clock& clock_;
  std::mutex mutex_;
  Meter meter_;
  std::string metered_;
  std::optional<std::chrono::milliseconds> last_progress_;
};

// Passes everything on to two observers, in order.
class BothObservers final : public upgrade::Listener {
 public:
  BothObservers(upgrade::Listener& first, upgrade::Listener& second) : first_(first), second_(second) {}
  void step(const upgrade::StepEvent& event) override {
    first_.step(event);
    second_.step(event);
  }
  void progress(const upgrade::Progress& progress) override {
    first_.progress(progress);
    second_.progress(progress);
  }
  void message(const Diagnostic& diagnostic) override {
    first_.message(diagnostic);
    second_.message(diagnostic);
  }
  void waiting(const upgrade::Waiting& waiting) override {
    first_.waiting(waiting);
    second_.waiting(waiting);
  }

 private:
  upgrade::Listener& first_;
  upgrade::Listener& second_;
};

// Calls view.tick() from a thread of its own while it lives. The thread takes no signals.
class Ticker {
 public:
  Ticker(View& view, std::chrono::milliseconds interval);
  ~Ticker();
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pgupgrade::cli
