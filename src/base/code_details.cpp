#include "pgupgrade/base/code_details.hpp"

#include <algorithm>
#include <array>

namespace pgupgrade {

namespace {

constexpr auto kDetails = std::to_array<CodeDetail>({
    {"E-ANONYMOUS-VOLUME",
     "The image declares a volume for its data, and the Compose file mounts none there. Docker then makes "
     "one with a "
     "name of 64 digits, which belongs to this container alone: the next container gets another, empty one.",
     "Add a named volume for the data directory to the Compose file. Copy the data while the service is "
     "stopped: "
     "`docker run --rm -v OLD:/from:ro -v NEW:/to IMAGE cp -a /from/. /to/`. Start the service, look at the "
     "data, then "
     "plan again."},
    {"E-ASIDE",
     "The old data is to stay beside the new, and the two change places by one system call. Both must then "
     "be "
     "directories of one file system that are no mount points and hold nothing else: a plain volume of the "
     "driver "
     "local, or a bind mount of the data directory alone. With `--backup aside` the old cluster itself is "
     "dumped "
     "where a dump writes nothing into it and a crash costs nothing; else a copy of it is. What was added "
     "since the "
     "plan (an unlogged table, say) needs a new plan.",
     "Use `--backup tar`, the default: the backup is made first, and the data may be of any shape. Or plan "
     "again."},
    {"E-BACKUP-DAMAGED",
     "The archive was read again from the disk, and its content is not what the volume contained. A disk or "
     "memory "
     "that fails, or another process that writes to the file, is the usual cause.",
     "Before the step wipe nothing has been emptied: run `pgupgrade rollback`, and the service starts on its "
     "own data. "
     "After it the archive may be the only copy of the old data: change nothing, and run no cleanup, until "
     "`pgupgrade status` has said where the data is. Look at the kernel's log (`dmesg`) and the disk's "
     "health before you "
     "start over, or use another disk with `--backup-dir DIR`."},
    {"E-COMPOSE-CONFIG",
     "`docker compose config` refuses the project: the YAML is malformed, a key is unknown or has a wrong "
     "type, or a "
     "variable that must be set is not.",
     "Run `docker compose config --quiet` with the same files until it says nothing. A variable that is "
     "exported in your "
     "own shell is absent under sudo and cron: put it into .env, or name the file with `--env-file`."},
    {"E-COMPOSE-DRIFT",
     "The run knows the digest of each Compose file from its plan. One of them has changed since, so the "
     "edit that was "
     "proven before may not fit any more.",
     "Take your change back (`git stash`, an editor's undo), run `pgupgrade resume`, and make the change "
     "again once the "
     "run has ended."},
    {"E-COMPOSE-EDIT",
     "pgupgrade changes the one scalar that names the image, and nothing else. It refuses where that is not "
     "sure: the "
     "image is built (`build:`), the value comes from the shell's environment, the anchor or variable serves "
     "something "
     "else as well, or the scalar spans several lines.",
     "Give the service an image of its own on one line, or pass `--no-edit`: the files stay as they are, the "
     "run starts "
     "the new image by an override of its own, and says what to change."},
    {"E-CONFIRM",
     "An upgrade stops applications and replaces data, so it asks first. There was no terminal to ask on, or "
     "the text "
     "did not match.",
     "Read the plan with `pgupgrade plan`, then type the phrase, or pass `--yes` in scripts."},
    {"E-DATA-UNUSED",
     "Usually the tag was raised by hand or by a bot: the new image looks for its data elsewhere (from 18 on "
     "in "
     "/var/lib/postgresql/MAJOR/docker), found nothing there and made an empty cluster, while the old one "
     "still lies on "
     "the mount.",
     "Set image and PGDATA back as the hint says, and recreate the service: the old data is there again. "
     "Then upgrade. "
     "What was written into the empty cluster meanwhile is not in the old one; dump it first if you need "
     "it."},
    {"E-DIFFERENCE",
     "After the restore every object, setting, grant and row is compared with what the old cluster had. "
     "Something is "
     "not equal. The new server has not been opened for clients.",
     "Run `pgupgrade rollback`: everything is as before. The message names the object; `run.log` has all of "
     "them. If the "
     "difference is one that you know and can live with, change it on the old server first, then start "
     "over."},
    {"E-DISK",
     "The backup and the dump are written before anything is removed, and the restore needs room beside "
     "them. The plan "
     "adds up what it needs on each file system: the engine's volumes, and the directory of the run.",
     "Free space (`docker system df` shows what images and build caches take; unused ones go with `docker "
     "image "
     "prune`), or put the backup elsewhere with `--backup-dir DIR`. Strategy `warm` needs the data's size "
     "once more, and "
     "no dump. `--accept E-DISK` proceeds anyway: a full disk then stops the run, and `pgupgrade rollback` "
     "brings "
     "everything back."},
    {"E-DRIFT",
     "A run continues only on what it began with. The engine, the volume, an image or the container is "
     "another one now: "
     "somebody ran `docker compose up`, pulled an image, or works against another DOCKER_HOST.",
     "Undo what has changed; the message names it. Then run `pgupgrade resume`, or take all back with "
     "`pgupgrade rollback`."},
    {"E-ENGINE-PERMISSION", "The engine's socket belongs to root and the group docker.",
     "Use sudo, or have yourself added to the group (`sudo usermod -aG docker $USER`, then log in again). "
     "Who is in "
     "that group can do anything on this machine."},
    {"E-ENGINE-REMOTE",
     "DOCKER_HOST or the docker context names another machine. Backup, dump and Compose files must lie on "
     "the machine "
     "whose engine has the volumes.",
     "Log in there and run pgupgrade there, or choose the local engine with "
     "`DOCKER_HOST=unix:///var/run/docker.sock`."},
    {"E-ENGINE-UNREACHABLE",
     "Nobody answers on the socket: the engine is not running, is starting, or listens elsewhere (rootless "
     "Docker: "
     "$XDG_RUNTIME_DIR/docker.sock).",
     "`systemctl status docker` tells why it is down. Name another socket with DOCKER_HOST. A run that was "
     "under way goes "
     "on with `pgupgrade resume`."},
    {"E-EXTENSION-MISSING",
     "A database has an extension whose files are not in the new image. Images such as postgis, pgvector or "
     "timescale "
     "bring theirs along, the official one does not.",
     "Name an image of the new version that has it, with `--image REF` (`postgis/postgis:17-3.5`, "
     "`pgvector/pgvector:pg17`), "
     "or build one. An extension that nobody uses can be dropped on the old server: `DROP EXTENSION name`."},
    {"E-INTERRUPTED",
     "SIGINT, SIGTERM or the end of the terminal. The step that was under way was left in a state from which "
     "it can be "
     "continued.",
     "`pgupgrade status` says where the data is. `pgupgrade resume` continues, `pgupgrade rollback` takes "
     "all back. Run "
     "long upgrades in tmux, screen or under nohup."},
    {"E-LEFT-BEHIND",
     "pg_dump leaves some things out: grants on built-in tablespaces and among predefined roles, triggers "
     "that somebody "
     "added to an extension's tables, and the like. The rehearsal restored the schema on the new image and "
     "found the "
     "difference; nothing was stopped.",
     "Take the object back on the old server, or pass `--accept E-LEFT-BEHIND`, and make it again after the "
     "upgrade with "
     "the statement that the message shows."},
    {"E-LOCALE-MISSING",
     "The database was created with a locale that the new image does not have. Alpine images have hardly "
     "any, and an "
     "image with a locale of its own was often built by a Dockerfile.",
     "Choose an image that has it: the Debian variant, or your own with `RUN localedef -i de_DE -c -f UTF-8 "
     "de_DE.UTF-8`, and name it with `--image REF`. `docker run --rm IMAGE locale -a` lists what an image "
     "has."},
    {"E-LOCKED",
     "Each run locks the data it works on, by a container that is never started. Another run holds that "
     "lock: one that "
     "works just now, or one whose process has died.",
     "`pgupgrade status` shows the other run. Wait for it, or finish it with resume or rollback. `pgupgrade "
     "unlock` "
     "releases the lock of a run whose process no longer exists; a living one keeps it."},
    {"E-LOGIN", "Each password that worked before is tried again on the new server, and one no longer does.",
     "Run `pgupgrade rollback`. Look at the role (`\\du`), at the lines of pg_hba.conf for it, and at the "
     "client: one that "
     "cannot do SCRAM (libpq before 10) needs `--keep-md5`."},
    {"E-MD5-UNKNOWN",
     "The role has an md5 password. To become SCRAM the password itself is needed, and none of those in the "
     "project's "
     "variables and secret files is the one.",
     "Write lines `role:password` into a file of mode 0600 and pass `--password-file FILE`; or pass "
     "`--keep-md5`, and the "
     "role keeps what it has. PostgreSQL 18 warns of md5, a later version will drop it."},
    {"E-NEW-WRITES",
     "The new server has run, and somebody wrote to it. Going back means the old data, in which that is not.",
     "Look at what was written, and dump it if you need it (`docker compose exec db pg_dump …`). Then "
     "`pgupgrade rollback --discard-new-writes`."},
    {"E-NO-POSTGRES-SERVICE",
     "No service of the project looks like PostgreSQL by its image or its environment.",
     "Name it: `--service NAME`. Profiles are off by default: `--profile NAME` enables one, and "
     "COMPOSE_PROFILES is "
     "honoured."},
    {"E-NO-SUPERUSER",
     "A dump of the whole cluster needs a superuser. pgupgrade asks through the socket inside the container, "
     "where the "
     "image's own pg_hba.conf lets the superuser in; this one does not.",
     "Add a line `local all postgres trust` (with your superuser's name) above the others in pg_hba.conf, "
     "reload with "
     "`SELECT pg_reload_conf()`, and take it out again after the upgrade."},
    {"E-NOT-RUNNING",
     "The plan reads the old cluster through its running server: databases, roles, extensions, sizes.",
     "Start it: `docker compose up -d SERVICE`. If it ends at once because its image is newer than its data, "
     "run "
     "`pgupgrade doctor`: it says which image fits."},
    {"E-PLAN-DRIFT",
     "`pgupgrade apply` looks at the world once more and makes the plan again. Where the two differ, the "
     "saved one "
     "is not carried out: another image, container or volume, an edited Compose file, another database, role "
     "or "
     "setting of the server, another container that uses it, another version of pgupgrade. Sizes, rows and "
     "who is "
     "connected from the host may change.",
     "Nothing was started. Run the same `pgupgrade plan … --out FILE` again, read it, and apply that one."},
    {"E-PREPARED",
     "A transaction was prepared (PREPARE TRANSACTION) and neither committed nor rolled back. No dump can "
     "hold it.",
     "`SELECT * FROM pg_prepared_xacts` lists them. Finish each with `COMMIT PREPARED 'gid'` or `ROLLBACK "
     "PREPARED "
     "'gid'`, in its own database. A transaction manager that made them may want to do that itself."},
    {"E-REHEARSAL",
     "Roles and schema, and the rows of small databases, were restored on the new image while the old server "
     "went on "
     "running. The new version refused something: a function that is gone, a setting, a view over a column "
     "that is no "
     "longer there, duplicates under a unique index. Nothing was stopped.",
     "The message has object, PostgreSQL's own words and the cure. Apply it on the old server, and plan "
     "again with "
     "`pgupgrade plan --rehearse`. `--accept E-REHEARSAL` goes on anyway, and the restore will then most "
     "likely fail in "
     "the same place, in the downtime."},
    {"E-REPLICATION",
     "A replication slot or origin belongs to its cluster, and the new cluster has none. A standby or a "
     "consumer "
     "that relies on it has to begin anew.",
     "Note the slots and origins (`SELECT * FROM pg_replication_slots`, `pg_replication_origin_status`), "
     "then drop "
     "them, or pass `--accept E-REPLICATION`. After the upgrade create them again and make standbys anew by "
     "pg_basebackup."},
    {"E-RESTORE", "The new server refused a part of the dump. Backup and dump are verified and whole.",
     "Run `pgupgrade rollback`: the old data comes back byte for byte. Apply the cure of the message on the "
     "old server; "
     "`pgupgrade plan --rehearse` tells whether it was enough before anything stops again."},
    {"E-SERVER-START",
     "A server that pgupgrade started in a work container ended or does not answer. Its own log is quoted: "
     "memory, shared "
     "memory, a library that is missing, or a setting that the version does not have.",
     "Fix what the log names and run `pgupgrade resume`, or take all back with `pgupgrade rollback`."},
    {"E-START",
     "The data is restored and proven, but the service itself does not come up on the new image. Compose "
     "file, "
     "entrypoint or mounted configuration do not fit the new version.",
     "Read `docker compose logs SERVICE`. When the cause is outside of the data, fix it and run `pgupgrade "
     "resume`. "
     "`pgupgrade rollback` brings everything back; up to here it loses nothing."},
    {"E-STATE-DAMAGED",
     "The state file does not have the content that its digest says. The generation before it is kept beside "
     "it.",
     "Never edit a state file. Use the intact generation that the message names: `pgupgrade status --state "
     "FILE`, then "
     "resume or rollback with it. Look at the disk."},
    {"E-SUBSCRIPTIONS",
     "A subscription receives changes from another server. A dump restores it disabled and without its "
     "position.",
     "Let it catch up, and drop it; or pass `--accept E-SUBSCRIPTIONS`. After the upgrade create it again "
     "with "
     "`copy_data = false` where no row came meanwhile, else anew."},
    {"E-TABLESPACES",
     "A tablespace keeps tables outside of the data directory, and neither the backup nor the exchange of "
     "places covers "
     "that.",
     "`ALTER TABLE … SET TABLESPACE pg_default` and `ALTER INDEX …` move them back, `ALTER DATABASE … SET "
     "TABLESPACE "
     "pg_default` a whole database. Then `DROP TABLESPACE`, and plan again."},
    {"E-TAG-BUMPED",
     "Somebody, or a bot, raised the image's tag. A server starts only on data of its own major version, so "
     "the "
     "container ends again and again. Nothing is lost: the data is what the old server left.",
     "Pass `--old-image` with an image of the old version: the service is started on it by a Compose file of "
     "pgupgrade's own, beside the runs, and upgraded from there. The project's files stay as they are, but "
     "for "
     "what the upgrade needs beyond the image."},
    {"E-UNFINISHED",
     "An earlier run of this service stopped midway. A new one would start from data that is neither old nor "
     "new.",
     "`pgupgrade status` shows it. Finish it with `pgupgrade resume`, or take it back with `pgupgrade "
     "rollback`."},
    {"E-VOLUME-SHARED",
     "Another container mounts the same data. It could write, or start a server on it, while the data is "
     "replaced.",
     "`docker ps -a --filter volume=NAME` lists them. Stop and remove those that are left over. A container "
     "of "
     "the same project that only reads the data is stopped by the run itself; one of another project is "
     "yours "
     "to stop."},
    {"W-CLIENT-HOST",
     "Connections come from addresses that are no container of the project: psql on the host, a tool on "
     "another "
     "machine, a service of another project. pgupgrade cannot stop those.",
     "Close them, or tell their users: they are cut off when the old server stops, and reach the new one at "
     "the same "
     "address later."},
    {"W-MD5-KEPT", "The roles keep their md5 passwords, as `--keep-md5` asks.",
     "Set each password anew when you can (`\\password ROLE` in psql) with password_encryption at "
     "scram-sha-256."},
    {"W-POOLER",
     "A pooler such as PgBouncer has a list of users with md5 hashes of its own. From a hash it cannot log "
     "in to a role "
     "whose password is SCRAM.",
     "Put the SCRAM secrets (`SELECT rolname, rolpassword FROM pg_authid`) or the passwords into its list, "
     "or let it ask "
     "the server with auth_query. Then reload it."},
});

}  // namespace

std::span<const CodeDetail> code_details() {
  return kDetails;
}

const CodeDetail* find_detail(std::string_view code) {
  const auto found = std::find_if(kDetails.begin(), kDetails.end(),
                                  [&](const CodeDetail& detail) { return detail.code == code; });
  return found == kDetails.end() ? nullptr : &*found;
}

}  // namespace pgupgrade
