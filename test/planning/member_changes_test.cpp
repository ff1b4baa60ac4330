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
      {"unknown",
       [](planning::World& w) {
         w.inventory().databases[1].left_behind.unknown_extensions = {"postgis 3.1: no script"};
       },
       "warning W-EXTENSION-UNKNOWN: could not check whether extensions in database \"shop\" of service db "
       "were changed "
       "by hand: postgis 3.1: no script | a dump leaves such changes out"},
  });
}
