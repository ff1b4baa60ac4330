// Expressions are compared as the new server prints the old text, on a real server.
#include "postgres/reprint.hpp"
#include "support/catch.hpp"
#include "support/fixture_server.hpp"

using namespace pgupgrade;
using namespace pgupgrade::postgres;
using namespace pgupgrade::test;

namespace {

constexpr const char* kObjects = R"(
CREATE TABLE t (a integer DEFAULT 1 + 1, b text CHECK (b IN ('x', 'y')), c integer GENERATED ALWAYS AS (a + 1) STORED);
CREATE INDEX t_index ON t ((a + 1)) WHERE a > 0;
CREATE VIEW v AS SELECT a, b FROM t WHERE a > 0;
CREATE DOMAIN d AS integer CHECK (VALUE > 0);
CREATE FUNCTION f(a integer, b integer DEFAULT 1) RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT a + b; END;
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER r AFTER UPDATE ON t FOR EACH ROW WHEN (old.a > new.a) EXECUTE FUNCTION g();
CREATE RULE s AS ON UPDATE TO v DO INSTEAD UPDATE t SET b = new.b WHERE a = old.a;
CREATE POLICY p ON t USING (a > 0);
CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
CREATE EVENT TRIGGER refuse ON ddl_command_start EXECUTE FUNCTION refuse();
ALTER EVENT TRIGGER refuse ENABLE ALWAYS;
)";

struct Case {
  const char* object;
  const char* attribute;
  const char* same;   // another spelling
  const char* other;  // another meaning
};
const Case kCases[] = {
    {R"(default value for "public"."t"."a")", "adbin", "((1) + 1)", "(1 + 2)"},
    {R"(default value for "public"."t"."c")", "adbin", "(t.a + 1)", "(t.a + 2)"},
    {R"(constraint "t_b_check" on "public"."t")", "conbin", "b IN ('x'::text, 'y')", "b IN ('x')"},
    {R"(constraint "d_check" on "public"."d")", "conbin", "((VALUE) > 0)", "(VALUE >= 0)"},
    {R"(index "public"."t_index")", "indexprs", "((t.a) + 1)", "(a - 1)"},
    {R"(index "public"."t_index")", "indpred", "(t.a > (0))", "(a > 1)"},
    {R"(rule "_RETURN" on "public"."v")", "ev_action", "SELECT t.a, t.b FROM public.t WHERE (t.a > 0)",
     "SELECT t.a, t.b FROM public.t WHERE (t.a > 1)"},
    {R"(rule "s" on "public"."v")", "ev_action",
     R"(CREATE RULE "s" AS ON UPDATE TO "public"."v" DO INSTEAD UPDATE public.t SET b = NEW.b WHERE t.a = OLD.a)",
     R"(CREATE RULE "s" AS ON UPDATE TO "public"."v" DO INSTEAD UPDATE public.t SET b = NEW.b WHERE t.a > OLD.a)"},
    {R"(trigger "r" on "public"."t")", "tgqual", "((OLD.a) > NEW.a)", "(OLD.a < NEW.a)"},
    {R"(policy "p" on "public"."t")", "polqual", "((a) > 0)", "(a > 1)"},
    {R"(function "public"."f"(integer,integer))", "proargdefaults", "(1)", "2"},
    {R"(function "public"."f"(integer,integer))", "prosqlbody", "BEGIN ATOMIC SELECT ($1 + f.b); END",
     "BEGIN ATOMIC SELECT (a - b); END"},
};

}  // namespace

TEST_CASE("an expression in another spelling is the same and one of another meaning is not") {
  const FixtureServer server(17);
  server.script("postgres", kObjects);
  const auto session = server.session("postgres");
  const auto read = [&] {
    Objects objects;
    for (auto& object : read_catalog(ask_in(*session), CatalogScope::database))
      objects[object.kind + " " + object.identity] = object.attributes;
    return objects;
  };
  const Objects now = read();
  for (const Case& entry : kCases) {
    INFO(entry.object << ": " << entry.attribute);
    REQUIRE(now.contains(entry.object));
    const std::string is = now.at(entry.object).at(entry.attribute);
    Objects old = now;
    std::string& was = old[entry.object][entry.attribute];
    REQUIRE(is != entry.same);
    was = entry.same;
    settle_expressions(*session, old, now);
    CHECK(was == is);
    for (const char* wrong : {entry.other, "no SQL at all"}) {
      was = wrong;
      settle_expressions(*session, old, now);
      CHECK(was == wrong);
    }
  }
  CHECK(read() == now);
}
