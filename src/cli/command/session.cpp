#include "cli/command/session.hpp"

#include <fmt/format.h>

#include <ostream>

#include "cli/command/alternate_text.hpp"
#include "pgupgrade/cli/arguments/confirm.hpp"
#include "pgupgrade/cli/arguments/locate.hpp"
#include "pgupgrade/cli/text/render_migration.hpp"
#include "pgupgrade/cli/view/events.hpp"
#include "pgupgrade/upgrade/command/commands.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"

namespace pgupgrade::cli {

namespace {

std::unique_ptr<View> make_view(Session& session) {
  const auto to = [](std::ostream& stream) {
    return [&stream](std::string_view text) { stream << text << std::flush; };
  };
  if (session.look == Look::json) return std::make_unique<JsonView>(to(session.out), session.clock);
  if (session.look == Look::terminal)
    return std::make_unique<TerminalView>(to(session.err), session.err_style, session.clock,
                                          session.cancellation);
  return std::make_unique<PlainView>(to(session.err), session.clock, session.cancellation);
}

struct Standing {
  Situation situation;
  RunStanding run = RunStanding::none;
};

// A run that was refused before its first record has left no file: nothing was touched.
Standing standing_of(const Session& session) {
  Standing result;
  std::error_code ignored;
  if (session.state_file.empty() || !std::filesystem::exists(session.state_file, ignored)) return result;
  result.run = RunStanding::resumable;
  try {
    if (session.state_file.filename() == migrate::kAlternateFile) {
      const migrate::AlternateState state = migrate::read_alternate(session.state_file);
      result.situation = situation_of(state, session.arguments);
      const bool touched = !state.applied.empty() || !state.under_way.empty();
      if (!touched) result.run = RunStanding::none;
      return result;
    }
    if (is_migration(session.state_file)) {
      const migrate::State state = migrate::load(session.state_file);
      result.situation = situation_of(state, session.state_file, session.directory);
      if (state.outcome == RunOutcome::rolled_back) result.run = RunStanding::rolled_back;
      return result;
    }
    const upgrade::Journal journal = upgrade::Journal::open_file(session.state_file);
    result.situation.data = upgrade::data_state(journal.state());
    result.situation.next = upgrade::next_commands(journal.state(), session.state_file);
    // Where a command has failed, the way back is still wanted.
    if (journal.state().outcome == RunOutcome::succeeded)
      std::erase_if(result.situation.next,
                    [](const std::string& command) { return command.starts_with("pgupgrade cleanup"); });
    if (std::filesystem::exists(journal.files().log(), ignored))
      result.situation.log = short_path(journal.files().log().native(), session.directory.native());
    if (journal.state().outcome == RunOutcome::rolled_back) result.run = RunStanding::rolled_back;
  } catch (const Error&) {
    result.situation.data = "not known: the run's state cannot be read";
  }
  return result;
}

}  // namespace

Screen::Screen(Session& session) : view_(make_view(session)) {
  const auto interval = std::chrono::milliseconds(session.look == Look::terminal ? 100 : 1'000);
  ticker_ = std::make_unique<Ticker>(*view_, interval);
}

Screen::~Screen() {
  ticker_.reset();
  try {
    view_->finish();
  } catch (...) {  // NOLINT(bugprone-empty-catch): there is no screen to leave clean
  }
}

void tell(Session& session, const std::string& text, const std::function<std::string(std::int64_t)>& event) {
  if (session.json())
    session.out << event(session.clock.unix_ms()) << std::endl;
  else
    session.out << text << std::flush;
}

void require_consent(Session& session, const std::string& noun, const std::string& phrase) {
  const bool terminal = session.can_ask && !session.json();
  const Consent consent =
      ask({.yes = session.arguments.yes, .terminal = terminal, .in = session.in, .out = session.err},
          {.noun = noun, .text = phrase});
  if (consent == Consent::given) return;
  session.cancellation.throw_if_requested();
  if (consent == Consent::refused)
    throw Error(ErrorKind::usage, "E-CONFIRM", fmt::format("the text does not match the {}", noun),
                "nothing has been changed; start over when you are ready");
  throw Error(ErrorKind::usage, "E-CONFIRM", "cannot ask for confirmation: not a terminal",
              "review the plan, then pass --yes");
}

int report_error(Session& session, const Error& error, std::optional<int> own_code) {
  const Standing standing = standing_of(session);
  const int code = own_code.value_or(exit_code(error, standing.run, session.cancellation.signal_number()));
  session.err << error_text(error, standing.situation, session.err_style()) << std::flush;
  if (session.json())
    session.out << error_summary(error, standing.situation, code, session.clock.unix_ms()) << std::endl;
  return code;
}

}  // namespace pgupgrade::cli
