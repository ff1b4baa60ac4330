#include "postgres/catalog_rules.hpp"

#include <algorithm>

// The catalogs: what a row is called, and whose it is.
namespace pgupgrade::postgres {
namespace {

#define RELATION_KIND(relkind)                                                                             \
  "CASE " relkind                                                                                          \
  " WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view' WHEN 'm' "                \
  "THEN 'materialized view' WHEN 'f' THEN 'foreign table' WHEN 'S' THEN 'sequence' WHEN 'i' THEN 'index' " \
  "WHEN 'I' THEN 'partitioned index' WHEN 'c' THEN 'composite type' ELSE 'relation' END"
#define KIND_OF_RELATION(oid) "(SELECT " RELATION_KIND("r.relkind") " FROM pg_class r WHERE r.oid = " oid ")"
#define SEEN(oid) "NOT EXISTS (SELECT 1 FROM hidden h WHERE h.oid = " oid ")"
#define LASTING(oid) "NOT EXISTS (SELECT 1 FROM temporary t WHERE t.oid = " oid ")"

constexpr std::string_view kRelation = "'pg_class'::regclass";
constexpr std::string_view kHidden =
    "TOAST tables follow from their tables, temporary objects end with their session, and an invalid index "
    "is "
    "of no use: a dump leaves all of them out";

// A foreign key's copies for partitions get their names from the server, each time anew.
constexpr std::string_view kConstraintKind =
    "CASE WHEN {conparentid} <> 0 AND c.contype = 'f' THEN 'copy of foreign key' WHEN c.contype = 'n' THEN "
    "'not-null constraint' ELSE 'constraint' END";
constexpr std::string_view kConstraintIdentity =
    "CASE WHEN {conparentid} <> 0 AND c.contype = 'f' THEN concat(c.conrelid::regclass, ' ', "
    "ARRAY(SELECT quote_ident(a.attname) FROM unnest(c.conkey) WITH ORDINALITY u(x, n) JOIN pg_attribute a "
    "ON "
    "a.attrelid = c.conrelid AND a.attnum = u.x ORDER BY u.n), ' references ', c.confrelid::regclass) ELSE "
    "i.identity END";

// A member of an operator family is its class's, or was added to the family by itself. The latter is the
// user's where the family is or what was added; what extensions and initdb have made themselves is theirs.
#define OWNER_OF_FAMILY_MEMBER(catalog, family, object_class, object)                                      \
  "JOIN LATERAL (SELECT l.refobjid AS of_class, " family                                                   \
  " >= 16384 AND NOT EXISTS (SELECT 1 FROM members f WHERE f.classid = 'pg_opfamily'::regclass AND "       \
  "f.objid = " family ") AS of_users FROM (VALUES (1)) one LEFT JOIN pg_depend l ON l.classid = '" catalog \
  "'::regclass AND l.objid = c.oid AND l.refclassid = 'pg_opclass'::regclass) l ON true JOIN LATERAL "     \
  "(SELECT 'pg_opclass'::regclass, l.of_class WHERE l.of_class IS NOT NULL UNION ALL SELECT '" catalog     \
  "'::regclass, c.oid WHERE l.of_class IS NULL AND c.oid >= 16384 AND NOT l.of_users AND " object          \
  " < 16384 AND " family " < 16384 UNION ALL SELECT '" object_class "'::regclass, " object                 \
  " WHERE l.of_class IS NULL AND c.oid >= 16384 AND NOT l.of_users AND " object                            \
  " >= 16384 UNION ALL SELECT 'pg_opfamily'::regclass, " family                                            \
  " WHERE l.of_class IS NULL AND (c.oid < 16384 OR l.of_users OR (" object " < 16384 AND " family          \
  " >= 16384))) w(class, oid) ON true"

constexpr std::string_view kRoleBuiltIn = "(c.oid < 16384 AND c.oid <> 10)";

}  // namespace

const std::vector<CatalogRule>& catalog_rules() {
  static const std::vector<CatalogRule> kRules = {
      {.catalog = "pg_aggregate",
       .kind = "i.type",
       .identify = "'pg_proc'::regclass, c.aggfnoid, 0",
       .owner_class = "'pg_proc'::regclass",
       .owner = "c.aggfnoid"},
      {.catalog = "pg_am"},
      {.catalog = "pg_amop",
       .join = OWNER_OF_FAMILY_MEMBER("pg_amop", "c.amopfamily", "pg_operator", "c.amopopr"),
       .owner_class = "w.class",
       .owner = "w.oid"},
      {.catalog = "pg_amproc",
       .join = OWNER_OF_FAMILY_MEMBER("pg_amproc", "c.amprocfamily", "pg_proc", "c.amproc"),
       .owner_class = "w.class",
       .owner = "w.oid"},
      {.catalog = "pg_attrdef",
       .owner_class = kRelation,
       .owner = "c.adrelid",
       .where = SEEN("c.adrelid"),
       .reason = kHidden},
      {.catalog = "pg_attribute",
       .kind = "'column'",
       .identity =
           "CASE WHEN r.relkind IN ('i', 'I') THEN c.attrelid::regclass::text || ' ' || c.attnum::text ELSE "
           "i.identity END",
       .identify = "'pg_class'::regclass, c.attrelid, c.attnum",
       .join = "JOIN pg_class r ON r.oid = c.attrelid",
       .owner_class = kRelation,
       .owner = "c.attrelid",
       .where =
           "NOT c.attisdropped AND ((c.attnum > 0 AND r.relkind <> 'S') OR c.attacl IS NOT NULL) AND " SEEN(
               "c.attrelid"),
       .reason = "dropped columns are gone, and every table has the same system columns, every sequence the "
                 "same columns (their privileges are read)"},
      {.catalog = "pg_auth_members",
       .kind = "'membership'",
       .identity = "c.member::regrole::text || ' in ' || c.roleid::regrole::text",
       .built_in = "false"},
      {.catalog = "pg_authid", .built_in = kRoleBuiltIn},
      {.catalog = "pg_cast"},
      {.catalog = "pg_class", .kind = RELATION_KIND("c.relkind"), .where = SEEN("c.oid"), .reason = kHidden},
      {.catalog = "pg_collation"},
      {.catalog = "pg_constraint",
       .kind = kConstraintKind,
       .identity = kConstraintIdentity,
       .owner_class = "CASE WHEN c.conrelid <> 0 THEN 'pg_class'::regclass ELSE 'pg_type'::regclass END",
       .owner = "CASE WHEN c.conrelid <> 0 THEN c.conrelid ELSE c.contypid END",
       .where = SEEN("c.conrelid"),
       .reason = kHidden},
      {.catalog = "pg_conversion"},
      {.catalog = "pg_database",
       .built_in = "false",
       .where = "c.datname <> 'template0' AND c.datconnlimit <> -2",
       .reason =
           "template0 is the new server's own, and an invalid database (connection limit -2) can only be "
           "dropped"},
      {.catalog = "pg_db_role_setting",
       .kind = "'settings'",
       .identity = "concat_ws(' ', CASE WHEN c.setrole <> 0 THEN 'role ' || c.setrole::regrole::text WHEN "
                   "c.setdatabase = 0 THEN 'all roles' END, CASE WHEN c.setdatabase <> 0 THEN 'database ' || "
                   "(pg_identify_object('pg_database'::regclass, c.setdatabase, 0)).identity END)",
       .built_in = "false"},
      {.catalog = "pg_default_acl"},
      // What follows from definitions (views from tables, columns from types, …) is left out.
      {.catalog = "pg_depend",
       .kind = "CASE WHEN c.deptype = 'x' THEN 'dependency' ELSE 'owned sequence' END",
       .identity = "i.type || ' ' || i.identity || ' on ' || (pg_identify_object(c.refclassid, c.refobjid, "
                   "c.refobjsubid)).identity",
       .identify = "c.classid, c.objid, c.objsubid",
       .owner_class = "c.classid",
       .owner = "c.objid",
       .where =
           "(c.deptype = 'x' OR (c.deptype IN ('a', 'i') AND c.classid = 'pg_class'::regclass AND "
           "c.refclassid = 'pg_class'::regclass AND c.refobjsubid > 0 AND EXISTS (SELECT 1 FROM pg_class "
           "s WHERE s.oid = c.objid AND s.relkind = 'S'))) AND " SEEN("c.objid"),
       .reason = "the other dependencies follow from the objects' definitions; membership in an extension "
                 "decides whose an object is"},
      {.catalog = "pg_description",
       .kind = "'comment'",
       .identity = "'on ' || i.type || ' ' || i.identity",
       .identify = "c.classoid, c.objoid, c.objsubid",
       .owner_class = "c.classoid",
       .owner = "c.objoid",
       .where = "(c.classoid <> 'pg_subscription'::regclass OR EXISTS (SELECT 1 FROM pg_stat_subscription s "
                "WHERE s.subid = c.objoid))",
       .reason = "older versions leave the comment on a subscription that was dropped"},
      {.catalog = "pg_enum",
       .kind = "'enum label'",
       .identity = "i.identity || ' ' || quote_ident(c.enumlabel)",
       .identify = "'pg_type'::regclass, c.enumtypid, 0",
       .owner_class = "'pg_type'::regclass",
       .owner = "c.enumtypid"},
      {.catalog = "pg_event_trigger"},
      {.catalog = "pg_extension", .built_in = "false"},
      {.catalog = "pg_foreign_data_wrapper"},
      {.catalog = "pg_foreign_server"},
      {.catalog = "pg_foreign_table",
       .kind = "'foreign table'",
       .identify = "'pg_class'::regclass, c.ftrelid, 0",
       .owner_class = kRelation,
       .owner = "c.ftrelid",
       .where = SEEN("c.ftrelid"),
       .reason = kHidden},
      {.catalog = "pg_index",
       .kind = KIND_OF_RELATION("c.indexrelid"),
       .identify = "'pg_class'::regclass, c.indexrelid, 0",
       .owner_class = kRelation,
       .owner = "c.indexrelid",
       .where = SEEN("c.indexrelid"),
       .reason = kHidden},
      {.catalog = "pg_inherits",
       .kind = "'inheritance'",
       .identity = "c.inhrelid::regclass::text || ' from ' || c.inhparent::regclass::text",
       .owner_class = kRelation,
       .owner = "c.inhrelid",
       .where = SEEN("c.inhrelid"),
       .reason = kHidden},
      {.catalog = "pg_init_privs",
       .kind = "'initial privileges'",
       .identity = "'on ' || i.type || ' ' || i.identity",
       .identify = "c.classoid, c.objoid, c.objsubid",
       .owner_class = "c.classoid",
       .owner = "c.objoid",
       .built_in = "true"},
      {.catalog = "pg_language"},
      {.catalog = "pg_largeobject", .reason = "large objects are compared with the rows", .left_out = true},
      {.catalog = "pg_largeobject_metadata",
       .reason = "large objects are compared with the rows",
       .left_out = true},
      {.catalog = "pg_namespace",
       .where = LASTING("c.oid"),
       .reason = "schemas of temporary tables belong to sessions"},
      {.catalog = "pg_opclass"},
      {.catalog = "pg_operator",
       .where = "c.oprcode <> 0",
       .reason =
           "an operator without a function holds the place of one that another names, and no dump has it"},
      {.catalog = "pg_opfamily"},
      {.catalog = "pg_parameter_acl", .kind = "'parameter'", .identity = "c.parname", .built_in = "false"},
      {.catalog = "pg_partitioned_table",
       .kind = "'partitioned table'",
       .identify = "'pg_class'::regclass, c.partrelid, 0",
       .owner_class = kRelation,
       .owner = "c.partrelid"},
      {.catalog = "pg_policy", .owner_class = kRelation, .owner = "c.polrelid"},
      {.catalog = "pg_proc", .where = LASTING("c.pronamespace"), .reason = kHidden},
      {.catalog = "pg_publication"},
      {.catalog = "pg_publication_namespace",
       .owner_class = "'pg_publication'::regclass",
       .owner = "c.pnpubid"},
      {.catalog = "pg_publication_rel", .owner_class = "'pg_publication'::regclass", .owner = "c.prpubid"},
      {.catalog = "pg_range",
       .kind = "'type'",
       .identify = "'pg_type'::regclass, c.rngtypid, 0",
       .owner_class = "'pg_type'::regclass",
       .owner = "c.rngtypid"},
      {.catalog = "pg_replication_origin",
       .kind = "'replication origin'",
       .identity = "quote_ident(c.roname)",
       .built_in = "false",
       .where = "c.roname NOT LIKE 'pg\\_%'",
       .reason = "a subscription makes its own"},
      {.catalog = "pg_rewrite",
       .owner_class = kRelation,
       .owner = "c.ev_class",
       .where = SEEN("c.ev_class"),
       .reason = kHidden},
      {.catalog = "pg_seclabel",
       .kind = "'security label'",
       .identity = "quote_ident(c.provider) || ' on ' || i.type || ' ' || i.identity",
       .identify = "c.classoid, c.objoid, c.objsubid",
       .owner_class = "c.classoid",
       .owner = "c.objoid",
       .built_in = "false"},
      {.catalog = "pg_sequence",
       .kind = "'sequence'",
       .identify = "'pg_class'::regclass, c.seqrelid, 0",
       .owner_class = kRelation,
       .owner = "c.seqrelid",
       .where = SEEN("c.seqrelid"),
       .reason = kHidden},
      {.catalog = "pg_shdepend",
       .reason = "it follows from owners, privileges, policies and tablespaces, which are compared",
       .left_out = true},
      {.catalog = "pg_shdescription",
       .kind = "'comment'",
       .identity = "'on ' || i.type || ' ' || i.identity",
       .identify = "c.classoid, c.objoid, 0",
       .built_in = "(c.objoid < 16384 AND c.objoid <> 10 AND c.classoid <> 'pg_database'::regclass)",
       .where = "NOT (c.classoid = 'pg_database'::regclass AND c.objoid IN (SELECT d.oid FROM pg_database d "
                "WHERE d.datname = 'template0'))",
       .reason = "template0 is the new server's own"},
      {.catalog = "pg_shseclabel",
       .kind = "'security label'",
       .identity = "quote_ident(c.provider) || ' on ' || i.type || ' ' || i.identity",
       .identify = "c.classoid, c.objoid, 0",
       .built_in = "false"},
      {.catalog = "pg_statistic", .reason = "ANALYZE computes statistics anew", .left_out = true},
      {.catalog = "pg_statistic_ext"},
      {.catalog = "pg_statistic_ext_data", .reason = "ANALYZE computes statistics anew", .left_out = true},
      {.catalog = "pg_subscription",
       .kind = "'subscription'",
       .identity = "quote_ident(c.subname) || ' in ' || (pg_identify_object('pg_database'::regclass, "
                   "c.subdbid, 0)).identity"},
      {.catalog = "pg_subscription_rel",
       .reason = "the state of replication begins anew; the plan refuses subscriptions",
       .left_out = true},
      {.catalog = "pg_tablespace"},
      {.catalog = "pg_transform",
       .kind = "'transform'",
       .identity = "'for ' || c.trftype::regtype || ' language ' || quote_ident((SELECT l.lanname FROM "
                   "pg_language l WHERE l.oid = c.trflang))"},
      {.catalog = "pg_trigger",
       .owner_class = kRelation,
       .owner = "c.tgrelid",
       .where = "(NOT c.tgisinternal OR c.tgconstraint = 0) AND " SEEN("c.tgrelid"),
       .reason = "internal triggers follow from constraints, with which their state is compared"},
      {.catalog = "pg_ts_config"},
      {.catalog = "pg_ts_config_map",
       .kind = "'text search mapping'",
       .identity = "i.identity || ' ' || c.maptokentype::text || ' ' || c.mapseqno::text",
       .identify = "'pg_ts_config'::regclass, c.mapcfg, 0",
       .owner_class = "'pg_ts_config'::regclass",
       .owner = "c.mapcfg"},
      {.catalog = "pg_ts_dict"},
      {.catalog = "pg_ts_parser"},
      {.catalog = "pg_ts_template"},
      {.catalog = "pg_type",
       .kind = "'type'",
       .where = SEEN("c.typrelid") " AND " LASTING(
           "c.typnamespace") " AND NOT EXISTS (SELECT 1 FROM pg_class s "
                             "WHERE s.oid = c.typrelid AND s.relkind = 'S')",
       .reason = "the row types of sequences, TOAST tables and temporary tables are nobody's; from 14 on the "
                 "first two have none"},
      {.catalog = "pg_user_mapping", .owner_class = "'pg_foreign_server'::regclass", .owner = "c.umserver"},
  };
  return kRules;
}

const CatalogRule* find_catalog_rule(std::string_view catalog) {
  const auto& rules = catalog_rules();
  const auto found = std::find_if(rules.begin(), rules.end(),
                                  [&](const CatalogRule& rule) { return rule.catalog == catalog; });
  return found == rules.end() ? nullptr : &*found;
}

}  // namespace pgupgrade::postgres
