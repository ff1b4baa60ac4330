#include "model/samples.hpp"

namespace pgupgrade::samples {

namespace {

LeftBehind left_behind() {
  return {.catalog_objects = {{.object = "function pg_catalog.f()", .cure = "ALTER"}},
          .ownerless = {{.object = "table public.t (owner 5)", .cure = "ALTER"}},
          .invalid_indexes = {{.object = "public.i of table public.t", .cure = "REINDEX"}},
          .key_states = {{.object = "constraint k on public.t", .cure = "UPDATE"}},
          .constructors = {{.object = "function public.r(integer,integer)", .cure = "REVOKE"}},
          .counters = {{.object = "public.job.txid", .cure = "store something else"}},
          .column_orders = {{.object = "public.child (a, b becomes b, a)", .cure = "use column names"}},
          .views = {{.object = "public.totals", .cure = ""}},
          .generated_columns =
              {{.table = "public.t", .column = "g", .changed = 2, .first_keys = "id=1", .problem = "slow"}},
          .oid_columns = {{.column = "public.t.o", .values = 3, .cure = "ALTER", .problem = "slow"}},
          .rows = {{.rule = "constraint k on table public.t",
                    .rows = 1,
                    .first_keys = "id=1",
                    .cure = "SELECT",
                    .problem = "slow"}},
          .members = {{.kind = MemberChangeKind::added,
                       .extension = "hstore",
                       .type = "function",
                       .identity = "public.f()",
                       .attribute = "cost",
                       .expected = "1",
                       .value = "2",
                       .statement = "ALTER"}},
          .members_digest = "9c",
          .unknown_extensions = {"postgis 3.1: none"},
          .problems = {"could not look"}};
}

}  // namespace

Inventory inventory() {
  Inventory value;
  value.version_num = 150008;
  value.version = "15.8";
  value.data_directory = "/var/lib/postgresql/data";
  value.config_file = "/var/lib/postgresql/data/postgresql.conf";
  value.hba_file = "/var/lib/postgresql/data/pg_hba.conf";
  value.ident_file = "/var/lib/postgresql/data/pg_ident.conf";
  value.superuser = "postgres";
  value.checksums = true;
  value.wal_segment_bytes = 16 << 20;
  value.password_encryption = "md5";
  value.preload_libraries = {"pg_stat_statements", "$libdir/auto_explain"};
  value.databases = {{.name = "shop \"1\"\\",
                      .size_bytes = 44'240'000'000,
                      .encoding = "UTF8",
                      .collate = "de_DE.utf8",
                      .ctype = "de_DE.utf8",
                      .locale_provider = 'i',
                      .icu_locale = "de-u-kn",
                      .icu_rules = "&a < b",
                      .allow_connections = false,
                      .invalid = true,
                      .is_template = true,
                      .tables = 212,
                      .estimated_rows = 84'113'902,
                      .large_objects = 3,
                      .extensions = {{.name = "hstore", .version = "1.8", .schema = "public"}},
                      .procedural_libraries = {"$libdir/mine"},
                      .left_behind = left_behind()}};
  value.roles = {
      {.name = "a",
       .superuser = true,
       .can_login = true,
       .create_role = true,
       .replication = true,
       .member_of = {{.role = "b", .admin = true}},
       .verifier = VerifierKind::md5},
      {.name = "b", .superuser = false, .can_login = false, .verifier = VerifierKind::none},
      {.name = "c", .superuser = false, .can_login = true, .verifier = VerifierKind::scram},
      {.name = "d", .superuser = false, .can_login = true, .verifier = VerifierKind::plain},
  };
  using Origin = SettingFacts::Origin;
  value.settings = {
      {.name = "work_mem", .value = "64MB", .origin = Origin::configuration_file, .file = "/etc/a.conf"},
      {.name = "jit", .value = "off", .origin = Origin::auto_conf, .file = "postgresql.auto.conf"},
      {.name = "fsync", .value = "on", .origin = Origin::command_line, .file = ""},
  };
  value.tablespaces = {"fast"};
  value.replication_slots = {"slot1"};
  value.replication_origins = {"origin1"};
  value.standbys = {"walreceiver"};
  value.subscriptions = {"shop.sub"};
  value.prepared_transactions = {"gid 1"};
  value.connections = {
      {.client_address = "172.18.0.3", .database = "shop", .role = "app", .application = "web"}};
  value.wal_outside_data = true;
  value.in_recovery = true;
  return value;
}

ImageFacts image() {
  ImageFacts value;
  value.reference = "postgres:17";
  value.id = "sha256:22";
  value.version = "17.6";
  value.major = 17;
  value.default_pgdata = "/var/lib/postgresql/data";
  value.volumes = {"/var/lib/postgresql/data"};
  value.binary_directory = "/usr/lib/postgresql/17/bin";
  value.postgres_uid = 999;
  value.postgres_gid = 998;
  value.locales = {"C", "de_DE.utf8"};
  value.extensions = {{"hstore", "1.8"}, {"plpgsql", "1.0"}};
  value.libraries = {"hstore", "plpgsql"};
  value.settings = {"work_mem"};
  value.libc = "glibc 2.36";
  return value;
}

static TargetPlan target() {
  TargetPlan value;
  value.service = "db";
  value.container_id = "c0ffee";
  value.container_name = "shop-db-1";
  value.restart = {.name = "on-failure", .maximum_retries = 3};
  value.old_version = "15.8";
  value.old_major = 15;
  value.new_major = 18;
  value.old_image = "postgres:15";
  value.old_image_id = "sha256:15";
  value.new_image = "postgres:18";
  value.data_mount = {.kind = MountKind::volume,
                      .source = "shop_pgdata",
                      .target = "/var/lib/postgresql/data",
                      .read_only = true};
  value.other_mounts = {{.kind = MountKind::bind, .source = "/srv/conf", .target = "/etc/postgresql"},
                        {.kind = MountKind::tmpfs, .source = "", .target = "/run"}};
  value.data_volume = {.name = "shop_pgdata",
                       .driver = "local",
                       .created_at = "2024-01-02T03:04:05Z",
                       .labels = {{"com.docker.compose.volume", "pgdata"}}};
  value.old_pgdata = "/var/lib/postgresql/data";
  value.new_data_target = "/var/lib/postgresql";
  value.new_pgdata = "/var/lib/postgresql/18/docker";
  value.custom_pgdata = true;
  value.environment = {{"TZ", "UTC"}};
  value.user = "70:70";
  value.shm_bytes = 64 << 20;
  value.inventory = inventory();
  value.roles = {{.role = "a", .action = PasswordAction::to_scram, .origin = "POSTGRES_PASSWORD"},
                 {.role = "legacy", .action = PasswordAction::keep_md5, .origin = ""}};
  value.dropped_settings = {"vacuum_cleanup_index_scale_factor"};
  value.data_bytes = 44'240'000'000;
  value.role_grants = {{.role = "tenant", .member = "panel", .fresh = false}};
  value.aside = {.mount = {.kind = MountKind::bind, .source = "/srv/shop/data.aside", .target = ""},
                 .directory = "/srv/shop/data.aside",
                 .data_directory = "/srv/shop/data",
                 .copied = false,
                 .copied_because = "it has unlogged tables"};
  value.old_libc = "glibc 2.31";
  return value;
}

Plan plan() {
  Plan value;
  value.format = 7;
  value.strategy = "other";
  value.strategy_reason = "auto: dump would be down for 38:00";
  value.outlooks = {{.name = "other",
                     .downtime_ms = 6'000,
                     .basis = "rates of run 7f3a21bc",
                     .room_bytes = 44'000'000'000,
                     .way_back = "the old data stays",
                     .changes = {"1 index left out"},
                     .obstacles = {"it is a mount point"}}};
  value.verify = Verify::catalog;
  value.backup = Backup::aside;
  value.steps = {{.name = "pull", .phase = Phase::prepare, .passes = {}},
                 {.name = "freeze", .phase = Phase::window, .passes = {Point::stops_clients}},
                 {.name = "tidy", .phase = Phase::after, .passes = {Point::proves, Point::serves}}};
  value.run_id = "7f3a0b1c";
  value.tool_version = "0.1.0";
  value.engine_id = "ABCD:EFGH";
  value.engine_endpoint = "unix:///var/run/docker.sock";
  value.project = "shop";
  value.project_directory = "/srv/shop";
  value.location = {.files = {"/srv/shop/docker-compose.yml", "/srv/shop/over ride.yml"},
                    .project_name = "shop",
                    .profiles = {"web"},
                    .env_files = {"/srv/shop/.env"}};
  value.state_root = "/srv/shop/.pgupgrade";
  value.targets = {target()};
  value.clients = {{.container_id = "beef",
                    .container_name = "shop-web-1",
                    .project = "shop",
                    .service = "web",
                    .running = false,
                    .restart = {.name = "always", .maximum_retries = 1},
                    .why = "depends on db"}};
  value.host_clients = {"psql from the host"};
  value.edits = {{.file = "/srv/shop/docker-compose.yml",
                  .offset = 5'000'000'000,
                  .line = 7,
                  .old_text = "postgres:15",
                  .new_text = "postgres:18",
                  .services = {"db", "wiki-db"},
                  .before = "image: ",
                  .after = "\""}};
  value.keep_going = true;
  value.file_digests = {{"/srv/shop/docker-compose.yml", "9c1e"}};
  value.password_file = "/srv/shop/passwords";
  value.acknowledged = {"E-REPLICATION"};
  value.jobs = 4;
  value.estimated_downtime_ms = 2'280'000;
  value.disk = {{.place = "the engine's volumes", .needed_bytes = 55, .free_bytes = -1}};
  value.diagnostics = {
      {.severity = Severity::note, .code = "N-A", .message = "m", .hint = ""},
      {.severity = Severity::warning, .code = "W-B", .message = "m", .hint = "do"},
      {.severity = Severity::error, .code = "E-C", .message = "m", .hint = "do"},
  };
  value.checks = {
      {.title = "t", .codes = {"E-C", "W-B"}, .outcome = CheckOutcome::warned, .services = {"db"}},
      {.title = "u", .codes = {"N-A"}, .outcome = CheckOutcome::postponed, .services = {}}};
  return value;
}

RunState run_state() {
  RunState value;
  value.format = 3;
  value.generation = 12;
  value.direction = Direction::back;
  value.outcome = RunOutcome::rolled_back;
  value.created_ms = 1'700'000'000'000;
  value.plan = plan();
  value.steps = {
      {.step = "pull", .phase = StepPhase::done, .attempt = 1, .started_ms = 1, .ended_ms = 2, .data = {}},
      {.step = "freeze", .phase = StepPhase::undone, .attempt = 2, .started_ms = 3, .ended_ms = 4},
      {.step = "backup", .phase = StepPhase::undo_started, .data = {{"sha256", "9c1e"}}},
      {.step = "dump",
       .phase = StepPhase::started,
       .started_ms = 9,
       .targets = {{"db", {.phase = StepPhase::done}}, {"db2", {.phase = StepPhase::started, .attempt = 2}}}},
  };
  value.targets["db"] = {
      .image = {.id = "sha256:17", .version = "17.6", .owner = "70:70", .builder = "999:999"},
      .logins = {"app", "odd\nname"},
      .logins_repeated = 2,
      .old_started_at = "2024-01-02T03:04:05Z",
      .backup = {.archive_sha256 = "9c",
                 .archive_bytes = 5'000'000'000,
                 .manifest_sha256 = "1e",
                 .damaged = true},
      .old_data = OldData::returning,
      .accepted_differences = {"role \"a\" is not there"},
      .old_cluster_sha256 = "0c",
      .old_fingerprint_sha256 = "0f",
      .dump_sha256 = "0d",
      .counts = {.tables = 1, .rows = 5'000'000'000, .sequences = 3, .roles = 4},
      .not_analyzed = {{"shop", {"public.remote"}}},
      .copied_checkpoint = "0/33550F8",
      .same_libc = true,
      .next_transaction = "0:735",
      .given_up = GivenUp::back,
      .failure = "E-RESTORE: could not restore it"};
  return value;
}

Fingerprint fingerprint() {
  Fingerprint value;
  value.version_num = 150010;
  value.row_hash = "hashtextextended";
  value.databases["shop"] = {
      .tables = {{"public.orders", {.rows = 11, .digest = "d1"}},
                 {"public.t", {.rows = 2, .digest = "d2", .generated = {{"gross", "7"}}}}},
      .not_dumped = {{"partman.log", 4}},
      .sequences = {{"public.t_id_seq", "5 true"}},
      .objects = {{R"(table "public"."t")", {{"relpersistence", "u"}, {"relowner", "\"app\""}}}},
      .large_objects = 3,
      .large_objects_digest = "dd"};
  value.databases["wiki"].tables = {{"public.page", {.rows = 100, .digest = "d3"}}};
  value.shared = {{"role \"app\"", {{"rolcanlogin", "true"}}}};
  return value;
}

}  // namespace pgupgrade::samples
