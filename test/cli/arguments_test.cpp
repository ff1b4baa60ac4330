#include "pgupgrade/cli/arguments/arguments.hpp"

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/text/style.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::cli;

namespace {

using Words = std::vector<std::string>;

Arguments parse(const Words& words, const Environment& environment = {}) {
  const Invocation invocation = parse_arguments(words, environment);
  REQUIRE(invocation.arguments.has_value());
  return *invocation.arguments;
}

std::string refusal(const Words& words, const Environment& environment = {}) {
  try {
    parse_arguments(words, environment);
  } catch (const Error& error) {
    REQUIRE(error.kind() == ErrorKind::usage);
    REQUIRE(error.code() == "E-USAGE");
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("without a command it is an upgrade") {
  Arguments expected;
  expected.compose = {"a.yml", "b.yml"};
  expected.to = 17;
  REQUIRE(parse({"--compose", "a.yml", "b.yml", "--to", "17"}) == expected);
  REQUIRE(parse({"upgrade", "-f", "a.yml", "-f", "b.yml", "--to=17"}) == expected);
}

TEST_CASE("every option of an upgrade reaches its field") {
  Arguments expected;
  expected.compose = {"c.yml"};
  expected.project_name = "shop";
  expected.profiles = {"a", "b"};
  expected.env_files = {"x.env"};
  expected.state_dir = "runs";
  expected.to = 18;
  expected.services = {"db", "db2"};
  expected.strategy = "dump";
  expected.backup = "aside";
  expected.at = "03:00";
  expected.image = "postgres:18";
  expected.old_image = "postgres:15";
  expected.password_file = "pw";
  expected.keep_md5 = true;
  expected.accept = {"E-DISK", "E-XATTR"};
  expected.jobs = 3;
  expected.dry_run = true;
  expected.detailed_exitcode = true;
  expected.verbose = true;
  expected.yes = true;
  expected.output = OutputMode::plain;
  expected.no_color = true;
  REQUIRE(parse({"--compose",
                 "c.yml",
                 "-p",
                 "shop",
                 "--profile",
                 "a",
                 "--profile",
                 "b",
                 "--env-file",
                 "x.env",
                 "--state-dir",
                 "runs",
                 "--to",
                 "18",
                 "--service",
                 "db",
                 "db2",
                 "--strategy",
                 "dump",
                 "--backup",
                 "aside",
                 "--old-image",
                 "postgres:15",
                 "--at",
                 "03:00",
                 "--image",
                 "postgres:18",
                 "--password-file",
                 "pw",
                 "--keep-md5",
                 "--accept",
                 "E-DISK",
                 "E-XATTR",
                 "--jobs",
                 "3",
                 "--dry-run",
                 "--detailed-exitcode",
                 "--verbose",
                 "-y",
                 "--output",
                 "plain",
                 "--no-color"}) == expected);
}

TEST_CASE("a container is named to whatever makes a plan") {
  for (const char* command : {"upgrade", "plan", "prepare", "rehearse"})
    REQUIRE(parse({command, "--container", "pg", "--to", "17"}).container == "pg");
}

TEST_CASE("each command is known by its name") {
  const std::vector<std::pair<Words, Command>> table = {
      {{"upgrade", "--to", "17"}, Command::upgrade},
      {{"plan", "--to", "17", "--rehearse", "--detailed-exitcode"}, Command::plan},
      {{"prepare", "--to", "17", "--strategy", "warm"}, Command::prepare},
      {{"rehearse", "--to", "17", "--run", "a.sql", "b.sql", "--database", "shop", "--keep"},
       Command::rehearse},
      {{"rehearse", "--from", "postgres://h/d", "--schema", "a", "b", "--into", "alt", "--run", "a.sql",
        "--apply"},
       Command::rehearse},
      {{"rehearse", "--from", "postgres://h/", "-d", "d", "--into", "alt", "--drop", "--yes"},
       Command::rehearse},
      {{"rehearse", "--compose", "a.yml", "--service", "db", "-d", "d", "--schema", "a", "--into", "alt",
        "--run", "a.sql"},
       Command::rehearse},
      {{"rehearse", "--container", "pg", "--into", "alt", "--drop"}, Command::rehearse},
      {{"run", "--yes"}, Command::run},
      {{"dump", "--to", "17", "--keep-dumps", "dumps"}, Command::dump},
      {{"wipe", "--yes"}, Command::wipe},
      {{"load", "--state", "s"}, Command::load},
      {{"cancel"}, Command::cancel},
      {{"resume", "--state", "s"}, Command::resume},
      {{"rollback", "--discard-new-writes"}, Command::roll_back},
      {{"apply", "plan.json", "--dry-run", "--rollback-on-failure"}, Command::apply},
      {{"status", "-f", "c.yml"}, Command::status},
      {{"report"}, Command::report},
      {{"report", "7f3a21bc", "--html", "r.html", "--json", "-"}, Command::report},
      {{"cleanup", "--yes"}, Command::clean_up},
      {{"unlock", "--yes"}, Command::unlock},
      {{"verify-backup", "db.tar.zst"}, Command::verify_backup},
      {{"doctor"}, Command::doctor},
      {{"completion", "zsh"}, Command::completion},
      {{"explain"}, Command::explain},
      {{"explain", "e-disk"}, Command::explain},
  };
  for (const auto& [words, command] : table) REQUIRE(parse(words).command == command);
  REQUIRE(parse({"verify-backup", "db.tar.zst"}).file == "db.tar.zst");
  REQUIRE(parse({"completion", "zsh"}).shell == "zsh");
  REQUIRE(parse({"plan", "--to", "17", "--out", "plan.json"}).plan_out == "plan.json");
  REQUIRE(parse({"apply", "plan.json"}).file == "plan.json");
  REQUIRE(parse({"report", "7f3a21bc"}).state == "7f3a21bc");
  REQUIRE(parse({"report", "--html", "r.html"}).report_html == "r.html");
  REQUIRE(parse({"report", "--json", "-"}).report_json == "-");
  REQUIRE_THROWS(parse({"apply"}));
  REQUIRE(parse({"rollback", "--discard-new-writes"}).discard_new_writes);
  REQUIRE(parse({"explain", "e-disk"}).code == "e-disk");
  REQUIRE_FALSE(parse({"rollback", "--yes"}).discard_new_writes);
  REQUIRE(parse({"resume", "--rollback-on-failure"}).rollback_on_failure);
  REQUIRE(parse({"run", "--at", "2026-12-01T03:00"}).at == "2026-12-01T03:00");
  REQUIRE(parse({"--to", "17"}).strategy == "auto");
  REQUIRE(parse({"plan", "--to", "17", "--all", "--keep-going"}).keep_going);
  REQUIRE(parse({"--to", "17", "--deep"}).deep);
  REQUIRE(parse({"cleanup", "--older-than", "30d"}).older_than == "30d");
}

TEST_CASE("every command accepts --yes, which scripts give to all of them") {
  for (const auto& command : describe_commands()) {
    Words words = {command.name, "--yes"};
    if (command.name == "upgrade" || command.name == "plan" || command.name == "prepare" ||
        command.name == "rehearse" || command.name == "dump")
      words.insert(words.end(), {"--to", "17"});
    if (command.takes_file) words.emplace_back("db.tar.zst");
    if (command.name == "completion") words.emplace_back("bash");
    INFO(command.name);
    CHECK(parse(words).yes);
  }
}

TEST_CASE("bad usage is refused with a message that names the word") {
  const std::vector<std::pair<Words, std::string>> table = {
      {{"--to", "9"}, "cannot use --to 9: a major version is a whole number from 10 to 99, such as 17"},
      {{"--to", "17.2"}, "cannot use --to 17.2: a major version is a whole number from 10 to 99, such as 17"},
      {{"--to", "100"}, "cannot use --to 100: a major version is a whole number from 10 to 99, such as 17"},
      {{"--to", "17", "--jobs", "0"}, "cannot use --jobs 0: it is a whole number from 1 to 256"},
      {{"plan"}, "cannot plan without a target version: --to is missing"},
      {{"--yes"}, "cannot upgrade without a target version: --to is missing"},
      {{"rehearse", "--to", "17", "--database", "shop"}, "cannot use --database without --run"},
      {{"rehearse", "--to", "17", "--schema", "s"}, "cannot use --schema without --into"},
      {{"rehearse", "--to", "17", "--dry-run"}, "cannot use --dry-run without --into"},
      {{"rehearse", "--to", "17", "--into", "alt"}, "cannot use --to together with --into"},
      {{"rehearse", "--from", "postgres://h/d", "--compose", "a.yml", "--into", "alt"},
       "cannot use --compose together with --from"},
      {{"rehearse", "--from", "postgres://h/d", "--service", "db", "--into", "alt"},
       "cannot use --service together with --from"},
      {{"rehearse", "--from", "postgres://h/d", "--container", "pg", "--into", "alt"},
       "cannot use --container together with --from"},
      {{"rehearse", "--service", "a", "b", "--into", "alt", "--drop"},
       "cannot use several services with --into"},
      {{"rehearse", "--into", "alt", "--run", "a.sql"}, "cannot rehearse: no schema is named"},
      {{"rehearse", "--into", "alt", "--schema", "s"}, "cannot rehearse: no script is named"},
      {{"rehearse", "--to", "17", "--backup-dir", "b"},
       "cannot use option --backup-dir: the command rehearse does not know it"},
      {{"upgrad"}, "could not find a command \"upgrad\""},
      {{"--to", "17", "status"}, "cannot use \"status\" here: the command comes first"},
      {{"status", "--frob"}, "cannot use option --frob: the command status does not know it"},
      {{"resume", "now"}, "cannot use argument now: the command resume does not know it"},
      {{"--to", "17", "--all", "--service", "db"}, "cannot use --all together with --service"},
      {{"--to", "17", "--container", "pg", "--compose", "c.yml"},
       "cannot use --container together with --compose"},
      {{"--to", "17", "--container", "pg", "--no-edit"}, "cannot use --container together with --no-edit"},
      {{"--to", "17", "--detailed-exitcode"}, "cannot use --detailed-exitcode without --dry-run"},
      {{"--to", "17", "--strategy", "magic"}, "cannot use --strategy magic: choose from auto, dump, warm"},
      {{"--to", "17", "--backup", "zip"}, "cannot use --backup zip: choose from tar, aside"},
      {{"--to", "17", "--output", "xml"}, "cannot use --output xml: it is auto, plain or json"},
      {{"completion", "tcsh"}, "cannot complete for \"tcsh\": it is bash, zsh or fish"},
  };
  for (const auto& [words, message] : table) REQUIRE(refusal(words) == message);
  REQUIRE_THAT(refusal({"--to"}), ContainsSubstring("could not understand the command line: --to"));
}

TEST_CASE("the environment serves what no flag has set") {
  const Environment environment = {
      {"PGUPGRADE_TO", "16"},  {"PGUPGRADE_COMPOSE", "a.yml:b.yml"}, {"PGUPGRADE_SERVICE", "db,other"},
      {"PGUPGRADE_YES", "1"},  {"PGUPGRADE_KEEP_MD5", "false"},      {"PGUPGRADE_OUTPUT", "json"},
      {"PGUPGRADE_JOBS", "5"}, {"PGUPGRADE_STATE_DIR", "runs"}};
  Arguments expected;
  expected.to = 16;
  expected.compose = {"a.yml", "b.yml"};
  expected.services = {"db", "other"};
  expected.yes = true;
  expected.output = OutputMode::json;
  expected.jobs = 5;
  expected.state_dir = "runs";
  REQUIRE(parse({"upgrade"}, environment) == expected);
  expected.to = 17;
  expected.compose = {"c.yml"};
  expected.jobs = 2;
  REQUIRE(parse({"upgrade", "--to", "17", "-f", "c.yml", "--jobs", "2"}, environment) == expected);
}

TEST_CASE("the separator of compose files is the one that Compose is told") {
  const Environment environment = {
      {"PGUPGRADE_COMPOSE", "a.yml;b.yml"}, {"COMPOSE_PATH_SEPARATOR", ";"}, {"PGUPGRADE_TO", "17"}};
  REQUIRE(parse({"plan"}, environment).compose == Words{"a.yml", "b.yml"});
}

TEST_CASE("a bad value of the environment is refused by its name") {
  REQUIRE(refusal({"plan"}, {{"PGUPGRADE_TO", "latest"}}) ==
          "cannot use PGUPGRADE_TO latest: a major version is a whole number from 10 to 99, such as 17");
  REQUIRE(refusal({"cleanup"}, {{"PGUPGRADE_YES", "perhaps"}}) ==
          "cannot use PGUPGRADE_YES perhaps: it is a switch, 1 or 0");
}

TEST_CASE("an option of another command in the environment disturbs nothing") {
  REQUIRE(parse({"status"}, {{"PGUPGRADE_TO", "nonsense"}}).command == Command::status);
}

TEST_CASE("help and version are texts") {
  REQUIRE(parse_arguments({"--version"}, {}).text == "pgupgrade " PGUPGRADE_VERSION "\n");
  const std::string help = parse_arguments({"--help"}, {}).text;
  for (const auto& command : describe_commands()) REQUIRE_THAT(help, ContainsSubstring("  " + command.name));
  REQUIRE_THAT(help, ContainsSubstring("--password-file"));
  REQUIRE(parse_arguments({}, {}).text == help);
  REQUIRE_THAT(parse_arguments({"rollback", "--help"}, {}).text, ContainsSubstring("--discard-new-writes"));
}

TEST_CASE("no option takes a secret as its value") {
  for (const auto& command : describe_commands())
    for (const auto& option : command.options)
      if (option.name.find("password") != std::string::npos) REQUIRE(option.names_file);
}

TEST_CASE("migrate takes two servers, each without a password, and the environment's with one") {
  const Invocation invocation = parse_arguments(
      {"migrate", "--from", "postgres://app@old/shop", "--target", "host=new user=app", "-d", "shop", "blog",
       "--into", "x", "--format", "tar", "--roles", "--no-owner", "--jobs", "3"},
      {});
  REQUIRE(invocation.arguments);
  const MigrateArguments& own = invocation.arguments->migrate;
  CHECK(invocation.arguments->command == Command::migrate);
  CHECK(own.from == "postgres://app@old/shop");
  CHECK(own.target == "host=new user=app");
  CHECK(own.databases == std::vector<std::string>{"shop", "blog"});
  CHECK(own.into == "x");
  CHECK(own.format == "tar");
  CHECK(own.roles);
  CHECK(own.no_owner);
  CHECK(invocation.arguments->jobs == 3);
  CHECK(parse_arguments({"migrate"}, {{"PGUPGRADE_FROM", "postgres://app:s3cret@old/shop"}})
            .arguments->migrate.from == "postgres://app:s3cret@old/shop");
  CHECK(parse_arguments({"compare", "postgres://a/x", "postgres://b/x"}, {}).arguments->migrate.target ==
        "postgres://b/x");
}

TEST_CASE("a password on the command line is refused and not repeated") {
  const std::string secret = "postgres://app:s3cret@old/shop";
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"migrate", "--from", secret},
                                             {"migrate", "--target", "host=x password=s3cret"},
                                             {"compare", secret, "postgres://b/x"},
                                             {"compare", "postgres://b/x", secret},
                                             {"migrate", secret},
                                             {"migrate", "--from", "postgres://a:s3cret@["}}) {
    INFO(words.back());
    try {
      parse_arguments(words, {});
      FAIL("it was taken");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      CHECK((std::string(error.what()) + error.hint()).find("s3cret") == std::string::npos);
    }
  }
}

TEST_CASE("JSON is recognised in words that do not parse") {
  REQUIRE(asks_for_json({"frob", "--output", "json"}, {}));
  REQUIRE(asks_for_json({"--output=json"}, {}));
  REQUIRE(asks_for_json({}, {{"PGUPGRADE_OUTPUT", "json"}}));
  REQUIRE_FALSE(asks_for_json({"--output", "plain"}, {{"PGUPGRADE_OUTPUT", "json"}}));
}

TEST_CASE("what may have been meant is said of mistyped words") {
  const auto hint = [](const Words& words) {
    try {
      parse_arguments(words, {});
    } catch (const Error& error) {
      return error.hint();
    }
    return std::string("accepted");
  };
  const std::vector<std::pair<Words, std::string>> table = {
      {{"plna"}, "did you mean plan?"},
      {{"rolback"}, "did you mean rollback?"},
      {{"frobnicate"}, "pgupgrade --help lists them"},
      {{"--to", "17", "--servise", "db"}, "did you mean --service?"},
      {{"plan", "--to", "17", "--passwords-file=x"}, "did you mean --password-file?"},
      {{"plan", "--to", "17", "--backups"}, "did you mean --backup?"},
      {{"plan", "--to", "17", "--zzzzzzzzzz"}, "pgupgrade plan --help"},
      {{"rehearse", "--to", "17", "--keep-going"},
       "--keep-going is an option of upgrade, plan, prepare, dump"},
      {{"rehearse", "--to", "17", "--strategy", "warm"},
       "a rehearsal always dumps and restores; of strategy warm `pgupgrade prepare --strategy warm` makes "
       "the copy "
       "and checks it by pg_upgrade --check, and `pgupgrade cancel` gives it up"},
      {{"plan", "--to", "17", "--rollback-on-failure"},
       "--rollback-on-failure is an option of upgrade, apply, run, dump, load, resume"},
      {{"plan", "--to", "17", "--accept", "E-DISC"}, "did you mean E-DISK?"},
      {{"plan", "--to", "17", "--accept", "everything"}, "pgupgrade explain lists all codes"},
  };
  for (const auto& [words, expected] : table) CHECK(hint(words) == expected);
}

TEST_CASE("a word that is neither an option nor an argument is not repeated when it is a connection") {
  CHECK(refusal({"plan", "--to", "17", "--x=postgres://a:secret@b/c"}) ==
        "cannot use option that is a connection string: the command plan does not know it");
}

TEST_CASE("help has the options in groups, in 80 columns, and ends with examples") {
  const auto has_all = [](const std::string& help, const CommandDescription& command) {
    for (const OptionDescription& option : command.options) {
      CHECK_FALSE(option.group.empty());
      CHECK_THAT(help, ContainsSubstring("\n" + option.group + ":\n"));
      CHECK_THAT(help, ContainsSubstring(option.name + (option.takes_value ? " " + option.meta : "")));
    }
    CHECK_FALSE(command.examples.empty());
    for (const Example& example : command.examples) CHECK_THAT(help, ContainsSubstring(example.command));
  };
  for (const auto& command : describe_commands()) {
    INFO(command.name);
    const std::string help = parse_arguments({command.name, "--help"}, {}).text;
    has_all(help, command);
    for (const std::string& line : split_lines(help))
      if (!line.starts_with("  pgupgrade")) CHECK(display_width(line) <= 80);
  }
  has_all(parse_arguments({}, {}).text, describe_commands().front());
}

TEST_CASE("the help of a command") {
  CHECK(parse_arguments({"verify-backup", "--help"}, {}).text ==
        R"(pgupgrade verify-backup: re-read a backup completely and verify it against its
manifest

Reads the whole archive, and compares every member with the manifest beside it.

Usage: pgupgrade verify-backup FILE [OPTIONS]
  FILE                      the archive, or its manifest

Output and consent:
      --output MODE         auto, plain, or json (one event a line on standard
                            output)
      --no-color            no colours (as NO_COLOR)
  -y, --yes                 do not ask
  -h, --help                print this text, and do nothing

Examples:
  pgupgrade verify-backup .pgupgrade/7f3a21bc/backup/db.tar.zst
      re-reads this backup

Every option is also a variable: --a-b is PGUPGRADE_A_B.
)");
}

TEST_CASE("every example of the help is understood by the program") {
  for (const auto& command : describe_commands()) {
    for (const Example& example : command.examples) {
      INFO(example.command);
      if (!example.command.starts_with("pgupgrade ")) continue;
      Words words;
      for (const std::string& word : split_list(example.command, " ")) {
        if (word == "|" || word == ">") break;
        words.push_back(word);
      }
      words.erase(words.begin());
      CHECK_NOTHROW(parse_arguments(words, {}));
    }
  }
}
