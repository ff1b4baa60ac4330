#include "pgupgrade/planning/member_changes.hpp"

#include "pgupgrade/base/text.hpp"
#include "planning/preflight_case.hpp"

using namespace pgupgrade;
using namespace pgupgrade::planning;

namespace {

ExtensionMember function(const std::string& name, std::map<std::string, std::string> attributes = {}) {
  attributes.insert({{"name", name}, {"schema", "public"}, {"body", "body of " + name}, {"cost", "1"}});
  return {.extension = "pg_trgm",
          .type = "function",
          .identity = "public." + name + "(text)",
          .attributes = std::move(attributes)};
}

ExtensionMember table(const std::string& identity) {
  return {.extension = "pg_trgm", .type = "table", .identity = identity};
}

std::string statements_of(const std::vector<MemberChange>& changes) {
  std::vector<std::string> lines;
  for (const MemberChange& change : changes) lines.push_back(change.statement);
  return join(lines, "\n");
}

}  // namespace

TEST_CASE("an extension that is as its script makes it has no changes") {
  REQUIRE(member_changes({function("f"), table("public.t")}, {table("public.t"), function("f")}).empty());
}

TEST_CASE("each attribute of a function that was altered has its statement") {
  ExtensionMember altered = function("f", {{"owner", "app \"x\""},
                                           {"cost", "5000"},
                                           {"rows", "7"},
                                           {"security definer", "true"},
                                           {"strict", "false"},
                                           {"leakproof", "true"},
                                           {"volatility", "i"},
                                           {"parallel", "u"},
                                           {"comment", "it's mine\\"},
                                           {"settings", "search_path=\"$user\", public\nmy.guc=it's"}});
  const ExtensionMember expected = function("f", {{"rows", "0"},
                                                  {"security definer", "false"},
                                                  {"strict", "true"},
                                                  {"leakproof", "false"},
                                                  {"volatility", "s"},
                                                  {"parallel", "s"}});
  REQUIRE(
      statements_of(member_changes({expected}, {altered})) ==
      "COMMENT ON FUNCTION public.f(text) IS E'it''s mine\\\\'\n"
      "ALTER FUNCTION public.f(text) COST 5000\n"
      "ALTER FUNCTION public.f(text) LEAKPROOF\n"
      "ALTER FUNCTION public.f(text) OWNER TO \"app \"\"x\"\"\"\n"
      "ALTER FUNCTION public.f(text) PARALLEL UNSAFE\n"
      "ALTER FUNCTION public.f(text) ROWS 7\n"
      "ALTER FUNCTION public.f(text) SECURITY DEFINER\n"
      "ALTER FUNCTION public.f(text) SET \"search_path\" TO \"$user\", public SET \"my\".\"guc\" TO 'it''s'\n"
      "ALTER FUNCTION public.f(text) CALLED ON NULL INPUT\n"
      "ALTER FUNCTION public.f(text) IMMUTABLE");
}

TEST_CASE("what was added to an operator family is added again, and what was taken out of it is only named") {
  const auto family = [](const std::string& members) {
    return ExtensionMember{.extension = "btree_gist",
                           .type = "operator family",
                           .identity = "public.gist_int4_ops USING gist",
                           .attributes = {{kLooseMembers, members}}};
  };
  const auto added =
      member_changes({family("OPERATOR 6 <>(integer,integer)")},
                     {family("FUNCTION 8 (a, b) public.f(a,b)\nOPERATOR 6 <>(integer,integer)\n"
                             "OPERATOR 7 public.@(a,b) FOR ORDER BY public.s")});
  REQUIRE(
      statements_of(added) ==
      "ALTER OPERATOR FAMILY public.gist_int4_ops USING gist ADD FUNCTION 8 (a, b) public.f(a,b), OPERATOR 7 "
      "public.@(a,b) FOR ORDER BY public.s");
  // By the time another version of the extension may have members of its own.
  REQUIRE(is_made(added.front(),
                  "FUNCTION 8 (a, b) public.f(a,b)\nOPERATOR 7 public.@(a,b) FOR ORDER BY "
                  "public.s\nOPERATOR 9 ~(integer,integer)"));
  REQUIRE_FALSE(is_made(added.front(), "FUNCTION 8 (a, b) public.f(a,b)\nOPERATOR 6 <>(integer,integer)"));
  REQUIRE(statements_of(member_changes({family("OPERATOR 6 <>(integer,integer)")}, {family("")})).empty());
  REQUIRE(statements_of(member_changes({family("OPERATOR 6 <>(integer,integer)")},
                                       {family("OPERATOR 7 public.@(a,b)")}))
              .empty());
}

TEST_CASE("what users put on a table of an extension is put there again, once all else is there") {
  const auto table = [](const std::string& indexes) {
    return ExtensionMember{.extension = "postgis",
                           .type = "table",
                           .identity = "public.spatial_ref_sys",
                           .attributes = {{kIndexes, indexes}}};
  };
  const std::string by_name = "CREATE INDEX by_name ON public.spatial_ref_sys USING btree (auth_name)";
  const auto added = member_changes({table("")}, {table(by_name)});
  REQUIRE(statements_of(added) == by_name);
  REQUIRE(stands_on_table(added.front()));
  REQUIRE(is_made(added.front(),
                  "CREATE INDEX its_own ON public.spatial_ref_sys USING btree (srid)\n" + by_name));
  REQUIRE_FALSE(is_made(added.front(), ""));
  // One that takes several lines is known by a digest only, and one that was dropped has no statement.
  REQUIRE(statements_of(member_changes({table("")}, {table("9c56cc51b374c3ba189210d5b6d4bf57")})).empty());
  REQUIRE(statements_of(member_changes({table(by_name)}, {table("")})).empty());
}

TEST_CASE("an object of initdb's is what the scripts of the extensions make of it") {
  const auto family = [](const std::string& members) {
    return ExtensionMember{.type = "operator family",
                           .identity = "pg_catalog.integer_ops USING btree",
                           .attributes = {{kLooseMembers, members}}};
  };
  REQUIRE(
      member_changes({family("OPERATOR 1 public.<(a,b)"), family("")}, {family("OPERATOR 1 public.<(a,b)")})
          .empty());
}

TEST_CASE("what was granted on the information schema is granted again, and what was revoked revoked") {
  const auto with = [](const std::string& type, const std::string& identity, const std::string& grants) {
    return ExtensionMember{
        .type = type, .identity = identity, .attributes = {{kInformationSchemaGrants, grants}}};
  };
  const auto changes = member_changes(
      {with("view", "information_schema.columns", "SELECT PUBLIC"),
       with("schema", "information_schema", "USAGE PUBLIC"),
       with("function", "information_schema._pg_index_position(oid,smallint)", "")},
      {with("view", "information_schema.columns", "SELECT* \"o 1\"\nSELECT PUBLIC"),
       with("schema", "information_schema", ""),
       with("function", "information_schema._pg_index_position(oid,smallint)", "EXECUTE reader")});
  REQUIRE(statements_of(changes) ==
          "GRANT SELECT ON TABLE information_schema.columns TO \"o 1\" WITH GRANT OPTION\n"
          "REVOKE USAGE ON SCHEMA information_schema FROM PUBLIC\n"
          "GRANT EXECUTE ON FUNCTION information_schema._pg_index_position(oid,smallint) TO reader");
}

TEST_CASE("a function that was replaced is not carried over, so its attributes are not either") {
  const auto changes = member_changes({function("f")}, {function("f", {{"body", "mine"}, {"cost", "7"}})});
  REQUIRE(changes.size() == 2);
  REQUIRE(statements_of(changes) == "\n");
}

TEST_CASE("a function under another name or in another schema is found by what it does") {
  ExtensionMember renamed = function("f");
  renamed.identity = "public.g(text)";
  renamed.attributes["name"] = "g";
  renamed.attributes["owner"] = "app";
  ExtensionMember moved = function("h");
  moved.identity = "tools.h(text)";
  moved.attributes["schema"] = "tools";
  REQUIRE(statements_of(member_changes({function("f"), function("h")}, {renamed, moved})) ==
          "ALTER FUNCTION public.f(text) RENAME TO \"g\"\n"
          "ALTER FUNCTION public.h(text) SET SCHEMA \"tools\"\n"
          "ALTER FUNCTION public.g(text) OWNER TO \"app\"");
}

TEST_CASE("an object that was added can be carried over unless one of its kind is missing") {
  const auto added = member_changes({function("f")}, {function("f"), table("public.precious")});
  REQUIRE(statements_of(added) == "ALTER EXTENSION \"pg_trgm\" ADD TABLE public.precious");
  REQUIRE(drop_member(added.front()) == "ALTER EXTENSION \"pg_trgm\" DROP TABLE public.precious");
  const auto torn = member_changes({function("f"), table("public.a")}, {function("f"), table("public.b")});
  REQUIRE(torn.size() == 2);
  REQUIRE(torn[0].kind == MemberChangeKind::removed);
  REQUIRE(torn[1].kind == MemberChangeKind::added);
  REQUIRE(statements_of(torn) == "\n");
}

TEST_CASE(
    "an object that was taken out of an extension is a member again while it is dumped, one that is gone is "
    "dropped") {
  const ExtensionMember like{.extension = "pg_trgm", .type = "operator", .identity = "public.%(text,text)"};
  const std::vector<ExtensionMember> expected = {function("f"), function("g"), like, table("public.t")};
  auto changes = member_changes(expected, {table("public.t")});
  ExtensionMember loose = function("f");
  loose.extension.clear();
  carry_removed(changes, expected, {loose});
  REQUIRE(statements_of(changes) ==
          "ALTER EXTENSION \"pg_trgm\" DROP FUNCTION public.f(text)\n"
          "ALTER EXTENSION \"pg_trgm\" DROP OPERATOR public.%(text,text); DROP OPERATOR public.%(text,text)\n"
          "ALTER EXTENSION \"pg_trgm\" DROP FUNCTION public.g(text); DROP FUNCTION public.g(text)");
  REQUIRE(is_moved(changes[0]));
  REQUIRE_FALSE(is_moved(changes[1]));
  REQUIRE_FALSE(is_moved(changes[2]));
}

TEST_CASE(
    "an object that was taken out of an extension and is not as its script made it is not carried over") {
  const std::vector<ExtensionMember> expected = {function("f")};
  for (const auto& [attribute, value] : std::map<std::string, std::string>{
           {"body", "mine"}, {"cost", "7"}, {"privileges", "{app=X/postgres}"}}) {
    INFO(attribute);
    auto changes = member_changes({function("f"), table("public.t")}, {table("public.t")});
    ExtensionMember loose = function("f");
    loose.attributes[attribute] = value;
    carry_removed(changes, expected, {loose});
    REQUIRE(statements_of(changes).empty());
    REQUIRE(changes.size() == 1);
  }
}

TEST_CASE("an addition is carried over once it is known that nothing of its kind has only another name") {
  const std::vector<ExtensionMember> expected = {table("public.a")};
  auto changes = member_changes(expected, {table("public.b")});
  auto renamed = changes;
  carry_removed(renamed, expected, {});
  REQUIRE(statements_of(renamed) == "\n");
  carry_removed(changes, expected, {table("public.a")});
  REQUIRE(statements_of(changes) ==
          "ALTER EXTENSION \"pg_trgm\" DROP TABLE public.a\n"
          "ALTER EXTENSION \"pg_trgm\" ADD TABLE public.b");
}

TEST_CASE(
    "built-in objects that somebody has altered have their statements, unless initdb made them otherwise") {
  const auto built_in = [](const std::string& type, const std::string& identity,
                           std::map<std::string, std::string> attributes = {}) {
    return ExtensionMember{.type = type, .identity = identity, .attributes = std::move(attributes)};
  };
  const auto changes = member_changes(
      {built_in("function", "pg_catalog.now()", {{"cost", "1"}, {"body", "b"}}),
       built_in("type", "pg_catalog.int4", {{"comment", "-2 billion"}}), built_in("tablespace", "pg_default"),
       built_in("operator class", "pg_catalog.int4_ops USING btree"),
       built_in("text search configuration", "pg_catalog.english", {{"mapping", "1 english_stem"}})},
      {built_in("function", "pg_catalog.now()", {{"cost", "5"}, {"body", "b"}}),
       built_in("type", "pg_catalog.int4", {{"comment", "ours"}}),
       built_in("tablespace", "pg_default", {{"options", "random_page_cost=1.1, seq_page_cost=2"}}),
       built_in("operator class", "pg_catalog.int4_ops USING btree", {{"owner", "app"}}),
       built_in("text search configuration", "pg_catalog.english", {{"mapping", "1 simple"}}),
       built_in("function", "pg_catalog.jetzt()")});
  REQUIRE(statements_of(changes) ==
          "ALTER FUNCTION pg_catalog.now() COST 5\n"
          "COMMENT ON TYPE pg_catalog.int4 IS 'ours'\n"
          "ALTER TABLESPACE pg_default SET (random_page_cost=1.1, seq_page_cost=2)\n"
          "ALTER OPERATOR CLASS pg_catalog.int4_ops USING btree OWNER TO \"app\"\n"
          "\n");
  REQUIRE(changes[4].attribute == "mapping");
  REQUIRE(changes[5].attribute == "name");
}

TEST_CASE("members of an extension that could not be created are not compared") {
  REQUIRE(member_changes({}, {function("f"), table("public.t")}).empty());
}

TEST_CASE("a plan tells what becomes of changes to extensions") {
  const auto with = [](MemberChange change) {
    return [change](planning::World& w) { w.inventory().databases[1].left_behind.members = {change}; };
  };
  require_diagnostics({
      {"carried",
       with({.extension = "pg_trgm",
             .type = "function",
             .identity = "public.f(text)",
             .attribute = "cost",
             .value = "5",
             .statement = "ALTER FUNCTION public.f(text) COST 5"}),
       "note N-EXTENSION-CHANGES: changes to extensions in database \"shop\" of service db, which a dump "
       "leaves out, "
       "are made again after the restore: function public.f(text) differs in cost from what pg_trgm makes | "
       "ALTER "
       "FUNCTION public.f(text) COST 5"},
      {"lost",
       with({.extension = "pg_trgm", .type = "table", .identity = "public.t", .attribute = "columns"}),
       "error E-EXTENSION-CHANGES: objects of extensions in database \"shop\" of service db were changed in "
       "a way that "
       "a dump leaves out: table public.t differs in columns from what pg_trgm makes | move the change out "
       "of the "
       "extension's own object; or proceed anyway with --accept E-EXTENSION-CHANGES"},
      {"taken out",
       with({.kind = MemberChangeKind::removed,
             .extension = "pg_trgm",
             .type = "function",
             .identity = "public.f(text)"}),
       "error E-EXTENSION-MEMBERS: extensions in database \"shop\" of service db do not have the members "
       "that their "
       "scripts make, so a dump of it cannot be restored: function public.f(text) was taken out of pg_trgm | "
       "ALTER "
       "EXTENSION \"pg_trgm\" ADD FUNCTION public.f(text)"},
      {"built-in",
       with({.type = "function",
             .identity = "pg_catalog.now()",
             .attribute = "cost",
             .value = "5",
             .statement = "ALTER FUNCTION pg_catalog.now() COST 5"}),
       "note N-BUILT-IN-CHANGES: changes to built-in objects in database \"shop\" of service db, which a "
       "dump leaves "
       "out, are made again after the restore: function pg_catalog.now() differs in cost | ALTER FUNCTION "
       "pg_catalog.now() COST 5"},
      {"built-in, lost",
       with({.type = "text search configuration", .identity = "pg_catalog.english", .attribute = "mapping"}),
       "error E-BUILT-IN-CHANGES: built-in objects in database \"shop\" of service db were changed in a way "
       "that a "
       "dump leaves out: text search configuration pg_catalog.english differs in mapping | take the change "
       "back, and "
       "make it again after the upgrade; or proceed anyway with --accept E-BUILT-IN-CHANGES"},
      {"unknown",
       [](planning::World& w) {
         w.inventory().databases[1].left_behind.unknown_extensions = {"postgis 3.1: no script"};
       },
       "warning W-EXTENSION-UNKNOWN: could not check whether extensions in database \"shop\" of service db "
       "were changed "
       "by hand: postgis 3.1: no script | a dump leaves such changes out"},
  });
}
