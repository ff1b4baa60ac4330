#include "postgres/objects_sql.hpp"
#include "postgres/sql_fragments.hpp"

namespace pgupgrade::postgres {
namespace {

using namespace sql;

// "name(argument types)": proargtypes holds the input arguments on every version, while
// pg_get_function_identity_arguments shows a procedure's output arguments only from 14 on.
const std::string kSignature = "p.proname || '(' || " + type_list("p.proargtypes") + " || ')'";

std::string routine_kind(int version) {
  if (version >= 110000) {
    return "CASE p.prokind WHEN 'a' THEN 'aggregate' WHEN 'p' THEN 'procedure' ELSE 'function' END";
  }
  return "CASE WHEN p.proisagg THEN 'aggregate' ELSE 'function' END";
}

// Functions that belong to a type (range constructors) come with it, and their number differs by version.
std::string routines() {
  return " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE " + user_schema("n") + " AND " +
         not_in_extension("pg_proc", "p.oid") +
         " AND NOT EXISTS (SELECT 1 FROM pg_depend own WHERE own.classid = 'pg_proc'::regclass AND own.objid "
         "= "
         "p.oid AND own.deptype = 'i')";
}

std::string routine_facts(int version) {
  const std::string all_types =
      "(SELECT string_agg(" + type_name("u.oid") +
      ", ', ' ORDER BY u.place) FROM unnest(p.proallargtypes) WITH ORDINALITY u(oid, place))";
  const std::string window = version >= 110000 ? "p.prokind = 'w'" : "p.proiswindow";
  return facts({
      fact("language", "SELECT l.lanname::text FROM pg_language l WHERE l.oid = p.prolang"),
      fact("returns", type_name("p.prorettype")),
      fact("argument types", all_types),
      fact("argument modes", "array_to_string(p.proargmodes, '')"),
      fact("argument names", "array_to_string(p.proargnames, ',')"),
      fact("defaults", "p.pronargdefaults::text"),
      fact("variadic", "CASE WHEN p.provariadic <> 0 THEN " + type_name("p.provariadic") + " END"),
      flag("returns set", "p.proretset"),
      flag("strict", "p.proisstrict"),
      flag("security definer", "p.prosecdef"),
      flag("leakproof", "p.proleakproof"),
      flag("window", window),
      fact("volatility", "p.provolatile::text"),
      fact("parallel", "p.proparallel::text"),
      fact("cost", "p.procost::int8::text"),
      fact("rows", "p.prorows::int8::text"),
      fact("settings", sorted_texts("p.proconfig")),
      fact("library", "p.probin::text"),
      version >= 140000 ? flag("sql body", "p.prosqlbody IS NOT NULL") : std::string(),
      fact("source", "p.prosrc"),
  });
}

ObjectQuery aggregates() {
  return {"aggregates",
          "SELECT 'definition of aggregate', n.nspname, " + kSignature + ", " +
              facts({
                  fact("kind", "a.aggkind::text"),
                  fact("direct arguments", "a.aggnumdirectargs::text"),
                  fact("transition", function_name("a.aggtransfn")),
                  fact("final", function_name("a.aggfinalfn")),
                  fact("combine", function_name("a.aggcombinefn")),
                  fact("serial", function_name("a.aggserialfn")),
                  fact("deserial", function_name("a.aggdeserialfn")),
                  fact("moving transition", function_name("a.aggmtransfn")),
                  fact("moving inverse", function_name("a.aggminvtransfn")),
                  fact("moving final", function_name("a.aggmfinalfn")),
                  fact("state", type_name("a.aggtranstype")),
                  fact("initial", "a.agginitval"),
              }) +
              " FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid JOIN pg_namespace n ON n.oid = "
              "p.pronamespace WHERE " +
              user_schema("n") + " AND " + not_in_extension("pg_proc", "p.oid"),
          true};
}

// Types that users make: not those that come with a table, an element type or a range.
std::string types() {
  return " FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = "
         "t.typrelid AND t.typrelid <> 0 WHERE (t.typrelid = 0 OR c.relkind = 'c') AND t.typtype <> 'm' AND "
         "NOT (t.typelem <> 0 AND EXISTS (SELECT 1 FROM pg_type el WHERE el.oid = t.typelem AND el.typarray "
         "= "
         "t.oid)) AND " +
         user_schema("n") + " AND " + not_in_extension("pg_type", "t.oid");
}

const std::string kTypeKind = "CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'type' END";

std::string type_facts() {
  const std::string labels =
      "(SELECT string_agg(e.enumlabel::text, E'\\n' ORDER BY e.enumsortorder) FROM pg_enum e WHERE "
      "e.enumtypid "
      "= t.oid)";
  const std::string attributes =
      "(SELECT string_agg(a.attname || ' ' || " + type_name("a.atttypid", "a.atttypmod") +
      ", E'\\n' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT "
      "a.attisdropped)";
  const std::string base_only = "CASE WHEN t.typtype = 'b' THEN ";
  return facts({
      fact("kind", "t.typtype::text"),
      fact("labels", labels),
      fact("attributes", attributes),
      fact("base", "CASE WHEN t.typtype = 'd' THEN " + type_name("t.typbasetype", "t.typtypmod") + " END"),
      flag("not null", "t.typnotnull"),
      flag("default", "t.typdefault IS NOT NULL"),
      fact("range of", "SELECT " + type_name("r.rngsubtype") + " FROM pg_range r WHERE r.rngtypid = t.oid"),
      fact("input", base_only + function_name("t.typinput") + " END"),
      fact("output", base_only + function_name("t.typoutput") + " END"),
      fact("layout", base_only + "concat(t.typlen, ' ', t.typbyval, ' ', t.typalign, ' ', t.typstorage, ' ', "
                                 "t.typcategory, ' ', t.typispreferred, ' ', t.typdelim) END"),
  });
}

std::vector<ObjectQuery> operators() {
  const auto operand = [](const std::string& column) {
    return "CASE WHEN " + column + " = 0 THEN 'none' ELSE " + type_name(column) + " END";
  };
  const std::string method = "(SELECT am.amname::text FROM pg_am am WHERE am.oid = ";
  return {
      {"operators",
       "SELECT 'operator', n.nspname, o.oprname || ' (' || " + operand("o.oprleft") + " || ', ' || " +
           operand("o.oprright") + " || ')', " +
           facts({fact("function", function_name("o.oprcode")), fact("result", type_name("o.oprresult")),
                  fact("commutator", object_name("pg_operator", "oprname", "oprnamespace", "o.oprcom")),
                  fact("negator", object_name("pg_operator", "oprname", "oprnamespace", "o.oprnegate")),
                  flag("hashes", "o.oprcanhash"), flag("merges", "o.oprcanmerge"),
                  fact("restrict", function_name("o.oprrest")), fact("join", function_name("o.oprjoin")),
                  fact("owner", role_name("o.oprowner"))}) +
           " FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE o.oprcode <> 0 AND " +
           user_schema("n") + " AND " + not_in_extension("pg_operator", "o.oid"),
       true},
      {"operator classes",
       "SELECT 'operator class', n.nspname, o.opcname || ' using ' || " + method + "o.opcmethod), " +
           facts({fact("type", type_name("o.opcintype")), flag("default", "o.opcdefault"),
                  fact("family", object_name("pg_opfamily", "opfname", "opfnamespace", "o.opcfamily")),
                  fact("key type", "CASE WHEN o.opckeytype <> 0 THEN " + type_name("o.opckeytype") + " END"),
                  fact("owner", role_name("o.opcowner"))}) +
           " FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace WHERE " + user_schema("n") +
           " AND " + not_in_extension("pg_opclass", "o.oid"),
       true},
      {"operator families",
       "SELECT 'operator family', n.nspname, o.opfname || ' using ' || " + method + "o.opfmethod), " +
           facts({fact("operators", "SELECT count(*)::text FROM pg_amop m WHERE m.amopfamily = o.oid"),
                  fact("functions", "SELECT count(*)::text FROM pg_amproc m WHERE m.amprocfamily = o.oid"),
                  fact("owner", role_name("o.opfowner"))}) +
           " FROM pg_opfamily o JOIN pg_namespace n ON n.oid = o.opfnamespace WHERE " + user_schema("n") +
           " AND " + not_in_extension("pg_opfamily", "o.oid"),
       true},
  };
}

// A cast has no schema and no owner; those of the system have oids below 16384. From 14 on a range type
// brings one along.
ObjectQuery casts() {
  return {"casts",
          "SELECT 'cast', NULL, " + type_name("k.castsource") + " || ' as ' || " + type_name("k.casttarget") +
              ", " +
              facts({fact("context", "k.castcontext::text"), fact("method", "k.castmethod::text"),
                     fact("function", function_name("k.castfunc"))}) +
              " FROM pg_cast k WHERE k.oid >= 16384 AND " + not_in_extension("pg_cast", "k.oid") +
              " AND NOT EXISTS (SELECT 1 FROM pg_depend own WHERE own.classid = 'pg_cast'::regclass AND "
              "own.objid = "
              "k.oid AND own.deptype = 'i')",
          true};
}

}  // namespace

std::vector<ObjectQuery> routine_queries(int version_num) {
  const std::string kind = routine_kind(version_num);
  std::vector<ObjectQuery> queries = {
      {"functions",
       "SELECT " + kind + ", n.nspname, " + kSignature + ", " + routine_facts(version_num) + routines(),
       true},
      {"owners of functions",
       "SELECT 'owner of ' || " + kind + ", n.nspname, " + kSignature + ", " + role_name("p.proowner") +
           routines(),
       true},
      {"privileges on functions",
       "SELECT 'privileges of ' || " + kind + ", n.nspname, " + kSignature + ", " +
           grants("p.proacl", 'f', "p.proowner") + routines(),
       true},
      aggregates(),
      {"types", "SELECT " + kTypeKind + ", n.nspname, t.typname, " + type_facts() + types()},
      {"owners of types",
       "SELECT 'owner of ' || " + kTypeKind + ", n.nspname, t.typname, " + role_name("t.typowner") + types()},
      {"privileges on types", "SELECT 'privileges of ' || " + kTypeKind + ", n.nspname, t.typname, " +
                                  grants("t.typacl", 'T', "t.typowner") + types()},
      casts(),
  };
  for (ObjectQuery& query : operators()) queries.push_back(std::move(query));
  return queries;
}

}  // namespace pgupgrade::postgres
