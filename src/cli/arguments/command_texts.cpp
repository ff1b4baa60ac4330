#include "cli/arguments/command_texts.hpp"

#include <algorithm>

#include "pgupgrade/base/error.hpp"

namespace pgupgrade::cli {

namespace {

const std::vector<CommandText>& texts() {
  static const std::vector<CommandText> table = {
      {.command = Command::upgrade,
       .detail =
           "Shows the plan, asks for the name of the volume, and carries the plan out. Nothing is changed "
           "before the answer. A run that was cut off anywhere continues with `pgupgrade resume`, or is "
           "taken back with `pgupgrade rollback`.",
       .positionals = {},
       .examples = {{"pgupgrade --compose docker-compose.yml --to 17", "shows the plan, asks, does it"},
                    {"pgupgrade --to 17 --service db --yes --output json",
                     "asks nothing, prints one event a line"},
                    {"pgupgrade --container pg --to 17", "upgrades a container of docker run"},
                    {"pgupgrade --to 17 --strategy warm",
                     "copies the data while the applications run, stops them at the end only"},
                    {"pgupgrade --to 17 --at 03:00", "prepares now, stops the applications at three"},
                    {"pgupgrade --to 17 --rollback-on-failure",
                     "leaves everything as before if a step fails"}}},
      {.command = Command::plan,
       .detail = "Looks at the project, the engine and the running server, and changes nothing.",
       .positionals = {},
       .examples = {{"pgupgrade plan --compose docker-compose.yml --to 17", "shows the plan"},
                    {"pgupgrade plan --to 17 --rehearse", "also tries the new version on the schema"},
                    {"pgupgrade plan --to 17 --out plan.json", "also saves it, for pgupgrade apply"},
                    {"pgupgrade plan --to 17 --detailed-exitcode",
                     "exits with 10 when there is something to upgrade"}}},
      {.command = Command::rehearse,
       .detail =
           "Copies the running server, dumps the copy, restores it on the new version, compares every "
           "row, and measures each part: the downtime to expect. The service goes on meanwhile, and "
           "nothing of it is changed. Once it is complete, the copy has no network, so it reaches "
           "nobody. It is removed at the end, unless --keep is given. A script with a line `-- "
           "pgupgrade: no transaction` is not put into one. With --into nothing is upgraded: schemas of a "
           "database of the service, or of the server that --from names, are copied into another of the same "
           "server, compared, and the scripts run there; then "
           "--apply runs the very same scripts on the database itself.",
       .positionals = {},
       .examples =
           {{"pgupgrade rehearse --to 17", "goes through the upgrade on a copy"},
            {"pgupgrade rehearse --to 17 --run migrate.sql check.sql",
             "also runs two scripts on the new cluster"},
            {"pgupgrade rehearse --to 17 --keep", "keeps the new server for a look at it"},
            {"pgupgrade rehearse --from postgres://admin@db.example/shop --schema sales --into alt_db "
             "--run migrate.sql",
             "tries a script on a copy of a schema"},
            {"pgupgrade rehearse --service db --database shop --schema sales --into alt_db --run migrate.sql",
             "the same within the server of a service"}}},
      {.command = Command::apply,
       .detail =
           "Looks at everything again, and carries out exactly the plan that was saved. Where it no longer "
           "fits, it is refused with what has changed, and nothing is touched. A plan is applied once. The "
           "file holds no password; those are looked up again.",
       .positionals = {{.name = "FILE", .help = "what `pgupgrade plan --out FILE` wrote", .required = true}},
       .examples = {{"pgupgrade apply plan.json", "shows the plan, asks, does it"},
                    {"pgupgrade apply plan.json --dry-run", "only looks whether it still fits"},
                    {"pgupgrade apply plan.json --yes", "asks nothing"}}},
      {.command = Command::prepare,
       .detail = "Brings the image, tries the new version on the schema, and with strategy warm copies the "
                 "running server and goes on following it. Stops nothing, and ends where the downtime would "
                 "begin. `pgupgrade status` shows how far behind the copy is.",
       .positionals = {},
       .examples = {{"pgupgrade prepare --to 17 --strategy warm",
                     "copies the running server and follows it"}}},
      {.command = Command::run,
       .detail =
           "Checks once more what may have changed since `pgupgrade prepare`, then stops the applications "
           "and does the rest.",
       .positionals = {},
       .examples = {{"pgupgrade run", "carries out what is prepared"},
                    {"pgupgrade run --at 03:00", "keeps it up to date, and carries it out at three"}}},
      {.command = Command::dump,
       .detail =
           "The first of three parts of an upgrade by strategy dump, for those who want to look between "
           "them. Stops the applications and the server, writes the backup and the dump, and proves "
           "both. They stay stopped until `pgupgrade wipe` and `pgupgrade load`, or `pgupgrade "
           "rollback`.",
       .positionals = {},
       .examples = {{"pgupgrade dump --to 17 --keep-dumps dumps", "also keeps a dump of each database"},
                    {"pgupgrade wipe", "empties the data directory"},
                    {"pgupgrade load", "restores into the new version, verifies and starts it"}}},
      {.command = Command::wipe,
       .detail = "Empties the data directory of a run that `pgupgrade dump` has halted, after a look whether "
                 "backup and dump are still what they were. Without both it is refused.",
       .positionals = {},
       .examples = {{"pgupgrade wipe", "asks for the volume's name first"}}},
      {.command = Command::load,
       .detail = "Does the rest of the upgrade: the new cluster, restore, comparison with the old one, the "
                 "Compose files, and the applications run again.",
       .positionals = {},
       .examples = {{"pgupgrade load", "asks for the volume's name first"}}},
      {.command = Command::cancel,
       .detail = "Removes the copy and everything else that `pgupgrade prepare` has made.",
       .positionals = {},
       .examples = {{"pgupgrade cancel", "gives up what is prepared"}}},
      {.command = Command::resume,
       .detail =
           "Continues with the very plan that the run started with. Each step asks the world whether its "
           "result is there before it is done again.",
       .positionals = {},
       .examples = {{"pgupgrade resume", "continues the only unfinished run"},
                    {"pgupgrade resume --state .pgupgrade/7f3a21bc", "continues this run"}}},
      {.command = Command::roll_back,
       .detail = "Puts the old data back and starts what was running before. It is refused when clients have "
                 "written to the new server since, unless --discard-new-writes is given.",
       .positionals = {},
       .examples = {{"pgupgrade rollback", "everything as before the run"},
                    {"pgupgrade rollback --discard-new-writes",
                     "also when that loses what was written to the new server"}}},
      {.command = Command::status,
       .detail =
           "Reads the run's state file and asks the engine what the run has left there. Changes nothing.",
       .positionals = {},
       .examples = {{"pgupgrade status", "shows the unfinished run, else the newest"},
                    {"pgupgrade status --output json", "the same for a program"}}},
      {.command = Command::report,
       .detail = "A run writes report.html and report.json into its directory when it ends. This writes them "
                 "again, "
                 "also of a run that has not finished. The page needs no network and no script.",
       .positionals = {{.name = "RUN", .help = "its id, directory or state file (default: as with status)"}},
       .examples = {{"pgupgrade report", "writes both into the directory of the run"},
                    {"pgupgrade report 7f3a21bc --html upgrade.html", "writes the page of this run"},
                    {"pgupgrade report --json -", "prints the JSON"}}},
      {.command = Command::clean_up,
       .detail = "Ends the possibility of a rollback. Refused while the run has not finished.",
       .positionals = {},
       .examples = {{"pgupgrade cleanup", "asks, then removes backup, dump and containers of the run"},
                    {"pgupgrade cleanup --older-than 30d --yes",
                     "removes those of all upgrades that ended a month ago or earlier, for cron"}}},
      {.command = Command::migrate,
       .detail =
           "The source is only read, at one moment. Each database is created at the target, filled and "
           "compared; one that fails is dropped. Passwords come from ~/.pgpass, `passfile=`, PGPASSWORD or a "
           "prompt, never from the command line.",
       .positionals = {},
       .examples =
           {{"pgupgrade migrate --from postgres://app@old.example/shop --target postgres://app@new.example/",
             "copies one database"},
            {"pgupgrade migrate --from postgres://old.example/ --target postgres://new.example/ --all "
             "--roles",
             "copies every database, and the roles that the target lacks"},
            {"pgupgrade migrate --from postgres://old.example/shop --target postgres://new.example/ --into "
             "shop_test",
             "copies under another name"}}},
      {.command = Command::compare,
       .detail =
           "Reads both sides at one moment each. Exits with 0 when they are equal, and with 6 when not.",
       .positionals = {{.name = "A", .help = "postgres://USER@HOST:PORT/DATABASE, what is expected"},
                       {.name = "B", .help = "likewise, what is compared with it"}},
       .examples = {{"pgupgrade compare postgres://old.example/shop postgres://new.example/shop",
                     "compares one database"}}},
      {.command = Command::unlock,
       .detail = "A lock whose process is still alive is not released.",
       .positionals = {},
       .examples = {{"pgupgrade unlock --state .pgupgrade/7f3a21bc", "releases what this run held"}}},
      {.command = Command::verify_backup,
       .detail = "Reads the whole archive, and compares every member with the manifest beside it.",
       .positionals = {{.name = "FILE", .help = "the archive, or its manifest", .required = true}},
       .examples = {{"pgupgrade verify-backup .pgupgrade/7f3a21bc/backup/db.tar.zst",
                     "re-reads this backup"}}},
      {.command = Command::doctor,
       .detail = "Looks at the engine, Compose, the project and earlier runs. Changes nothing.",
       .positionals = {},
       .examples = {{"pgupgrade doctor --compose docker-compose.yml", "checks this project"}}},
      {.command = Command::explain,
       .detail =
           "Says the cause, what state the data is in, and what to do. Lower case will do, and so will the "
           "code without its prefix.",
       .positionals = {{.name = "CODE", .help = "such as E-DISK"}},
       .examples = {{"pgupgrade explain E-DISK", "what this error means"},
                    {"pgupgrade explain", "lists all codes"}}},
      {.command = Command::completion,
       .detail = "An installed package brings its completions along.",
       .positionals = {{.name = "SHELL", .help = "bash, zsh or fish", .required = true}},
       .examples = {{"eval \"$(pgupgrade completion bash)\"", "completes in this bash"},
                    {"pgupgrade completion zsh > ~/.zfunc/_pgupgrade", "for zsh, with ~/.zfunc in $fpath"},
                    {"pgupgrade completion fish > ~/.config/fish/completions/pgupgrade.fish", "for fish"}}},
      {.command = Command::manual,
       .detail = "Prints it as man reads it. An installed package brings its manual pages along.",
       .positionals = {{.name = "PAGE", .help = "pgupgrade (the default) or pgupgrade-codes"}},
       .examples = {{"pgupgrade man | man -l -", "reads the manual page"},
                    {"pgupgrade man pgupgrade-codes | man -l -", "reads the long texts of all codes"}}},
  };
  return table;
}

}  // namespace

const CommandText& text_of_command(Command command) {
  const auto found = std::find_if(texts().begin(), texts().end(),
                                  [&](const CommandText& text) { return text.command == command; });
  if (found == texts().end()) throw Error(ErrorKind::internal, "E-INTERNAL", "a command has no text");
  return *found;
}

}  // namespace pgupgrade::cli
