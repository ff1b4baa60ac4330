#include "postgres/members_sql.hpp"

#include "pgupgrade/model/sql_text.hpp"
#include "pgupgrade/planning/member_changes.hpp"
#include "pgupgrade/postgres/members.hpp"
#include "postgres/sql_fragments.hpp"

namespace pgupgrade::postgres {
namespace {

using namespace sql;

// 'label', value
std::string attribute(const std::string& label, const std::string& value) {
  return ", '" + label + "', (" + value + ")::text";
}

// The superuser made the cluster's extensions, and its name is not of the extension.
std::string owner(const std::string& oid) {
  return attribute("owner", "CASE WHEN " + oid + " <> 10 THEN " + role_name(oid) + " END");
}

// The last transactions of initdb: what it made and nobody has touched is no younger. Where template0 was
// altered later, or came by pg_upgrade, its row says too much.
constexpr const char* kInitdb =
    "(SELECT least(1000, min(t.xmin::text::int8)) FROM pg_database t WHERE t.datname = 'template0')";

std::string is_younger(const std::string& row) {
  return row + ".xmin::text::int8 > " + kInitdb;
}

enum class Whose {
  members,    // of extensions
  touched,    // initdb's, but somebody has changed them, their comments or parts
  built_ins,  // initdb's, all of them
  others      // of users, in no extension
};

// The objects of one catalog, whose row is "o".
struct Of {
  std::string attributes = {};
  std::string acl = {};         // its column of privileges
  std::string parts = "false";  // whether somebody has changed rows elsewhere that belong to it
  std::string where = "true";
  bool shared = false;
};

// The attributes are the same whoever an object belongs to.
class Questions {
 public:
  explicit Questions(Whose whose) : whose_(whose) {}

  void add(const std::string& catalog, const Of& of) {
    if (of.shared && (whose_ == Whose::members || whose_ == Whose::others)) return;
    const std::string own = "'" + catalog + "'::regclass";
    const std::string privileges =
        whose_ == Whose::others && !of.acl.empty() ? attribute("privileges", of.acl) : "";
    all_ +=
        (all_.empty() ? "" : " UNION ALL ") + std::string("SELECT o.tableoid AS classid, o.oid AS objid, ") +
        (whose_ == Whose::members ? "e.extname::text" : "''::text") +
        " AS extension, json_strip_nulls(json_build_object('comment', " +
        (of.shared ? "shobj_description" : "obj_description") + "(o.oid, '" + catalog + "')" + of.attributes +
        privileges + ")) AS attributes FROM " + catalog + " o " + whose(own, of) + " AND " + of.where;
  }

  // `names`: "type identity" of the objects that are asked for; empty: all.
  std::string sql(const std::vector<std::string>& names = {}) const {
    // Some built-in types have names that no statement takes: "integer".
    const std::string identity =
        "CASE WHEN m.classid = 'pg_type'::regclass AND m.objid < 16384 THEN (SELECT quote_ident(n.nspname) "
        "|| "
        "'.' || quote_ident(t.typname) FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE "
        "t.oid = m.objid) ELSE i.identity END";
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + sql_literal(name);
    return "SELECT m.extension, i.type, " + identity + " AS identity, m.attributes FROM (" + all_ +
           ") m, LATERAL pg_identify_object(m.classid, m.objid, 0) i" +
           (list.empty() ? "" : " WHERE i.type || ' ' || " + identity + " IN (" + list + ")");
  }

 private:
  std::string whose(const std::string& own, const Of& of) const {
    // The databases share these, so one of them answers.
    const std::string here = of.shared ? " AND current_database() = 'postgres'" : "";
    switch (whose_) {
      case Whose::members:
        return "JOIN (" + extension_members() + ") d ON d.objid = o.oid AND d.classid = " + own +
               " JOIN pg_extension e ON e.oid = d.extension WHERE e.extname <> 'plpgsql'";
      case Whose::touched:
        return "WHERE o.oid < 16384 AND o.oid <> 2200 AND (" + is_younger("o") +
               " OR EXISTS (SELECT 1 FROM pg_" + (of.shared ? "sh" : "") +
               "description pd WHERE pd.classoid = " + own + " AND pd.objoid = o.oid AND " +
               is_younger("pd") + ") OR " + of.parts + ")" + here;
      case Whose::built_ins:
        return "WHERE o.oid < 16384 AND o.oid <> 2200" + here;
      case Whose::others:
        return "WHERE o.oid >= 16384 AND NOT EXISTS (SELECT 1 FROM (" + extension_members() +
               ") d WHERE d.objid = o.oid AND d.classid = " + own + ")";
    }
    return {};
  }

  Whose whose_;
  std::string all_;
};

// A dump holds what was granted on objects of pg_catalog, but nothing of the information schema's. A line
// each: "SELECT PUBLIC", with a star where it may be granted on.
std::string information_schema_grants(const std::string& acl, char kind, const std::string& owner_oid,
                                      const std::string& schema_oid) {
  return attribute(
      planning::kInformationSchemaGrants,
      "SELECT string_agg(y.line, E'\\n' ORDER BY y.line COLLATE \"C\") FROM (SELECT concat(x.privilege_type, "
      "CASE "
      "WHEN x.is_grantable THEN '*' END, ' ', CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(" +
          role_name("x.grantee") + ") END) FROM aclexplode(coalesce(" + acl + ", acldefault('" +
          std::string(1, kind) + "', " + owner_oid + "))) x WHERE x.grantee <> " + owner_oid +
          ") y(line) WHERE " + schema_oid +
          " = (SELECT s.oid FROM pg_namespace s WHERE s.nspname = 'information_schema')");
}

Of functions(int version) {
  const std::string kind = version >= 110000 ? "o.prokind" : "CASE WHEN o.proisagg THEN 'a' ELSE 'f' END";
  const std::string body = version >= 140000 ? " || coalesce(pg_get_function_sqlbody(o.oid), '')" : "";
  return {
      .attributes = owner("o.proowner") + attribute("name", "o.proname") +
                    attribute("schema", schema_name("o.pronamespace")) + attribute("kind", kind) +
                    attribute("cost", "o.procost::numeric") + attribute("rows", "o.prorows::numeric") +
                    attribute("security definer", "o.prosecdef") + attribute("leakproof", "o.proleakproof") +
                    attribute("strict", "o.proisstrict") + attribute("volatility", "o.provolatile") +
                    attribute("parallel", "o.proparallel") +
                    attribute("settings", "SELECT string_agg(u.t, E'\\n') FROM unnest(o.proconfig) u(t)") +
                    attribute("body", "md5(coalesce(o.probin::text, '') || ' ' || o.prosrc" + body + ")") +
                    information_schema_grants("o.proacl", 'f', "o.proowner", "o.pronamespace"),
      .acl = "o.proacl"};
}

// Columns, and what a user can have added to a table of an extension.
Of relations() {
  const std::string columns =
      "SELECT md5(string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, "
      "nullif(a.attstattarget::int4, -1), pg_get_expr(df.adbin, df.adrelid)), ', ' ORDER BY a.attnum)) FROM "
      "pg_attribute a LEFT JOIN pg_attrdef df ON df.adrelid = a.attrelid AND df.adnum = a.attnum WHERE "
      "a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped";
  // Statements, a line each. Outside of literals and names the end of a line means nothing. What one
  // statement does not make has a digest in its place: where the end of a line may mean something, and where
  // there is more to say of the object than the statement does.
  const auto lines = [](const std::string& statement, const std::string& more, const std::string& from) {
    return "SELECT string_agg(y.line, E'\\n' ORDER BY y.line COLLATE \"C\") FROM (SELECT CASE WHEN z.more <> "
           "'' OR "
           "(strpos(z.s, E'\\n') > 0 AND z.s ~ '[''\"]') THEN md5(z.s || z.more) ELSE regexp_replace(z.s, "
           "'\\s*\\n\\s*', ' ', 'g') END FROM (SELECT rtrim(" +
           statement + ", ';'), concat(" + more + ")" + from + ") z(s, more)) y(line)";
  };
  const std::string indexes =
      lines("pg_get_indexdef(x.indexrelid)",
            "CASE WHEN x.indisclustered THEN 'c' END, CASE WHEN x.indisreplident THEN 'i' END, "
            "obj_description(x.indexrelid, 'pg_class')",
            " FROM pg_index x WHERE x.indrelid = o.oid AND x.indisvalid AND NOT EXISTS (SELECT 1 FROM "
            "pg_constraint k WHERE k.conindid = x.indexrelid AND k.conrelid = o.oid)");
  const std::string triggers =
      lines("replace(pg_get_triggerdef(t.oid), ' EXECUTE PROCEDURE ', ' EXECUTE FUNCTION ')",
            "nullif(t.tgenabled, 'O'), obj_description(t.oid, 'pg_trigger')",
            " FROM pg_trigger t WHERE t.tgrelid = o.oid AND NOT t.tgisinternal");
  const std::string constraints = lines(
      "concat('ALTER TABLE ', quote_ident(" + schema_name("o.relnamespace") +
          "), '.', quote_ident(o.relname::text), ' ADD CONSTRAINT ', quote_ident(k.conname::text), ' ', "
          "pg_get_constraintdef(k.oid))",
      "obj_description(k.oid, 'pg_constraint')",
      " FROM pg_constraint k WHERE k.conrelid = o.oid AND k.contype NOT IN ('n', 't')");
  const std::string rules =
      lines("pg_get_ruledef(w.oid)", "nullif(w.ev_enabled, 'O'), obj_description(w.oid, 'pg_rewrite')",
            " FROM pg_rewrite w WHERE w.ev_class = o.oid AND w.rulename <> '_RETURN'");
  const std::string row_security =
      "concat_ws(', ', CASE WHEN o.relrowsecurity THEN 'enabled' END, CASE WHEN o.relforcerowsecurity THEN "
      "'forced' END, (SELECT string_agg(concat_ws(' ', p.polname, p.polcmd, p.polpermissive, md5(concat_ws(' "
      "', "
      "(SELECT string_agg(coalesce(pr.rolname, 'public'), ' ' ORDER BY pr.rolname) FROM unnest(p.polroles) "
      "u(r) "
      "LEFT JOIN pg_roles pr ON pr.oid = u.r), pg_get_expr(p.polqual, p.polrelid), "
      "pg_get_expr(p.polwithcheck, p.polrelid)))), ', ' ORDER BY p.polname) FROM pg_policy p WHERE "
      "p.polrelid = "
      "o.oid))";
  const std::string comments =
      "SELECT string_agg(concat(a.attname, ': ', pd.description), E'\\n' ORDER BY a.attnum) FROM "
      "pg_description pd JOIN "
      "pg_attribute a ON a.attrelid = pd.objoid AND a.attnum = pd.objsubid WHERE pd.classoid = "
      "'pg_class'::regclass "
      "AND pd.objoid = o.oid AND pd.objsubid > 0";
  return {
      .attributes =
          owner("o.relowner") + attribute("kind", "o.relkind") + attribute("columns", columns) +
          attribute("options", sorted_texts("o.reloptions")) + attribute(planning::kIndexes, indexes) +
          attribute(planning::kTriggers, triggers) + attribute(planning::kConstraints, constraints) +
          attribute(planning::kRules, rules) + attribute("row security", "nullif(" + row_security + ", '')") +
          attribute("comments on columns", comments) +
          attribute("definition", "CASE WHEN o.relkind IN ('v', 'm') THEN md5(pg_get_viewdef(o.oid)) END") +
          information_schema_grants("o.relacl", 'r', "o.relowner", "o.relnamespace"),
      .acl = "o.relacl",
      .where = "o.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')"};
}

Of types() {
  return {
      .attributes =
          owner("o.typowner") +
          attribute("labels",
                    "SELECT string_agg(l.enumlabel::text, ', ' ORDER BY l.enumsortorder) FROM pg_enum l "
                    "WHERE l.enumtypid = o.oid") +
          attribute("default", "o.typdefault"),
      .acl = "o.typacl",
      .where =
          "NOT EXISTS (SELECT 1 FROM pg_class rc WHERE rc.oid = o.typrelid AND rc.relkind <> 'c') AND "
          "NOT "
          "(o.typelem <> 0 AND EXISTS (SELECT 1 FROM pg_type el WHERE el.oid = o.typelem AND el.typarray = "
          "o.oid))"};
}

// Operators and functions that were added to a family by itself, not with a class, as clauses of ALTER
// OPERATOR FAMILY … ADD. Those of an extension's family are its script's or a user's; no dump has them either
// way.
std::string loose_members() {
  const auto loose = [](const std::string& catalog, const std::string& family) {
    return " FROM " + catalog + " x WHERE x." + family +
           " = o.oid AND x.oid >= 16384 AND NOT EXISTS (SELECT 1 FROM pg_depend l WHERE l.classid = '" +
           catalog + "'::regclass AND l.objid = x.oid AND l.refclassid = 'pg_opclass'::regclass)";
  };
  return "SELECT string_agg(y.clause, E'\\n' ORDER BY y.clause COLLATE \"C\") FROM (SELECT concat('OPERATOR "
         "', "
         "x.amopstrategy, ' ', x.amopopr::regoperator, (SELECT concat(' FOR ORDER BY ', "
         "quote_ident(sn.nspname), "
         "'.', quote_ident(sf.opfname)) FROM pg_opfamily sf JOIN pg_namespace sn ON sn.oid = sf.opfnamespace "
         "WHERE "
         "sf.oid = x.amopsortfamily))" +
         loose("pg_amop", "amopfamily") +
         " UNION ALL SELECT concat('FUNCTION ', x.amprocnum, ' (', x.amproclefttype::regtype, ', ', "
         "x.amprocrighttype::regtype, ') ', x.amproc::regprocedure)" +
         loose("pg_amproc", "amprocfamily") + ") y(clause)";
}

Of families() {
  return {.attributes = owner("o.opfowner") + attribute(planning::kLooseMembers, loose_members()),
          .parts = "(" + loose_members() + ") IS NOT NULL"};
}

Of text_search_configurations() {
  return {
      .attributes =
          owner("o.cfgowner") +
          attribute(
              "mapping",
              "SELECT string_agg(concat_ws(' ', k.maptokentype, d.dictname), ', ' ORDER BY k.maptokentype, "
              "k.mapseqno) FROM pg_ts_config_map k JOIN pg_ts_dict d ON d.oid = k.mapdict WHERE k.mapcfg = "
              "o.oid"),
      .parts =
          "EXISTS (SELECT 1 FROM pg_ts_config_map k WHERE k.mapcfg = o.oid AND " + is_younger("k") + ")"};
}

std::string questions(Whose whose, int version_num, const std::vector<std::string>& names = {}) {
  Questions all(whose);
  all.add("pg_proc", functions(version_num));
  all.add("pg_class", relations());
  all.add("pg_type", types());
  all.add("pg_operator",
          {.attributes = owner("o.oprowner") + attribute("estimators", "concat(o.oprrest, ' ', o.oprjoin)")});
  all.add("pg_opclass", {.attributes = owner("o.opcowner")});
  all.add("pg_opfamily", families());
  all.add("pg_namespace", {.attributes = owner("o.nspowner") +
                                         information_schema_grants("o.nspacl", 'n', "o.nspowner", "o.oid"),
                           .acl = "o.nspacl"});
  all.add("pg_collation", {.attributes = owner("o.collowner")});
  all.add("pg_conversion", {.attributes = owner("o.conowner")});
  all.add("pg_language", {.attributes = owner("o.lanowner"), .acl = "o.lanacl"});
  all.add("pg_foreign_data_wrapper",
          {.attributes = owner("o.fdwowner") + attribute("options", sorted_texts("o.fdwoptions")),
           .acl = "o.fdwacl"});
  all.add("pg_foreign_server",
          {.attributes = owner("o.srvowner") + attribute("options", sorted_texts("o.srvoptions")),
           .acl = "o.srvacl"});
  all.add("pg_event_trigger", {.attributes = owner("o.evtowner") + attribute("enabled", "o.evtenabled")});
  all.add("pg_ts_config", text_search_configurations());
  all.add("pg_ts_dict", {.attributes = owner("o.dictowner") + attribute("options", "o.dictinitoption")});
  for (const char* catalog : {"pg_ts_parser", "pg_ts_template", "pg_cast", "pg_am", "pg_extension"})
    all.add(catalog, {});
  all.add("pg_tablespace",
          {.attributes = owner("o.spcowner") + attribute("options", sorted_texts("o.spcoptions")),
           .shared = true});
  all.add("pg_authid", {.where = "o.oid <> 10", .shared = true});
  return all.sql(names);
}

std::string as_rows(const std::string& select) {
  return "SELECT row_to_json(answer)::text FROM (SELECT a.extension, a.type, a.identity, a.attributes FROM "
         "(" +
         select +
         ") a ORDER BY a.extension COLLATE \"C\", a.type COLLATE \"C\", a.identity COLLATE \"C\") answer";
}

}  // namespace

std::string members_sql(int version_num) {
  return as_rows(questions(Whose::members, version_num) + " UNION ALL " +
                 questions(Whose::touched, version_num));
}

std::string built_ins_sql(int version_num, const std::vector<std::string>& names) {
  // A single argument of a command is at most 128 KiB long on Linux.
  constexpr std::size_t kLongestList = 60'000;
  std::size_t length = 0;
  for (const std::string& name : names) length += name.size() + 4;
  return as_rows(
      questions(Whose::built_ins, version_num, length < kLongestList ? names : std::vector<std::string>()));
}

std::string others_sql(int version_num, const std::vector<std::string>& names) {
  return as_rows(questions(Whose::others, version_num, names));
}

}  // namespace pgupgrade::postgres
