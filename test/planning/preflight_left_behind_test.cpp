// What a dump leaves behind: each is named with the statement that cures it.
#include "planning/preflight_case.hpp"

using namespace pgupgrade;
using namespace pgupgrade::planning;

namespace {

LeftBehind& left_behind(World& world) {
  return world.inventory().databases[1].left_behind;
}

const LeftObject kHelper{.object = "function pg_catalog.helper()",
                         .cure = "ALTER FUNCTION pg_catalog.helper() SET SCHEMA public"};

}  // namespace

TEST_CASE("objects in the schemas of the system are refused until that is accepted") {
  require_diagnostics({
      {"refused", [](World& w) { left_behind(w).catalog_objects = {kHelper}; },
       "error E-CATALOG-OBJECTS: database \"shop\" of service db has objects in the schemas of the system, "
       "which a "
       "dump leaves out: function pg_catalog.helper() | ALTER FUNCTION pg_catalog.helper() SET SCHEMA "
       "public; or proceed anyway with --accept E-CATALOG-OBJECTS"},
      {"accepted",
       [](World& w) {
         left_behind(w).catalog_objects = {kHelper};
         w.request.acknowledged = {"E-CATALOG-OBJECTS"};
       },
       "warning E-CATALOG-OBJECTS: database \"shop\" of service db has objects in the schemas of the system, "
       "which a "
       "dump leaves out: function pg_catalog.helper() | ALTER FUNCTION pg_catalog.helper() SET SCHEMA "
       "public"},
  });
}

TEST_CASE("objects without an owner and invalid indexes are named with their statements") {
  require_diagnostics({
      {"no owner",
       [](World& w) {
         left_behind(w).ownerless = {{.object = "table public.orphan (owner 16385)",
                                      .cure = "ALTER TABLE public.orphan OWNER TO CURRENT_USER"},
                                     {.object = "schema leavers (owner 16385)",
                                      .cure = "ALTER SCHEMA leavers OWNER TO CURRENT_USER"}};
       },
       "error E-OWNER-MISSING: database \"shop\" of service db has objects of roles that do not exist, which "
       "pg_dump "
       "refuses: table public.orphan (owner 16385), schema leavers (owner 16385) | ALTER TABLE public.orphan "
       "OWNER TO "
       "CURRENT_USER; ALTER SCHEMA leavers OWNER TO CURRENT_USER"},
      {"invalid index",
       [](World& w) {
         left_behind(w).invalid_indexes = {{.object = "public.bad of table public.t",
                                            .cure = "REINDEX INDEX public.bad, or DROP INDEX public.bad"}};
       },
       "warning W-INVALID-INDEX: database \"shop\" of service db has invalid indexes, which a dump leaves "
       "out: "
       "public.bad of table public.t | REINDEX INDEX public.bad, or DROP INDEX public.bad"},
      {"what the server refused",
       [](World& w) { left_behind(w).problems = {"could not look for invalid indexes: no"}; },
       "warning W-NOT-CHECKED: database \"shop\" of service db: could not look for invalid indexes: no | "},
  });
}

TEST_CASE("an invalid database can only be dropped, a closed one can be opened") {
  require_diagnostics({
      {"both",
       [](World& w) {
         w.inventory().databases.push_back({.name = "closed", .allow_connections = false});
         w.inventory().databases.push_back({.name = "ha\"lf", .allow_connections = false, .invalid = true});
       },
       "error E-DATABASE-CLOSED: service db has databases that nobody can connect to, so that they cannot be "
       "dumped: "
       "\"closed\" | ALTER DATABASE … ALLOW_CONNECTIONS true, or drop them\n"
       "error E-DATABASE-CLOSED: service db has invalid databases, which an interrupted DROP DATABASE has "
       "left and "
       "which cannot be dumped: \"ha\"lf\" | DROP DATABASE \"ha\"\"lf\""},
  });
}

TEST_CASE(
    "generated columns whose values would change are refused, those that could not be checked are told") {
  require_diagnostics({
      {"changed",
       [](World& w) {
         left_behind(w).generated_columns = {
             {.table = "public.invoice", .column = "gross", .changed = 2, .first_keys = "id=1; id=2"}};
       },
       "error E-GENERATED-CHANGES: database \"shop\" of service db has stored generated columns whose values "
       "are not "
       "what their expressions give now, so the restore would change them: public.invoice.gross in 2 rows "
       "(id=1; id=2) "
       "| set a column that it is computed from to itself (UPDATE) for the new values, or keep the old "
       "ones: ALTER TABLE public.invoice ALTER COLUMN \"gross\" DROP EXPRESSION; or proceed anyway with "
       "--accept E-GENERATED-CHANGES"},
      {"not checked",
       [](World& w) {
         left_behind(w).generated_columns = {
             {.table = "public.big", .column = "sum", .problem = "it took too long"}};
       },
       "warning W-GENERATED-UNKNOWN: could not check whether stored generated columns of database \"shop\" "
       "of service "
       "db still have what their expressions give: public.big.sum: it took too long | the comparison after "
       "the restore "
       "will find a changed value"},
  });
}

TEST_CASE("columns that store oids of objects are named with the type that a dump carries") {
  require_diagnostics({
      {"two",
       [](World& w) {
         left_behind(w).oid_columns = {{.column = "audit.log.relid",
                                        .values = 10,
                                        .cure = "ALTER TABLE audit.log ALTER COLUMN relid TYPE regclass"},
                                       {.column = "audit.log.odd", .values = 1}};
       },
       "warning W-OID-COLUMNS: database \"shop\" of service db stores oids of its objects, which get new "
       "oids in the "
       "new cluster: audit.log.relid in 10 rows, audit.log.odd in 1 row | a dump carries names: ALTER TABLE "
       "audit.log "
       "ALTER COLUMN relid TYPE regclass"},
      {"not checked",
       [](World& w) {
         left_behind(w).oid_columns = {{.column = "audit.log.relid", .problem = "it took too long"}};
       },
       "warning W-OID-COLUMNS: could not check whether database \"shop\" of service db stores oids of its "
       "objects, "
       "which get new oids in the new cluster: audit.log.relid: it took too long | "},
  });
}

TEST_CASE("values of names that name nothing any more are refused, since others may get their oids") {
  require_diagnostics({
      {"gone",
       [](World& w) {
         left_behind(w).oid_columns = {
             {.column = "audit.log.r", .values = 2, .gone = true, .cure = "UPDATE audit.log SET r = NULL"}};
       },
       "error E-OIDS-GONE: database \"shop\" of service db stores the oids of objects that are gone, which "
       "may be those of others in the new cluster: audit.log.r in 2 rows | UPDATE audit.log SET r = NULL; or "
       "proceed anyway "
       "with --accept E-OIDS-GONE"},
  });
}

TEST_CASE("what a server counts is told, and what the constructors of a range type were given") {
  require_diagnostics({
      {"counters",
       [](World& w) {
         left_behind(w).counters = {{.object = "public.queue.tx", .cure = "xid8"},
                                    {.object = "public.sent.at", .cure = "pg_lsn"}};
       },
       "warning W-COUNTERS: database \"shop\" of service db stores transaction ids or WAL positions, which "
       "the new cluster counts from the start: public.queue.tx (xid8), public.sent.at (pg_lsn) | where they "
       "are compared with the server's own, use --strategy warm, under which it counts on, or start such "
       "tables anew after the upgrade"},
      {"constructors",
       [](World& w) {
         left_behind(w).constructors = {
             {.object = "function public.span(integer,integer)", .cure = "REVOKE"}};
       },
       "note N-CONSTRUCTORS: database \"shop\" of service db has constructors of range types with an owner, "
       "privileges or a comment, which a dump leaves out; they are made so again: function "
       "public.span(integer,integer) | REVOKE"},
  });
}

TEST_CASE("rows that break a rule of their table are refused, and rules that could not be checked are told") {
  require_diagnostics({
      {"broken",
       [](World& w) {
         w.request.deep = true;
         left_behind(w).rows = {
             {.rule = "index i on table public.t",
              .rows = 2,
              .first_keys = "id=1; id=2",
              .cure = "SELECT keys"},
             {.rule = "encoding UTF8 of table public.n", .rows = 1, .first_keys = "invalid byte sequence"}};
       },
       "error E-BROKEN-ROWS: database \"shop\" of service db has rows that a restore would refuse, since "
       "they break the rules of their tables: index i on table public.t by 2 rows (id=1; id=2), encoding "
       "UTF8 of table public.n by 1 row (invalid byte sequence) | change or delete these rows; they show "
       "with "
       "SET enable_indexscan, enable_indexonlyscan and enable_bitmapscan = off: SELECT keys; or proceed "
       "anyway "
       "with --accept E-BROKEN-ROWS"},
      {"perhaps",
       [](World& w) {
         w.request.deep = true;
         left_behind(w).rows = {{.rule = "constraint c on table public.t",
                                 .rows = 1,
                                 .first_keys = "id=1",
                                 .problem = "it depends on an expression"}};
       },
       "warning W-BROKEN-ROWS: database \"shop\" of service db has rows that break the rules of their tables "
       "as their expressions are computed here, and that a restore may refuse: constraint c on table "
       "public.t "
       "by 1 row (id=1) | look at these rows: what the restore refuses ends the run, and is taken back"},
      {"not checked",
       [](World& w) {
         w.request.deep = true;
         left_behind(w).rows = {{.rule = "constraint k on table public.big", .problem = "it took too long"}};
       },
       "warning W-ROWS-UNKNOWN: could not check whether rows of database \"shop\" of service db keep the "
       "rules of their tables: constraint k on table public.big: it took too long | the restore checks them "
       "all"},
  });
}

TEST_CASE(
    "what CREATEROLE could do up to 15 is granted, but where two roles would be members of each other") {
  const auto roles = [](World& w) {
    w.inventory().roles = {{.name = "panel",
                            .can_login = true,
                            .create_role = true,
                            .member_of = {{.role = "held", .admin = true}}},
                           {.name = "postgres", .superuser = true},
                           {.name = "standby", .replication = true},
                           {.name = "held"},
                           {.name = "other", .create_role = true},
                           {.name = "tenant", .member_of = {{.role = "other"}}}};
  };
  require_diagnostics({
      {"to 17", roles,
       "warning W-CREATEROLE: from PostgreSQL 16 on role \"other\" of service db cannot keep all that "
       "CREATEROLE gives "
       "today, since roles cannot be members of each other: \"other\" over \"panel\", \"other\" over "
       "\"tenant\" | let a "
       "superuser alter these roles\n"
       "note N-CREATEROLE: from PostgreSQL 16 on CREATEROLE covers only roles held with admin option; 3 "
       "grants keep "
       "what roles \"panel\", \"other\" of service db can do | GRANT \"other\" TO \"panel\" WITH ADMIN TRUE, "
       "INHERIT "
       "FALSE, SET FALSE; GRANT \"tenant\" TO \"panel\" WITH ADMIN TRUE, INHERIT FALSE, SET FALSE; GRANT "
       "\"held\" TO "
       "\"other\" WITH ADMIN TRUE, INHERIT FALSE, SET FALSE"},
      {"from 16 nothing changes",
       [&](World& w) {
         roles(w);
         w.inventory().version_num = 160004;
         w.service().pg_version_file = 16;
       },
       ""},
  });
  World world;
  roles(world);
  world.inventory().roles[0].member_of.push_back({.role = "tenant"});
  const Planned result = planned(world.request, world.facts);
  REQUIRE(result.plan.targets.at(0).role_grants ==
          std::vector<RoleGrant>{{.role = "other", .member = "panel"},
                                 {.role = "tenant", .member = "panel", .fresh = false},
                                 {.role = "held", .member = "other"}});
}
