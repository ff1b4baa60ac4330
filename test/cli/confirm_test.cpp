#include "pgupgrade/cli/arguments/confirm.hpp"

#include <csignal>
#include <sstream>

#include "cli/samples.hpp"
#include "pgupgrade/cli/process/real_world.hpp"
#include "pgupgrade/cli/process/signals.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace pgupgrade;
using namespace pgupgrade::cli;
using namespace pgupgrade::cli::test;

TEST_CASE("what is typed is the name of what will be emptied") {
  Plan plan = shop_plan();
  REQUIRE(confirmation_phrase(plan).noun == "name of the volume");
  REQUIRE(confirmation_phrase(plan).text == "shop_pgdata");
  plan.targets.front().data_mount = {MountKind::bind, "/srv/data", "/var/lib/postgresql/data", false};
  REQUIRE(confirmation_phrase(plan).noun == "path of the data directory");
  REQUIRE(confirmation_phrase(plan).text == "/srv/data");
  plan.targets.push_back(plan.targets.front());
  REQUIRE(confirmation_phrase(plan).noun == "name of the project");
  REQUIRE(confirmation_phrase(plan).text == "shop");
}

TEST_CASE("consent is given by typing the phrase or by the flag") {
  const auto consent = [](bool yes, bool terminal, const std::string& typed, std::string* shown = nullptr) {
    std::istringstream in(typed);
    std::ostringstream out;
    const Consent result =
        ask({.yes = yes, .terminal = terminal, .in = in, .out = out}, {"name of the volume", "shop_pgdata"});
    if (shown != nullptr) *shown = out.str();
    return result;
  };
  std::string shown;
  REQUIRE(consent(false, true, "shop_pgdata\n", &shown) == Consent::given);
  REQUIRE(shown == "Type the name of the volume (shop_pgdata) to continue: ");
  REQUIRE(consent(false, true, "  shop_pgdata \n") == Consent::given);
  REQUIRE(consent(false, true, "yes\n") == Consent::refused);
  REQUIRE(consent(false, true, "\n") == Consent::refused);
  REQUIRE(consent(false, true, "") == Consent::refused);
  REQUIRE(consent(false, false, "shop_pgdata\n") == Consent::impossible);
  REQUIRE(consent(true, false, "", &shown) == Consent::given);
  REQUIRE(shown.empty());
}

TEST_CASE("the socket root is short and exists") {
  const pgupgrade::test::TemporaryDirectory directory;
  REQUIRE(socket_root({}) == "/tmp");
  REQUIRE(socket_root({{"XDG_RUNTIME_DIR", "relative"}}) == "/tmp");
  REQUIRE(socket_root({{"XDG_RUNTIME_DIR", "/nowhere/at/all"}}) == "/tmp");
  REQUIRE(socket_root({{"XDG_RUNTIME_DIR", "/var/tmp"}}) == "/var/tmp");
  const auto deep = directory / std::string(60, 'd');
  std::filesystem::create_directory(deep);
  REQUIRE(socket_root({{"XDG_RUNTIME_DIR", deep.native()}}) == "/tmp");
}

TEST_CASE("the first signal requests a stop") {
  static Cancellation cancellation;
  install_signals(cancellation);
  REQUIRE(std::raise(SIGPIPE) == 0);
  REQUIRE_FALSE(cancellation.requested());
  REQUIRE(std::raise(SIGTERM) == 0);
  REQUIRE(cancellation.signal_number() == SIGTERM);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, SIG_DFL);
  std::signal(SIGHUP, SIG_IGN);
  install_signals(cancellation);
  struct sigaction hang_up {};
  REQUIRE(sigaction(SIGHUP, nullptr, &hang_up) == 0);
  REQUIRE(hang_up.sa_handler == SIG_IGN);  // as nohup(1) wants it
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, SIG_DFL);
  REQUIRE(exit_code_of_signal(SIGINT) == 130);
  REQUIRE(exit_code_of_signal(SIGTERM) == 143);
}
