// What a dump leaves behind: named by the plan, or carried over. One cluster, a database for each state.
#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {
namespace {

struct State {
  const char* database;
  const char* sql;
};

// Each is refused until it is cured or accepted.
constexpr State kRefused[] = {
    {"heirs",
     "CREATE TABLE public.testator (amount int, payer text);\nCREATE TABLE public.heir (id int, payer text, "
     "amount "
     "int);\nALTER TABLE public.heir INHERIT public.testator;\nCREATE TABLE public.plain_heir (own int) "
     "INHERITS "
     "(public.testator);\n"},
    {"system",
     "CREATE FUNCTION pg_catalog.company_name() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT "
     "'ACME'::text $$;\n"
     "CREATE FUNCTION pg_catalog.concat_numbers(int, int) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT "
     "$1 || '/' || "
     "$2 $$;\nCREATE OPERATOR pg_catalog.<+> (LEFTARG = int, RIGHTARG = int, FUNCTION = "
     "pg_catalog.concat_numbers);\n"},
    {"ownerless",
     "CREATE ROLE leaver;\nCREATE TABLE public.orphan AS SELECT 1 AS i;\nALTER TABLE public.orphan OWNER TO "
     "leaver;\n"
     "CREATE SCHEMA leavers AUTHORIZATION leaver;\nCREATE TABLE public.granted (i int);\n"
     "GRANT SELECT ON public.granted TO leaver;\nDELETE FROM pg_catalog.pg_authid WHERE rolname = "
     "'leaver';\n"},
    {"invoices",
     "CREATE FUNCTION public.with_vat(net numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT "
     "round(net * 1.16, "
     "2) $$;\nCREATE TABLE public.invoice (id int PRIMARY KEY, net numeric NOT NULL, gross numeric GENERATED "
     "ALWAYS AS "
     "(public.with_vat(net)) STORED, twice numeric GENERATED ALWAYS AS (net * 2) STORED);\nINSERT INTO "
     "public.invoice "
     "(id, net) VALUES (1, 100), (2, 100);\nCREATE OR REPLACE FUNCTION public.with_vat(net numeric) RETURNS "
     "numeric "
     "LANGUAGE sql IMMUTABLE AS $$ SELECT round(net * 1.19, 2) $$;\nINSERT INTO public.invoice (id, net) "
     "VALUES (3, "
     "100);\nCREATE ROLE clerk;\nALTER TABLE public.invoice OWNER TO clerk;\n"},
    {"torn",
     "CREATE EXTENSION pg_trgm;\nALTER EXTENSION pg_trgm DROP FUNCTION public.show_limit();\nALTER FUNCTION "
     "public.show_limit() COST 7;\n"},
    {"computed",
     "CREATE FUNCTION public.rate() RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT 1.16';\nCREATE TABLE "
     "public.parts "
     "(id int, net numeric, gross numeric GENERATED ALWAYS AS (net * public.rate()) STORED) PARTITION BY "
     "HASH (id);\n"
     "CREATE TABLE public.part_0 PARTITION OF public.parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);\nCREATE "
     "TABLE "
     "public.part_1 PARTITION OF public.parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);\nINSERT INTO "
     "public.parts (id, "
     "net) SELECT i, 100 FROM generate_series(1, 10) i;\nCREATE OR REPLACE FUNCTION public.rate() RETURNS "
     "numeric "
     "LANGUAGE sql IMMUTABLE AS 'SELECT 1.19';\n"},
    {"words", "ALTER TEXT SEARCH CONFIGURATION pg_catalog.english ALTER MAPPING FOR word WITH simple;\n"},
    {"body",
     "CREATE EXTENSION hstore;\nCREATE OR REPLACE FUNCTION public.tconvert(text, text) RETURNS hstore "
     "LANGUAGE sql "
     "AS $$ SELECT public.hstore($1, $2) $$;\n"},
};

// Warned of, or carried over without a word of the user.
constexpr State kCarried[] = {
    {"audit",
     "CREATE SCHEMA audit;\nCREATE TABLE audit.logged_actions (event_id bigserial PRIMARY KEY, relid oid NOT "
     "NULL, who oid "
     "NOT NULL);\nCREATE TABLE public.customers (id int PRIMARY KEY);\nCREATE ROLE watcher;\nINSERT INTO "
     "audit.logged_actions (relid, who) SELECT 'public.customers'::regclass, (SELECT oid FROM pg_roles WHERE "
     "rolname = "
     "'watcher') FROM generate_series(1, 5);\nCREATE TABLE public.files (id int PRIMARY KEY, content "
     "oid);\nINSERT INTO "
     "public.files VALUES (1, lo_from_bytea(0, 'kept'));\nCREATE TABLE public.numbers (o oid);\nINSERT INTO "
     "public.numbers "
     "VALUES (7), (4000000000);\n"},
    {"added",
     "CREATE EXTENSION hstore;\nCREATE TABLE public.precious (id int PRIMARY KEY, h hstore);\nINSERT INTO "
     "public.precious "
     "SELECT i, hstore('k', i::text) FROM generate_series(1, 1000) i;\nCREATE FUNCTION public.helper(int) "
     "RETURNS int "
     "LANGUAGE sql AS 'SELECT $1 + 1';\nCREATE VIEW public.report AS SELECT count(*) FROM "
     "public.precious;\nCREATE "
     "SEQUENCE public.invoice_no;\nSELECT nextval('public.invoice_no');\nCREATE TYPE public.mood AS ENUM "
     "('good', "
     "'bad');\nALTER EXTENSION hstore ADD TABLE public.precious;\nALTER EXTENSION hstore ADD FUNCTION "
     "public.helper(int);\nALTER EXTENSION hstore ADD VIEW public.report;\nALTER EXTENSION hstore ADD "
     "SEQUENCE "
     "public.invoice_no;\nALTER EXTENSION hstore ADD TYPE public.mood;\n"},
    {"altered",
     "CREATE SCHEMA tools;\nCREATE EXTENSION pg_trgm SCHEMA tools;\nCREATE ROLE app_user LOGIN;\nALTER "
     "FUNCTION "
     "tools.similarity(text, text) OWNER TO app_user;\nALTER FUNCTION tools.word_similarity(text, text) COST "
     "5000 SECURITY "
     "DEFINER SET search_path = tools, public SET work_mem = '8MB';\nALTER FUNCTION tools.show_trgm(text) "
     "RENAME TO "
     "show_trigrams;\nCOMMENT ON FUNCTION tools.show_trigrams(text) IS 'it''s ours';\nALTER TYPE tools.gtrgm "
     "OWNER TO "
     "app_user;\n"},
    {"outside",
     "CREATE EXTENSION pg_trgm;\nALTER EXTENSION pg_trgm DROP FUNCTION public.show_limit();\nALTER EXTENSION "
     "pg_trgm "
     "DROP FUNCTION public.set_limit(real);\nDROP FUNCTION public.set_limit(real);\nCREATE VIEW "
     "public.lowest AS SELECT "
     "public.show_limit() AS l;\n"},
    {"postgres",
     "CREATE ROLE keeper;\nALTER FUNCTION pg_catalog.now() COST 5;\nALTER FUNCTION pg_catalog.now() OWNER TO "
     "keeper;\nCOMMENT ON FUNCTION pg_catalog.lower(text) IS 'ours';\nCOMMENT ON TYPE pg_catalog.int4 IS "
     "'small';\nALTER "
     "TYPE pg_catalog.int4 OWNER TO keeper;\nALTER OPERATOR CLASS pg_catalog.int4_ops USING btree OWNER TO "
     "keeper;\nCOMMENT ON EXTENSION plpgsql IS 'procedures';\nALTER TABLESPACE pg_default SET "
     "(random_page_cost = "
     "1.5);\nCOMMENT ON ROLE pg_monitor IS 'watches';\n"},
    {"families",
     "CREATE EXTENSION btree_gist;\nCREATE TYPE public.shade AS ENUM ('light', 'dark');\nCREATE FUNCTION "
     "public.below(int, shade) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 < 3';\nCREATE FUNCTION "
     "public.compared(int, shade) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';\nCREATE OPERATOR "
     "public.<<<< (LEFTARG = int, RIGHTARG = shade, FUNCTION = public.below);\nALTER OPERATOR FAMILY "
     "pg_catalog.integer_ops USING btree ADD OPERATOR 1 public.<<<< (int, shade), FUNCTION 1 (int, shade) "
     "public.compared(int, shade);\nALTER OPERATOR FAMILY public.gist_int4_ops USING gist ADD OPERATOR 41 "
     "public.<<<< (int, shade), OPERATOR 40 pg_catalog.< (int4, int2);\n"},
    {"keys",
     "CREATE TABLE public.parent (id int PRIMARY KEY);\nCREATE TABLE public.child (id int PRIMARY KEY, p int "
     "REFERENCES public.parent, own int UNIQUE DEFERRABLE);\nCREATE TABLE public.\"Late Child\" (p int "
     "CONSTRAINT \"it's late\" REFERENCES public.parent);\nINSERT INTO public.parent VALUES (1);\nINSERT "
     "INTO "
     "public.child VALUES (1, 1, 1);\nALTER TABLE public.parent DISABLE TRIGGER ALL;\nALTER TABLE "
     "public.child "
     "DISABLE TRIGGER ALL;\nCREATE TABLE public.added (p int REFERENCES public.parent);\nCREATE TABLE "
     "public.parts (id int, p int REFERENCES public.parent) PARTITION BY LIST (id);\nCREATE TABLE "
     "public.part_1 PARTITION OF public.parts FOR VALUES IN (1);\nALTER TABLE public.part_1 DISABLE TRIGGER "
     "ALL;\n"},
    {"hardened",
     "CREATE ROLE auditor;\nREVOKE USAGE ON SCHEMA information_schema FROM PUBLIC;\nREVOKE SELECT ON "
     "information_schema.columns FROM PUBLIC;\nGRANT SELECT ON information_schema.tables TO auditor WITH "
     "GRANT "
     "OPTION;\nREVOKE EXECUTE ON FUNCTION information_schema._pg_char_max_length(oid, int4) FROM "
     "PUBLIC;\nCREATE TABLE "
     "public.sales (v int);\nINSERT INTO public.sales VALUES (1);\nCREATE MATERIALIZED VIEW public.closing "
     "AS SELECT "
     "sum(v) FROM public.sales;\nCREATE CONVERSION public.ours FOR 'LATIN1' TO 'UTF8' FROM "
     "iso8859_1_to_utf8;\n"},
    {"spans",
     "CREATE TYPE public.span AS RANGE (subtype = int4);\nREVOKE EXECUTE ON FUNCTION public.span(int4, int4) "
     "FROM PUBLIC;\nGRANT EXECUTE ON FUNCTION public.span(int4, int4) TO watcher;\nALTER FUNCTION "
     "public.span(int4, int4, text) OWNER TO watcher;\nCOMMENT ON FUNCTION public.span(int4, int4, text) IS "
     "'it''s a span';\nCREATE TABLE public.queue (id int PRIMARY KEY, tx xid8, about regclass);\nCREATE "
     "TABLE public.short ();\nINSERT INTO public.queue VALUES (1, pg_current_xact_id(), 'public.queue'), "
     "(2, NULL, 'public.short');\nDROP TABLE public.short;\nCREATE EXTENSION pg_buffercache;\nCREATE "
     "FUNCTION public.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';\nCREATE "
     "TRIGGER ours INSTEAD OF DELETE ON public.pg_buffercache FOR EACH ROW EXECUTE FUNCTION "
     "public.nothing();\nCREATE RULE ours_too AS ON INSERT TO public.pg_buffercache DO INSTEAD "
     "NOTHING;\n"},
    {"roles",
     "CREATE ROLE panel LOGIN CREATEROLE CREATEDB;\nSET ROLE panel;\nCREATE ROLE tenant_1 LOGIN;\nCREATE "
     "ROLE tenant_2 "
     "LOGIN;\nGRANT tenant_1 TO tenant_2;\nGRANT tenant_2 TO panel;\nRESET ROLE;\n"},
};

void fill(const Project& project) {
  for (const auto& states : {std::vector<State>(std::begin(kRefused), std::end(kRefused)),
                             std::vector<State>(std::begin(kCarried), std::end(kCarried))}) {
    for (const State& state : states) {
      if (std::string(state.database) != "postgres")
        project.script("db", "postgres", std::string("CREATE DATABASE ") + state.database + ";\n");
      project.script("db", state.database, state.sql);
    }
  }
  project.script(
      "db", "postgres",
      "CREATE DATABASE half_dropped;\nUPDATE pg_catalog.pg_database SET datconnlimit = -2 WHERE datname = "
      "'half_dropped';\nCREATE DATABASE indexes;\n");
  project.script("db", "indexes",
                 "CREATE TABLE public.t AS SELECT 1 AS i;\nCREATE INDEX bad ON public.t (i);\nUPDATE "
                 "pg_catalog.pg_index SET "
                 "indisvalid = false WHERE indexrelid = 'public.bad'::regclass;\n");
}

std::string started(const Project& project) {
  return project.inspect(project.container("db"), "{{.Id}} {{.State.StartedAt}}") +
         project.read("docker-compose.yml");
}

// What of the extensions and roles must be the same before and after.
std::string carried(const Project& project) {
  const std::string functions =
      "SELECT p.proname, p.proowner::regrole, p.procost, p.prosecdef, p.proconfig, obj_description(p.oid, "
      "'pg_proc') FROM "
      "pg_proc p WHERE p.pronamespace = 'tools'::regnamespace AND p.prosrc IN ('similarity', "
      "'word_similarity', "
      "'show_trgm') ORDER BY p.prosrc";
  const std::string members =
      "SELECT i.type, i.identity FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = "
      "'hstore', "
      "LATERAL pg_identify_object(d.classid, d.objid, 0) i WHERE d.deptype = 'e' AND d.refclassid = "
      "'pg_extension'::regclass AND i.identity ~ 'precious|helper|report|invoice_no|mood' AND (i.type <> "
      "'type' "
      "OR i.identity = 'public.mood') ORDER BY 1, 2";
  const std::string trigrams =
      "SELECT to_regprocedure('public.show_limit()'), to_regprocedure('public.set_limit(real)'), (SELECT l "
      "FROM "
      "public.lowest), (SELECT count(*) FROM pg_depend d WHERE d.deptype = 'e' AND d.objid = "
      "to_regprocedure('public.show_limit()'))";
  const std::string built_ins =
      "SELECT p.procost, p.proowner::regrole, obj_description('pg_catalog.lower(text)'::regprocedure, "
      "'pg_proc'), "
      "t.typowner::regrole, obj_description(t.oid, 'pg_type'), (SELECT opcowner::regrole FROM pg_opclass "
      "WHERE opcname = "
      "'int4_ops' AND opcmethod = 403), (SELECT obj_description(oid, 'pg_extension') FROM pg_extension WHERE "
      "extname = "
      "'plpgsql'), (SELECT spcoptions FROM pg_tablespace WHERE spcname = 'pg_default'), shobj_description("
      "'pg_monitor'::regrole, 'pg_authid') FROM pg_proc p, pg_type t WHERE p.oid = "
      "'pg_catalog.now()'::regprocedure AND "
      "t.oid = 'int4'::regtype";
  const std::string families =
      "SELECT string_agg(pg_describe_object('pg_amop'::regclass, x.oid, 0), '; ' ORDER BY x.amopmethod, "
      "x.amopstrategy), (SELECT pg_describe_object('pg_amproc'::regclass, f.oid, 0) FROM pg_amproc f WHERE "
      "f.amproc = "
      "'public.compared(int,public.shade)'::regprocedure) FROM pg_amop x WHERE x.amopopr IN "
      "('public.<<<<(int,public.shade)'::regoperator, 'pg_catalog.<(int4,int2)'::regoperator)";
  const std::string keys =
      "SELECT k.conrelid::regclass, t.tgrelid::regclass, t.tgfoid::regproc, t.tgenabled FROM pg_trigger t "
      "JOIN "
      "pg_constraint k ON k.oid = t.tgconstraint WHERE t.tgisinternal AND t.tgenabled <> 'O' ORDER BY "
      "k.conrelid::regclass::text COLLATE \"C\", t.tgrelid::regclass::text COLLATE \"C\", "
      "t.tgfoid::regproc::text COLLATE \"C\"";
  const std::string hardened =
      "SELECT has_schema_privilege('auditor', 'information_schema', 'USAGE'), has_table_privilege('auditor', "
      "'information_schema.columns', 'SELECT'), has_table_privilege('auditor', 'information_schema.tables', "
      "'SELECT WITH "
      "GRANT OPTION'), has_function_privilege('auditor', 'information_schema._pg_char_max_length(oid,int4)', "
      "'EXECUTE')";
  const std::string spans =
      "SELECT p.proname, p.pronargs, p.proowner::regrole, p.proacl, obj_description(p.oid, 'pg_proc'), "
      "(SELECT "
      "string_agg(t.tgname, ' ') FROM pg_trigger t WHERE t.tgrelid = 'public.pg_buffercache'::regclass), "
      "(SELECT string_agg(w.rulename, ' ' ORDER BY w.rulename) FROM pg_rewrite w WHERE w.ev_class = "
      "'public.pg_buffercache'::regclass) FROM pg_proc p WHERE p.proname = 'span' ORDER BY 2";
  return project.sql("db", "spans", spans) + project.sql("db", "hardened", hardened) +
         project.sql("db", "families", families) + project.sql("db", "keys", keys) +
         project.sql("db", "outside", trigrams) + project.sql("db", "postgres", built_ins) +
         project.sql("db", "altered", functions) +
         project.sql("db", "altered", "SELECT typowner::regrole FROM pg_type WHERE typname = 'gtrgm'") +
         project.sql("db", "added", members) +
         project.sql("db", "added",
                     "SELECT md5(string_agg(id || ' ' || h::text, ',' ORDER BY id)), (SELECT count FROM "
                     "public.report), "
                     "(SELECT last_value FROM public.invoice_no), helper(1), 'good'::public.mood FROM "
                     "public.precious");
}

}  // namespace

TEST_CASE("what a dump leaves behind is named by the plan with its cure, and what can be carried over is") {
  Project project("left-behind");
  project.write("docker-compose.yml", small_project(15));
  project.up();
  fill(project);
  const std::string before = started(project);
  const Words upgrade = {"--compose", "docker-compose.yml", "--to", "17", "--strategy", "dump", "--yes"};

  const ProcessResult refused = project.pgupgrade(upgrade);
  INFO(output_of(refused));
  CHECK(refused.exit_code == 3);
  // Lines are folded to the width of the page.
  std::string said;
  for (const std::string& line : split_lines(refused.standard_output + refused.standard_error))
    said += std::string(trim(line)) + " ";
  for (const char* part : {
           "E-CATALOG-OBJECTS",
           "function pg_catalog.company_name(), function pg_catalog.concat_numbers(integer,integer), "
           "operator "
           "pg_catalog.<+>(integer,integer)",
           "ALTER FUNCTION pg_catalog.company_name() SET SCHEMA public; ALTER FUNCTION "
           "pg_catalog.concat_numbers(integer,integer) SET SCHEMA public; ALTER OPERATOR "
           "pg_catalog.<+>(integer,integer) SET SCHEMA public",
           "E-OWNER-MISSING",
           "ALTER TABLE public.orphan OWNER TO CURRENT_USER",
           "ALTER SCHEMA leavers OWNER TO CURRENT_USER",
           "table public.granted (granted to ",
           "E-GENERATED-CHANGES",
           "public.invoice.gross in 2 rows (id=1; id=2)",
           "E-DATABASE-CLOSED",
           "DROP DATABASE \"half_dropped\"",
           "E-EXTENSION-MEMBERS",
           "ALTER EXTENSION \"pg_trgm\" ADD FUNCTION public.show_limit()",
           "public.part_0.gross in ",
           "E-BUILT-IN-CHANGES",
           "text search configuration pg_catalog.english differs in mapping",
           "N-BUILT-IN-CHANGES",
           "ALTER FUNCTION pg_catalog.now() COST 5; ALTER FUNCTION pg_catalog.now() OWNER TO \"keeper\"",
           "function public.show_limit() was taken out of pg_trgm, function public.set_limit(real) was "
           "dropped from "
           "pg_trgm",
           "E-EXTENSION-CHANGES",
           "function public.tconvert(pg_catalog.text,pg_catalog.text) differs in body from what hstore makes",
           "W-INVALID-INDEX",
           "public.bad of table public.t",
           "W-OID-COLUMNS",
           "audit.logged_actions.relid in 5 rows, audit.logged_actions.who in 5 rows",
           "ALTER COLUMN relid TYPE regclass USING relid::regclass; ALTER TABLE audit.logged_actions ALTER "
           "COLUMN who TYPE "
           "regrole USING who::regrole",
           "N-CREATEROLE",
           "GRANT \"tenant_1\" TO \"panel\" WITH ADMIN TRUE, INHERIT FALSE, SET FALSE",
           "N-EXTENSION-CHANGES",
           "ALTER OPERATOR FAMILY pg_catalog.integer_ops USING btree ADD FUNCTION 1 (integer, public.shade) "
           "public.compared(integer,public.shade), OPERATOR 1 public.<<<<(integer,public.shade)",
           "ALTER OPERATOR FAMILY public.gist_int4_ops USING gist ADD OPERATOR 40 <(integer,smallint), "
           "OPERATOR 41 "
           "public.<<<<(integer,public.shade)",
           "W-VIEWS",
           "public.closing",
           "E-COLUMN-ORDER",
           "public.heir (id, payer, amount becomes amount, payer, id)",
           "REVOKE USAGE ON SCHEMA information_schema FROM PUBLIC",
           "N-CONSTRUCTORS",
           "GRANT EXECUTE ON FUNCTION public.span(integer,integer) TO watcher",
           "ALTER FUNCTION public.span(integer,integer,pg_catalog.text) OWNER TO watcher",
           "W-COUNTERS",
           "public.queue.tx (xid8)",
           "E-OIDS-GONE",
           "UPDATE public.queue SET about = NULL WHERE about::text ~ '^[0-9]+$'",
           "CREATE TRIGGER ours INSTEAD OF DELETE ON public.pg_buffercache FOR EACH ROW EXECUTE FUNCTION "
           "public.nothing()",
           "N-KEY-STATES",
           "constraint child_p_fkey on public.child (disabled on public.child)",
           "constraint child_p_fkey on public.child (disabled on public.parent)",
       }) {
    CHECK_THAT(said, ContainsSubstring(part));
  }
  CHECK(said.find("plain_heir") == std::string::npos);
  CHECK(said.find("twice") == std::string::npos);
  CHECK(said.find("public.files.content") == std::string::npos);
  CHECK(said.find("public.numbers") == std::string::npos);
  CHECK(said.find("W-EXTENSION-UNKNOWN") == std::string::npos);
  CHECK(started(project) == before);
  CHECK(project.engine_leftovers().empty());

  // The cures, as told.
  project.script("db", "system", "ALTER FUNCTION pg_catalog.company_name() SET SCHEMA public;\n");
  const std::string gone = project.sql("db", "ownerless",
                                       "SELECT min(s.refobjid) FROM pg_shdepend s WHERE s.refclassid = "
                                       "'pg_authid'::regclass AND NOT EXISTS (SELECT 1 FROM "
                                       "pg_roles r WHERE r.oid = s.refobjid)");
  project.script(
      "db", "ownerless",
      "ALTER TABLE public.orphan OWNER TO CURRENT_USER;\nALTER SCHEMA leavers OWNER TO CURRENT_USER;\nCREATE "
      "ROLE gone;\nUPDATE pg_catalog.pg_authid SET oid = " +
          std::string(trim(gone)) + " WHERE rolname = 'gone';\nDROP OWNED BY gone;\nDROP ROLE gone;\n");
  project.script("db", "invoices", "UPDATE public.invoice SET net = net;\n");
  project.script("db", "torn", "ALTER EXTENSION \"pg_trgm\" ADD FUNCTION public.show_limit();\n");
  project.script("db", "spans", "UPDATE public.queue SET about = NULL WHERE about::text ~ '^[0-9]+$';\n");
  project.script("db", "indexes", "REINDEX INDEX public.bad;\n");
  project.script("db", "postgres", "DROP DATABASE \"half_dropped\";\n");
  const std::string old_state = carried(project);

  Words accepted = upgrade;
  for (const char* code : {"E-CATALOG-OBJECTS", "E-COLUMN-ORDER", "E-EXTENSION-CHANGES", "E-BUILT-IN-CHANGES",
                           "E-GENERATED-CHANGES"})
    accepted.insert(accepted.end(), {"--accept", code});
  const ProcessResult upgraded = project.pgupgrade(accepted);
  INFO(output_of(upgraded));
  REQUIRE(upgraded.exit_code == 0);
  CHECK_THAT(upgraded.standard_output,
             ContainsSubstring(
                 "not carried over of database \"system\": function "
                 "pg_catalog.concat_numbers(integer,integer), operator pg_catalog.<+>(integer,integer)"));
  CHECK_THAT(upgraded.standard_output,
             ContainsSubstring("the change to mapping of text search configuration "
                               "pg_catalog.english") &&
                 ContainsSubstring("computed anew in database \"computed\", other than "
                                   "before: public.part_"));
  CHECK(project.sql("db", "computed", "SELECT count(*), sum(gross) FROM public.parts") == "10|1190.00");
  CHECK(project.server_version("db") == "17");
  CHECK(carried(project) == old_state);
  CHECK_THAT(old_state,
             ContainsSubstring("watcher=X/postgres") &&
                 ContainsSubstring("it's a span|ours|_RETURN ours_too") && ContainsSubstring("app_user") &&
                 ContainsSubstring("precious") && ContainsSubstring("show_trigrams") &&
                 ContainsSubstring("show_limit()||0.3|0") && ContainsSubstring("f|f|t|f") &&
                 ContainsSubstring("5|keeper|ours|keeper|small|keeper") &&
                 ContainsSubstring("operator 41 (integer, shade) of operator family gist_int4_ops") &&
                 ContainsSubstring("function 1 (integer, shade) of operator family integer_ops") &&
                 ContainsSubstring("child|child|unique_key_recheck|D") &&
                 ContainsSubstring("part_1|part_1|\"RI_FKey_check_ins\"|D"));
  CHECK(
      project.sql("db", "invoices", "SELECT string_agg(gross::text, ' ' ORDER BY id) FROM public.invoice") ==
      "119.00 119.00 119.00");
  project.script(
      "db", "roles",
      "SET ROLE panel;\nALTER ROLE tenant_1 NOLOGIN;\nALTER ROLE tenant_2 NOLOGIN;\nRESET ROLE;\n");
  CHECK(project.sql(
            "db", "roles",
            "SELECT m.roleid::regrole, m.admin_option, m.inherit_option, m.set_option FROM pg_auth_members m "
            "WHERE "
            "m.member = 'panel'::regrole AND m.roleid::regrole::text LIKE 'tenant%' ORDER BY 1::text") ==
        "tenant_1|t|f|f\ntenant_2|t|t|t");

  const ProcessResult back = project.pgupgrade({"rollback", "--yes", "--discard-new-writes"});
  INFO(output_of(back));
  CHECK(back.exit_code == 0);
  CHECK(project.server_version("db") == "15");
  CHECK(carried(project) == old_state);
}

}  // namespace pgupgrade::test
