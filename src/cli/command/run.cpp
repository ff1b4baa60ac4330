#include "pgupgrade/cli/command/run.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <iostream>

#include "cli/command/commands.hpp"
#include "pgupgrade/cli/process/signals.hpp"
#include "pgupgrade/cli/view/events.hpp"

namespace pgupgrade::cli {

namespace {

Look look_for(OutputMode mode, const Environment& environment) {
  if (mode == OutputMode::json) return Look::json;
  const bool live = mode == OutputMode::automatic && can_redraw(STDERR_FILENO, environment);
  return live ? Look::terminal : Look::plain;
}

Session make_session(Environment environment, Clock& clock, const Cancellation& cancellation) {
  Session session{.arguments = {},
                  .environment = std::move(environment),
                  .directory = std::filesystem::current_path(),
                  .clock = clock,
                  .cancellation = cancellation,
                  .in = std::cin,
                  .out = std::cout,
                  .err = std::cerr};
  session.can_ask = isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0;
  return session;
}

void dress(Session& session) {
  const auto wish = session.arguments.no_color ? ColorWish::never : ColorWish::automatic;
  session.look = look_for(session.arguments.output, session.environment);
  session.out_style = style_for(STDOUT_FILENO, session.environment, wish);
  session.err_style = [environment = session.environment, wish] {
    return style_for(STDERR_FILENO, environment, wish);
  };
}

// What is opened next would take the place of a stream that came closed, and be written into.
void open_closed_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(stream, F_GETFD) == -1 && errno == EBADF)
      static_cast<void>(open("/dev/null", stream == STDIN_FILENO ? O_RDONLY : O_WRONLY));
}

int guarded(Session& session, const std::vector<std::string>& words) {
  try {
    session.arguments.output =
        asks_for_json(words, session.environment) ? OutputMode::json : OutputMode::automatic;
    dress(session);
    const Invocation invocation = parse_arguments(words, session.environment);
    if (!invocation.arguments) {
      session.out << invocation.text << std::flush;
      return 0;
    }
    session.arguments = *invocation.arguments;
    dress(session);
    if (session.json()) session.out << version_event(session.clock.unix_ms()) << std::endl;
    return perform(session);
  } catch (const std::exception& exception) {
    return report_error(session, as_error(exception));
  }
}

}  // namespace

int perform(Session& session) {
  switch (session.arguments.command) {
    case Command::upgrade:
    case Command::plan:
    case Command::prepare:
    case Command::dump:
      return upgrade_command(session);
    case Command::rehearse:
      return session.arguments.migrate.into.empty() ? rehearse_command(session) : alternate_command(session);
    case Command::apply:
      return apply_command(session);
    case Command::run:
    case Command::resume:
      return resume_command(session);
    case Command::wipe:
    case Command::load:
      return part_command(session);
    case Command::roll_back:
    case Command::cancel:
      return rollback_command(session);
    case Command::status:
      return status_command(session);
    case Command::report:
      return report_command(session);
    case Command::clean_up:
      return cleanup_command(session);
    case Command::migrate:
      return migrate_command(session);
    case Command::compare:
      return compare_command(session);
    case Command::unlock:
      return unlock_command(session);
    case Command::verify_backup:
      return verify_backup_command(session);
    case Command::doctor:
      return doctor_command(session);
    case Command::completion:
      return completion_command(session);
    case Command::explain:
      return explain_command(session);
    case Command::manual:
      return manual_command(session);
  }
  return 1;
}

int run(int argc, char** argv) {
  // Static: signals may come until the very end of the process.
  static Cancellation cancellation;
  static SystemClock clock;
  try {
    open_closed_streams();
    install_signals(cancellation);
    Session session = make_session(current_environment(), clock, cancellation);
    session.connect = [&session]() -> std::unique_ptr<Connection> {
      return std::make_unique<RealWorld>(session.environment, session.clock, session.cancellation);
    };
    return guarded(session, {argv + (argc > 0 ? 1 : 0), argv + argc});
  } catch (const std::exception& exception) {
    std::cerr << "error[E-INTERNAL]: cannot report: " << exception.what() << "\n";
    return 1;
  }
}

}  // namespace pgupgrade::cli
